#include "ci/table.h"

#include "gtest/gtest.h"

namespace racewalk {
namespace {

TEST(FormatTable, AlignsItsColumns) {
  EXPECT_EQ(FormatTable({{"name", "n", "note"}, {"a", "10", ""}, {"long", "9", "x"}},
                        {false, true, false}),
            "name   n  note\n"
            "a     10\n"
            "long   9  x\n");
}

}  // namespace
}  // namespace racewalk
