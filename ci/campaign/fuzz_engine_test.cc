// Goal: a chunk of fuzzing is a function of its unit, number and seed, whoever
// ran what before, and what it finds is told as the store wants it.
// Method: the real explorer on small starts, in one process after another's
// would have been: an engine made anew, and one that has run other things.
#include "ci/campaign/fuzz_engine.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ci/target.h"
#include "fuzz/fit.h"
#include "fuzz/input.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/parser.h"
#include "scenarios/subject.h"

namespace racewalk {
namespace {

constexpr uint64_t kInputs = 4;

std::vector<FuzzUnit> Units(const std::vector<std::string>& weaken) {
  Target weak{.weaken = weaken};
  EXPECT_TRUE(ResolveWeakened(weak).ok());
  std::vector<FuzzUnit> units;
  for (const auto& [mmu, variant] : {std::pair("tdp", "owned"), std::pair("stage2", "rwlock")}) {
    FuzzUnit unit{.place = {mmu, variant}};
    for (const char* text : {"any frames=2 vcpu a{write 0} vcpu b{write 0; read 1}",
                             "any frames=2 vcpu a{write 0} host h{unmap 0}"}) {
      absl::StatusOr<Scenario> scenario = ParseScenario(text, "start");
      EXPECT_TRUE(scenario.ok()) << scenario.status();
      Subject subject{.scenario = *std::move(scenario), .mmu = mmu, .variant = variant};
      Fit(subject);
      EXPECT_TRUE(CheckSubject(subject).ok()) << CheckSubject(subject);
      subject.weakened = weak.subject.weakened;
      unit.start.push_back({.subject = std::move(subject), .strategy = "random", .key = 7});
    }
    units.push_back(std::move(unit));
  }
  return units;
}

std::unique_ptr<CampaignEngine> Make(const std::vector<std::string>& weaken = {}) {
  return MakeFuzzEngine(Units(weaken), weaken, Explorer::Create, kInputs);
}

// All that is told of a chunk but its time.
std::string Told(CampaignEngine& engine, std::size_t unit, uint64_t number, uint64_t seed) {
  ChunkOutcome outcome = engine.Run(unit, number, seed);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_GT(outcome.executions, 0u);
  EXPECT_GT(outcome.nanoseconds, 0u);
  outcome.nanoseconds = 0;
  outcome.retire = false;
  return FormatChunkOutcome(outcome);
}

TEST(FuzzEngineTest, AChunkDependsOnUnitNumberAndSeedAlone) {
  const std::unique_ptr<CampaignEngine> fresh = Make();
  const std::string chunk = Told(*fresh, 1, 3, 11);
  fresh->Leave();
  const std::unique_ptr<CampaignEngine> used = Make();
  Told(*used, 0, 0, 5);
  const std::string other = Told(*used, 1, 0, 12);
  used->Leave();
  EXPECT_EQ(Told(*used, 1, 3, 11), chunk);
  EXPECT_NE(other, chunk);
  EXPECT_EQ(Told(*used, 1, 3, 11), chunk);
}

TEST(FuzzEngineTest, KeepsInputsThatShowSomethingNew) {
  const std::unique_ptr<CampaignEngine> engine = Make();
  const ChunkOutcome outcome = engine->Run(0, 0, 1);
  ASSERT_FALSE(outcome.corpus.empty());
  EXPECT_LE(MakeFuzzEngine(Units({}), {}, Explorer::Create, 64)->Run(0, 0, 1).corpus.size(), 2u);
  EXPECT_GT(outcome.distinct, 0u);
  for (const StoredInput& input : outcome.corpus) {
    EXPECT_GT(input.features, 0u);
    const absl::StatusOr<Input> parsed = ParseInput(input.text, "stored");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->subject.mmu, "tdp");
    EXPECT_EQ(parsed->subject.variant, "owned");
  }
  EXPECT_TRUE(outcome.violations.empty());
}

// Goal: what fails in the start is in every chunk, in a new process and later. Method: chunks of
// one input each, few of which would show it.
TEST(FuzzEngineTest, TellsWhatTheStartDoesWithEachChunk) {
  const std::unique_ptr<CampaignEngine> engine =
      MakeFuzzEngine(Units({"table_publish"}), {"table_publish"}, Explorer::Create, 1);
  for (uint64_t number = 0; number < 6; ++number) {
    const ChunkOutcome outcome = engine->Run(0, number, number);
    EXPECT_EQ(outcome.problem, "");
    EXPECT_FALSE(outcome.violations.empty()) << number;
  }
}

// Goal: to run the start is not the chunk's time. Method: a clock that stands still but while a
// violation is told; only the start has one.
TEST(FuzzEngineTest, AChunksTimeIsWithoutTheStarts) {
  uint64_t now = 0;
  const ExplorerFactory factory = [&](Subject subject) {
    now += 1000;
    return Explorer::Create(std::move(subject));
  };
  const std::unique_ptr<CampaignEngine> engine =
      MakeFuzzEngine(Units({"table_publish"}), {"table_publish"}, factory, 0, [&] { return now; });
  EXPECT_EQ(engine->Run(0, 0, 1).nanoseconds, 0u);
  EXPECT_GT(now, 0u);
}

TEST(FuzzEngineTest, AStartThatCannotBeRunIsAProblemOfEachChunk) {
  std::vector<FuzzUnit> units = Units({});
  units[0].start.back().strategy = "full";
  const std::unique_ptr<CampaignEngine> engine =
      MakeFuzzEngine(std::move(units), {}, Explorer::Create, kInputs);
  const std::string problem = engine->Run(0, 0, 1).problem;
  EXPECT_NE(problem, "");
  EXPECT_EQ(engine->Run(0, 1, 2).problem, problem);
  EXPECT_EQ(engine->Run(1, 0, 3).problem, "");
}

TEST(FuzzEngineTest, TellsWhatAWeakenedCoreDoes) {
  const std::unique_ptr<CampaignEngine> engine = Make({"table_publish"});
  EXPECT_EQ(engine->units().front().weaken, "table_publish");
  std::vector<SeenViolation> seen;
  for (uint64_t number = 0; seen.empty() && number < 8; ++number) {
    seen = engine->Run(0, number, number).violations;
  }
  ASSERT_FALSE(seen.empty());
  EXPECT_NE(seen.front().token.find("weaken=table_publish"), std::string::npos)
      << seen.front().token;
  EXPECT_FALSE(seen.front().trace.empty());
  EXPECT_GT(seen.front().steps, 0u);
}

}  // namespace
}  // namespace racewalk
