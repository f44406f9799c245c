// Goal: an input becomes as small as what it is kept for allows, and what shows on the way is not
// lost. Method: toy inputs, whose features are their words.
#include "fuzz/reduce.h"

#include <vector>

#include "fuzz/soundness.h"
#include "fuzz/toy_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kToReduce[] =
    "tdp frames=4 setup{write 1} vcpu a{write 2; read 1; fault 0 w} host h{unmap 1; age 2} "
    "vmm m{zap_all}";

CorpusEntry EntryOf(const char* text, bool weakened = false) {
  CorpusEntry entry{.input = ToyInput(text)};
  entry.input.subject.weakened.set(1, weakened);
  Coverage coverage;
  RunToyInput(entry.input, 1, coverage);
  entry.features = coverage.Features();
  return entry;
}

TEST(Reduce, KeepsWhatIsWanted) {
  const CorpusEntry whole = EntryOf(kToReduce);
  const std::vector<Feature> wanted = EntryOf("tdp frames=2 vcpu a{read 0} host h{age 0}").features;
  const Reduced reduced = Reduce(whole, wanted, {.tries = 1000}, RunToyInput);
  EXPECT_EQ(PrintOneLine(reduced.entry.input.subject.scenario),
            "tdp variant=owned frames=1 vcpu a{read 0} host h{age 0}");
  EXPECT_EQ(reduced.entry.features, wanted);
  EXPECT_EQ(Unsoundness(reduced.entry.input.subject), "");
  EXPECT_EQ(reduced.entry.input.strategy, whole.input.strategy);
  EXPECT_EQ(reduced.entry.input.key, whole.input.key);
  EXPECT_EQ(reduced.executions, reduced.tries * kFuzzExecutions);
  EXPECT_THAT(reduced.violations, IsEmpty());
}

TEST(Reduce, StaysWithinItsLimits) {
  const CorpusEntry whole = EntryOf(kToReduce);
  const Reduced few = Reduce(whole, {}, {.tries = 3}, RunToyInput);
  EXPECT_EQ(few.tries, 3u);
  const Reduced none =
      Reduce(whole, {}, {.tries = 9, .executions = kFuzzExecutions - 1}, RunToyInput);
  EXPECT_EQ(none.tries, 0u);
  EXPECT_EQ(TextOf(none.entry.input.subject), TextOf(whole.input.subject));
  EXPECT_EQ(none.entry.features, whole.features);
}

TEST(Reduce, ASmallerInputThatFailsIsToldAndNotKept) {
  const CorpusEntry whole = EntryOf("tdp frames=1 vcpu a{read 0; write 0} host h{age 0}", true);
  const std::vector<Feature> wanted =
      EntryOf("tdp frames=2 vcpu a{write 0} host h{age 0}").features;
  const Reduced reduced = Reduce(whole, wanted, {.tries = 1000}, RunToyInput);
  ASSERT_THAT(reduced.violations, Not(IsEmpty()));
  for (const FuzzViolation& violation : reduced.violations) {
    EXPECT_THAT(PrintInput(violation.input), HasSubstr("write"));
  }
  EXPECT_LE(reduced.violations.back().execution, reduced.executions);
  EXPECT_EQ(TextOf(reduced.entry.input.subject), TextOf(whole.input.subject));
}

}  // namespace
}  // namespace racewalk
