// Goal: docs/strategies.md is of these points, this library and these bugs.
// Method: the hashes in it; nothing is measured here.
#include "ci/comparison_page.h"

#include <string>

#include "absl/status/statusor.h"
#include "ci/kill_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

TEST(ComparisonPage, IsMadeOfThesePointsThisLibraryAndTheseBugs) {
  const std::string path = FilesIn(".").strategies;
  const absl::StatusOr<std::string> page = ReadFile(path, 1 << 24);
  ASSERT_TRUE(page.ok()) << page.status() << "; run the tests in the source directory";
  EXPECT_THAT(page->substr(0, 400), HasSubstr(ComparisonInputs()))
      << path
      << " is of others; run racewalk mutants --compare=pct:3,pos,surw,random "
         "--seeds=1,2,3,4,5 --update";
}

}  // namespace
}  // namespace racewalk
