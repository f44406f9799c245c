#include "ci/chunk.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/fake_explorer.h"
#include "ci/finding.h"
#include "ci/plan.h"
#include "gtest/gtest.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

std::vector<Unit> Units() {
  absl::StatusOr<Scenario> scenario = ParseScenario("tdp vcpu a{write 0} vcpu b{write 0}", "toy");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  Unit unit{.strategy = "pct:3"};
  if (scenario.ok()) unit.target.subject.scenario = *scenario;
  return {unit, unit};
}

TEST(Chunk, RequestsAndResultsCrossAPipe) {
  const absl::StatusOr<ChunkRequest> request = ParseChunkRequest(
      FormatChunkRequest({.unit = 1, .seed = 2, .first = 3, .count = 4, .from = "01a"}));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->unit, 1u);
  EXPECT_EQ(request->seed, 2u);
  EXPECT_EQ(request->first, 3u);
  EXPECT_EQ(request->count, 4u);
  EXPECT_EQ(request->from, "01a");

  ChunkResult result;
  result.status = absl::InternalError("oh");
  result.executions = 5;
  result.interleavings = {7, 8};
  result.bound = "P";
  result.cut = 6;
  result.enumerated = true;
  result.next = "01b";
  result.claim = "bounded(2)";
  result.done = 0.25;
  result.retire = true;
  result.finding = Finding{};
  result.finding->kind = ViolationKind::kLeak;
  result.finding->points = {"a", "b"};
  result.finding->trace = std::string("t\0t", 3);
  const absl::StatusOr<ChunkResult> read = ParseChunkResult(FormatChunkResult(result));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->status, result.status);
  EXPECT_EQ(read->executions, 5u);
  EXPECT_EQ(read->interleavings, result.interleavings);
  EXPECT_EQ(read->bound, "P");
  EXPECT_EQ(read->cut, 6u);
  EXPECT_TRUE(read->enumerated);
  EXPECT_EQ(read->next, "01b");
  EXPECT_EQ(read->claim, "bounded(2)");
  EXPECT_EQ(read->done, 0.25);
  EXPECT_TRUE(read->retire);
  ASSERT_TRUE(read->finding.has_value());
  EXPECT_EQ(read->finding->kind, ViolationKind::kLeak);
  EXPECT_EQ(read->finding->points, result.finding->points);
  EXPECT_EQ(read->finding->trace, result.finding->trace);

  EXPECT_FALSE(ParseChunkRequest("short").ok());
  EXPECT_FALSE(ParseChunkResult("short").ok());
}

TEST(ChunkRunner, CountsWhatItRuns) {
  const std::vector<Unit> units = Units();
  ChunkRunner runner(&units, FakeFactory(), {});
  const ChunkResult result = runner.Run({.unit = 0, .seed = 1, .first = 0, .count = 100});
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.executions, 100u);
  EXPECT_GT(result.choices, 0u);
  EXPECT_EQ(result.interleavings.size(), 2u);
  EXPECT_FALSE(result.finding.has_value());
  EXPECT_FALSE(result.retire);
  EXPECT_NE(result.bound, "");
}

// Goal: the explorer is made once for a unit, and what its pilot taught is kept.
TEST(ChunkRunner, KeepsTheExplorerOfAUnit) {
  int made = 0;
  const ExplorerFactory factory = [&made](const Subject& subject) {
    ++made;
    return FakeFactory()(subject);
  };
  const std::vector<Unit> units = Units();
  ChunkRunner runner(&units, factory, {});
  for (uint64_t unit : {0u, 0u, 0u, 1u, 1u, 0u}) {
    EXPECT_TRUE(runner.Run({.unit = unit, .first = 0, .count = 10}).status.ok());
  }
  EXPECT_EQ(made, 3);
}

TEST(ChunkRunner, AskToBeReplacedAfterManyFailures) {
  const std::vector<Unit> units = Units();
  ChunkRunner runner(&units, FakeFactory({.always_weak = true}), {});
  ChunkResult result;
  for (int i = 0; i < kFailuresPerProcess; ++i) {
    EXPECT_FALSE(result.retire) << i;
    result = runner.Run({.unit = 0, .seed = 3, .first = 0, .count = 1000});
    ASSERT_TRUE(result.finding.has_value());
  }
  EXPECT_TRUE(result.retire);
}

// Goal: where an enumeration stands travels with its chunks, not with a process.
TEST(ChunkRunner, AnEnumerationGoesOnElsewhere) {
  std::vector<Unit> units = Units();
  units[0].strategy = "full";
  ChunkRequest request{.unit = 0, .count = 6};
  uint64_t executions = 0;
  std::string claim;
  while (claim.empty() && executions < 100) {
    ChunkRunner runner(&units, FakeFactory({.extra_steps = 2}), {});
    const ChunkResult result = runner.Run(request);
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_TRUE(result.enumerated);
    executions += result.executions;
    request.first += result.executions;
    request.from = result.next;
    claim = result.claim;
  }
  EXPECT_EQ(claim, "exhausted");
  EXPECT_EQ(executions, 20u);
  EXPECT_EQ(request.from, "");
}

TEST(ChunkRunner, ADamagedPathIsAnInternalError) {
  std::vector<Unit> units = Units();
  units[0].strategy = "full";
  for (const char* from : {"NO", "000001111111"}) {
    ChunkRunner runner(&units, FakeFactory(), {});
    EXPECT_TRUE(absl::IsInternal(runner.Run({.unit = 0, .count = 6, .from = from}).status)) << from;
  }
}

TEST(ChunkRunner, AUnitThatIsNotThereIsAnInternalError) {
  const std::vector<Unit> units = Units();
  ChunkRunner runner(&units, FakeFactory(), {});
  EXPECT_TRUE(absl::IsInternal(runner.Run({.unit = 2, .count = 1}).status));
}

TEST(ChunkRunner, ADamagedMessageIsAnsweredWithAnError) {
  const std::vector<Unit> units = Units();
  ChunkRunner runner(&units, FakeFactory(), {});
  const absl::StatusOr<ChunkResult> result = ParseChunkResult(runner.Handle("x"));
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(absl::IsInternal(result->status));
}

}  // namespace
}  // namespace racewalk
