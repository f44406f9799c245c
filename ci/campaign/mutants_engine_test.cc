#include "ci/campaign/mutants_engine.h"

#include <cstdint>
#include <memory>

#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {
namespace {

// Goal: a search does not throw away what its process has ready for other engines, nor does a
// process go on for ever. Method: searches that kill, which leaves memory behind.
TEST(MutantsEngineTest, ReplacesAProcessAfterManyKillsOnly) {
  const std::unique_ptr<CampaignEngine> engine = MakeMutantsEngine(
      {{.point = "table_publish", .mmu = "tdp", .variant = "owned"}}, {}, Explorer::Create);
  uint64_t number = 0;
  bool retire = false;
  while (!retire && number < 100) {
    ++number;
    const ChunkOutcome outcome = engine->Run(0, number, number);
    ASSERT_EQ(outcome.problem, "");
    ASSERT_TRUE(outcome.mutant && outcome.mutant->killed) << number;
    retire = outcome.retire;
  }
  EXPECT_EQ(number, 32u);
}

TEST(MutantsEngineTest, ASearchThatFindsNothingKeepsItsProcess) {
  const std::unique_ptr<CampaignEngine> engine =
      MakeMutantsEngine({{.point = "table_publish", .mmu = "tdp", .variant = "owned"}}, {},
                        Explorer::Create, {.likely = 1, .library = 1});
  // One execution of each scenario kills now and then; of ten searches some do not.
  for (uint64_t number = 1; number <= 10; ++number) {
    EXPECT_FALSE(engine->Run(0, number, number).retire) << number;
  }
}

}  // namespace
}  // namespace racewalk
