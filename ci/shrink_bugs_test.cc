// Goal: real bugs become as small as a person would tell them, and stay what
// they were. Method: bugs of both MMUs, found under fixed seeds and shrunk with
// a small budget; what comes out is replayed.
#include <memory>
#include <string>
#include <vector>

#include "ci/recorded.h"
#include "ci/shrinker.h"
#include "gtest/gtest.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

class ShrinkBugsTest : public testing::TestWithParam<std::string> {
 protected:
  // The bug in its scenario, at the first execution that shows it.
  static Recorded Find(const Bug& bug) {
    Recorded recorded;
    Target& target = recorded.target;
    target.subject.scenario = *FindScenario(bug.scenario);
    target.subject.mmu = bug.mmu;
    target.subject.variant = bug.variant;
    target.bug = bug.name;
    EXPECT_TRUE(ResolveWeakened(target).ok());
    const auto explorer = Explorer::Create(target.subject).value();
    const auto strategy = MakeStrategy("random", explorer->Pilot()).value();
    const Batch batch = explorer->Run(*strategy, 1, 0, 100'000, nullptr);
    EXPECT_TRUE(batch.violated);
    recorded.strategy = strategy->spec();
    recorded.key = batch.key;
    return recorded;
  }
};

TEST_P(ShrinkBugsTest, BecomesSmallAndStaysWhatItWas) {
  const Bug& bug = *FindBug(GetParam());
  const absl::StatusOr<ShrinkResult> result =
      Shrink(Find(bug), {.jobs = 2, .executions = 1000}, Explorer::Create);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LE(result->after.operations, 6u) << result->scenario;
  EXPECT_LE(result->after.preemptions, 3u) << result->finding.token;
  EXPECT_LT(result->after.operations, result->before.operations);
  EXPECT_EQ(result->finding.kind, result->original.kind);
  EXPECT_EQ(result->finding.invariant, result->original.invariant);
  EXPECT_EQ(result->target.subject.weakened, PointsOf(bug));
  EXPECT_EQ(result->lost, 0u);

  // The text is the scenario, and the token leads to the violation.
  const auto parsed = ParseScenario(result->scenario, "");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, result->target.subject.scenario);
  const auto recorded = LoadRecorded(result->finding.token);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_EQ(recorded->target.subject.scenario, *parsed);
  EXPECT_EQ(recorded->target.subject.weakened, PointsOf(bug));
  const auto explorer = Explorer::Create(recorded->target.subject).value();
  const Recording recording =
      explorer->Record(*StrategyOf(*recorded).value(), recorded->key, false);
  EXPECT_FALSE(recording.divergence.has_value());
  EXPECT_EQ(recording.violation.kind, result->original.kind);
  EXPECT_EQ(recording.violation.invariant, result->original.invariant);
}

INSTANTIATE_TEST_SUITE_P(Bugs, ShrinkBugsTest,
                         testing::Values("A01", "A03", "A24", "A25", "N16c", "N20", "X05", "X11",
                                         "X13", "X23a", "X23c", "X29", "X41"),
                         [](const testing::TestParamInfo<std::string>& name) {
                           return name.param;
                         });

}  // namespace
}  // namespace racewalk
