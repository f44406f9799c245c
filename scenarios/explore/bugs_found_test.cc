// Goal: every historical bug is found where it is said to show, as what it is
// said to show. Method: its scenario with its points weakened, under both
// default strategies by turns, from a fixed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/bugs.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/library.h"

namespace racewalk {
namespace {

constexpr uint64_t kChunk = 500;
constexpr uint64_t kExecutions = 100'000;  // of each strategy

class BugsFoundTest : public testing::TestWithParam<std::string> {};

TEST_P(BugsFoundTest, ShowsAsOneOfItsKinds) {
  const Bug& bug = *FindBug(GetParam());
  const Scenario* scenario = FindScenario(bug.scenario);
  ASSERT_NE(scenario, nullptr) << bug.scenario;
  const auto explorer = Explorer::Create(
      {.scenario = *scenario, .mmu = bug.mmu, .variant = bug.variant, .weakened = PointsOf(bug)});
  ASSERT_TRUE(explorer.ok()) << explorer.status();
  const Profile profile = (*explorer)->Pilot();
  std::vector<std::unique_ptr<Strategy>> strategies;
  for (const char* spec : {"random", "pct:3"}) {
    strategies.push_back(MakeStrategy(spec, profile).value());
  }
  for (uint64_t first = 0; first < kExecutions; first += kChunk) {
    for (const auto& strategy : strategies) {
      const Batch batch = (*explorer)->Run(*strategy, 1, first, kChunk, nullptr);
      if (!batch.violated) continue;
      const ViolationKind kind = batch.violation.kind;
      EXPECT_NE(std::find(bug.kinds.begin(), bug.kinds.end(), kind), bug.kinds.end())
          << "it shows as " << Name(kind) << ": " << batch.violation.what;
      RecordProperty("executions", static_cast<int>(batch.index + 1));
      return;
    }
  }
  FAIL() << "not found in " << kExecutions << " executions of each strategy";
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const Bug& bug : Bugs()) names.push_back(bug.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Bugs, BugsFoundTest, testing::ValuesIn(Names()),
                         [](const testing::TestParamInfo<std::string>& name) {
                           return name.param;
                         });

}  // namespace
}  // namespace racewalk
