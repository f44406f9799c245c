// Goal: shrinking keeps what it was given to keep, and ends with the best so
// far however it ends. Method: the fake world, which fails in any scenario, and
// variations of it that fail in some.
#include "ci/shrinker.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/fake_explorer.h"
#include "ci/recorded.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/smaller_scenarios.h"
#include "scenarios/explore/token.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kScenario[] =
    "any frames=8 roles=2 setup{write 0..3} vcpu a{write 0; repeat 3 {read 1; exec 2}} "
    "vcpu c{write 5} host h{unmap 0..7; swap 3} after{read 0} check{mapped 0}";

// An execution of the fake world that fails, or one that does not.
Recorded Record(bool failing = true) {
  Recorded recorded;
  recorded.target.subject.scenario = ParseScenario(kScenario, "").value();
  recorded.target.subject.scenario.roles = 1;
  recorded.target.weaken = {"table_publish"};
  EXPECT_TRUE(ResolveWeakened(recorded.target).ok());
  recorded.strategy = "random";
  FakeExplorer explorer(recorded.target.subject, {});
  const auto strategy = MakeStrategy("random", {}).value();
  for (recorded.key = 0; recorded.key < 100; ++recorded.key) {
    const Recording recording = explorer.Record(*strategy, recorded.key, false);
    if (failing == (recording.violation.kind != ViolationKind::kNone)) return recorded;
  }
  ADD_FAILURE() << "no such execution";
  return recorded;
}

ShrinkOptions Options(int jobs = 1) { return {.jobs = jobs, .executions = 200}; }

ShrinkResult ShrinkOk(const ShrinkOptions& options, const ExplorerFactory& factory,
                      const ShrinkHooks& hooks = {}) {
  absl::StatusOr<ShrinkResult> result = Shrink(Record(), options, factory, hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ShrinkResult{};
}

// Tells another invariant where fewer than `operations` are left: another bug.
class OtherBugExplorer final : public Explorer {
 public:
  OtherBugExplorer(const Subject& subject, uint64_t operations)
      : fake_(subject, {}), other_(SizeOf(subject.scenario).operations < operations) {}

  const Subject& subject() const override { return fake_.subject(); }
  const std::vector<std::string>& thread_names() const override { return fake_.thread_names(); }
  std::string OperationText(int thread, uint64_t ordinal) const override {
    return fake_.OperationText(thread, ordinal);
  }
  Profile Pilot() override { return fake_.Pilot(); }
  Batch Run(Strategy& strategy, uint64_t seed, uint64_t first, uint64_t count,
            std::vector<uint64_t>* interleavings) override {
    Batch batch = fake_.Run(strategy, seed, first, count, interleavings);
    if (other_) batch.violation.invariant = "D2";
    return batch;
  }
  Recording Record(Strategy& strategy, uint64_t key, bool events) override {
    Recording recording = fake_.Record(strategy, key, events);
    if (other_) recording.violation.invariant = "D2";
    return recording;
  }

 private:
  FakeExplorer fake_;
  bool other_;
};

TEST(Shrinker, TakesAwayWhatIsNotNeeded) {
  const ShrinkResult result = ShrinkOk(Options(), FakeFactory());
  EXPECT_EQ(result.before.threads, 3u);
  EXPECT_EQ(result.before.operations, 13u);
  EXPECT_EQ(result.after.threads, 2u);
  EXPECT_EQ(result.after.operations, 2u);
  EXPECT_EQ(result.after.frames, 1u);
  // The second thread reads before the first has written.
  EXPECT_LE(result.after.preemptions, 1u);
  EXPECT_EQ(result.scenario,
            "# lost-dirty (D1) with --weaken=table_publish\n"
            "mmu: tdp\nframes: 1\nvcpu a: read 0\nhost h: unmap 0\n");
  EXPECT_EQ(result.finding.kind, ViolationKind::kLostDirty);
  EXPECT_EQ(result.finding.invariant, "D1");
  EXPECT_EQ(result.original.kind, ViolationKind::kLostDirty);
  EXPECT_FALSE(result.time_ended || result.interrupted);
  EXPECT_EQ(result.lost, 0u);
}

TEST(Shrinker, TheTokenAndTheTraceLeadToTheViolation) {
  const ShrinkResult result = ShrinkOk(Options(), FakeFactory());
  const auto by_token = LoadRecorded(result.finding.token);
  const auto by_trace = RecordedIn(result.finding.trace, "trace");
  for (const auto& recorded : {by_token, by_trace}) {
    ASSERT_TRUE(recorded.ok()) << recorded.status();
    EXPECT_EQ(recorded->target.weaken, std::vector<std::string>{"table_publish"});
    EXPECT_EQ(recorded->target.subject.scenario, result.target.subject.scenario);
    EXPECT_THAT(recorded->strategy, StartsWith("path:"));
    FakeExplorer explorer(recorded->target.subject, {});
    const auto strategy = StrategyOf(*recorded).value();
    const Recording recording = explorer.Record(*strategy, recorded->key, false);
    EXPECT_TRUE(CheckFits(*recorded, recording).ok());
    EXPECT_EQ(recording.violation.kind, ViolationKind::kLostDirty);
  }
}

TEST(Shrinker, JobsDoNotMatter) {
  const auto some = [](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
    return std::make_unique<OtherBugExplorer>(subject, 5);
  };
  const ShrinkResult one = ShrinkOk(Options(1), some);
  const ShrinkResult three = ShrinkOk(Options(3), some);
  EXPECT_EQ(one.finding.token, three.finding.token);
  EXPECT_EQ(one.scenario, three.scenario);
  EXPECT_EQ(one.scenarios, three.scenarios);
}

TEST(Shrinker, NeverEndsInAnotherBug) {
  for (uint64_t operations : {3u, 5u, 9u}) {
    const auto factory = [&](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
      return std::make_unique<OtherBugExplorer>(subject, operations);
    };
    const ShrinkResult result = ShrinkOk(Options(), factory);
    EXPECT_EQ(result.after.operations, operations);
    EXPECT_EQ(result.finding.invariant, "D1");
  }
}

TEST(Shrinker, WhatAWorkerDiesOfIsPassedOver) {
  const auto factory = [](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
    if (SizeOf(subject.scenario).operations == 4) abort();
    return std::make_unique<FakeExplorer>(subject, FakeBehaviour{});
  };
  const ShrinkResult result = ShrinkOk(Options(), factory);
  EXPECT_GT(result.lost, 0u);
  EXPECT_NE(result.after.operations, 4u);
  EXPECT_LT(result.after.operations, result.before.operations);
}

TEST(Shrinker, WhatDoesNotFitTheMmuIsPassedOver) {
  const auto factory = [](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
    if (subject.scenario.frames < 4) return absl::InvalidArgumentError("too few frames");
    return std::make_unique<FakeExplorer>(subject, FakeBehaviour{});
  };
  EXPECT_EQ(ShrinkOk(Options(), factory).after.frames, 4u);
}

TEST(Shrinker, InterruptedItTellsTheBestSoFar) {
  int calls = 0;
  const ShrinkHooks at_once{.interrupted = [] { return true; }};
  const ShrinkHooks later{.interrupted = [&] { return ++calls > 12; }};
  const ShrinkResult nothing = ShrinkOk(Options(), FakeFactory(), at_once);
  EXPECT_TRUE(nothing.interrupted);
  EXPECT_EQ(nothing.before, nothing.after);
  EXPECT_EQ(nothing.finding.kind, ViolationKind::kLostDirty);
  const ShrinkResult some = ShrinkOk(Options(), FakeFactory(), later);
  EXPECT_TRUE(some.interrupted);
  EXPECT_LT(some.after.operations, some.before.operations);
}

TEST(Shrinker, TheTimeEndsIt) {
  ShrinkOptions options = Options();
  options.time = std::chrono::nanoseconds(1);
  const ShrinkResult result = ShrinkOk(options, FakeFactory());
  EXPECT_TRUE(result.time_ended);
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(result.before.operations, result.after.operations);
  EXPECT_THAT(result.finding.token, HasSubstr("/path:"));
}

TEST(Shrinker, ACleanExecutionIsBadInput) {
  const auto result = Shrink(Record(/*failing=*/false), Options(), FakeFactory());
  EXPECT_TRUE(absl::IsInvalidArgument(result.status()));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("clean"));
}

TEST(Shrinker, ATraceThatNoLongerFitsIsBadInput) {
  Finding finding = ShrinkOk(Options(), FakeFactory()).original;
  EXPECT_TRUE(Shrink(finding, Options(), FakeFactory()).ok());
  const auto changed = Shrink(finding, Options(), FakeFactory({.extra_steps = 1}));
  EXPECT_TRUE(absl::IsInvalidArgument(changed.status()));
  EXPECT_THAT(std::string(changed.status().message()), HasSubstr("no longer fits"));
  finding.trace.resize(finding.trace.size() / 2);
  EXPECT_TRUE(absl::IsInvalidArgument(Shrink(finding, Options(), FakeFactory()).status()));
}

TEST(Shrinker, AWorldThatIsNotDeterministicIsAnInternalError) {
  const auto result = Shrink(Record(), Options(), FakeFactory({.nondeterministic = true}));
  EXPECT_TRUE(absl::IsInternal(result.status())) << result.status();
}

}  // namespace
}  // namespace racewalk
