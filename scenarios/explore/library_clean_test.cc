// Goal: the correct core is clean on every scenario of the library, in every
// variant, and each scenario has something to race.
// Method: a few thousand executions of each under the default strategies.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/library.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk::library_clean_test {
namespace {

constexpr uint64_t kExecutions = 800;  // of each variant and strategy

class LibraryCleanTest : public testing::TestWithParam<std::string> {
 protected:
  void ExpectClean(const std::string& mmu, const std::string& variant) {
    const Scenario& scenario = *FindScenario(GetParam());
    for (const char* spec : {"random", "pct:3"}) {
      SCOPED_TRACE(absl::StrCat(mmu, " ", variant, " ", spec));
      const auto explorer =
          Explorer::Create({.scenario = scenario, .mmu = mmu, .variant = variant});
      ASSERT_TRUE(explorer.ok()) << explorer.status();
      const auto strategy = MakeStrategy(spec, (*explorer)->Pilot());
      ASSERT_TRUE(strategy.ok()) << strategy.status();
      std::vector<uint64_t> interleavings;
      const Batch batch = (*explorer)->Run(**strategy, 42, 0, kExecutions, &interleavings);
      EXPECT_FALSE(batch.violated) << Name(batch.violation.kind) << " " << batch.violation.invariant
                                   << ": " << batch.violation.what << ", key " << batch.key;
      EXPECT_EQ(batch.executions, kExecutions);
      const std::set<uint64_t> distinct(interleavings.begin(), interleavings.end());
      most_distinct_ = std::max(most_distinct_, distinct.size());
    }
  }

  std::size_t most_distinct_ = 0;  // interleavings of a design under a strategy
};

TEST_P(LibraryCleanTest, NothingIsFound) {
  const Scenario& scenario = *FindScenario(GetParam());
  for (const std::string& mmu : ModelledMmus()) {
    const MmuChoice choice = MmuNamed(mmu);
    if (scenario.mmu != MmuChoice::kAny && scenario.mmu != choice) continue;
    for (const std::string& variant : VariantsToRun(scenario, choice)) ExpectClean(mmu, variant);
  }
  EXPECT_GT(most_distinct_, 1u) << "there is nothing to race";
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const Scenario& scenario : Library()) names.push_back(scenario.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Library, LibraryCleanTest, testing::ValuesIn(Names()),
                         [](const testing::TestParamInfo<std::string>& name) {
                           return name.param;
                         });

}  // namespace
}  // namespace racewalk::library_clean_test
