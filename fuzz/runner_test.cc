// Goal: an input shows the same whatever ran before it, its first execution is the one that its
// token names, and a violation can be replayed from what is told of it.
#include "fuzz/runner.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/protocol.h"
#include "fuzz/coverage.h"
#include "fuzz/generate.h"
#include "fuzz/input.h"
#include "fuzz/soundness.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/parser.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

Input InputOf(const std::string& scenario, const std::string& strategy = "random",
              uint64_t key = 7) {
  return {.subject = SubjectOf(scenario), .strategy = strategy, .key = key};
}

// The execution that a token names, as `racewalk replay` runs it: scenario, strategy and key from
// the token alone, the strategy made of what a pilot learns.
Recording Replayed(const ReplayToken& token, const PointSet& weakened) {
  const auto explorer = Explorer::Create({.scenario = ParseScenario(token.scenario, "").value(),
                                          .mmu = token.mmu,
                                          .variant = token.variant,
                                          .weakened = weakened})
                            .value();
  const auto strategy = MakeStrategy(token.strategy, explorer->Pilot()).value();
  return explorer->Record(*strategy, token.key, false);
}

Subject Weak(Subject subject, point p) {
  subject.weakened.set(static_cast<std::size_t>(p));
  return subject;
}

constexpr char kTwoRoots[] = "tdp frames=2 vcpu a{load_root} vcpu b{load_root}";

TEST(InputRunner, RunsAsManyExecutionsAsItIsAsked) {
  InputRunner runner;
  Coverage coverage;
  for (const char* strategy : {"random", "pct:3", "pos", "surw"}) {
    for (const uint64_t executions : {1u, 2u, 9u}) {
      const InputResult result = runner.Run(
          InputOf("tdp frames=2 vcpu a{write 0} host h{unmap 0}", strategy), executions, coverage);
      ASSERT_TRUE(result.status.ok()) << result.status;
      EXPECT_EQ(result.executions, executions);
      EXPECT_GE(result.steps, executions * 4);
      EXPECT_FALSE(result.violation.has_value());
    }
  }
  EXPECT_GT(coverage.size(), 10u);
}

// Method: one execution's steps and features beside those of the token's own explorer.
TEST(InputRunner, BeginsWithTheExecutionThatTheTokenNames) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    Input input{.subject = Generate({}, rng)};
    DrawSchedule(input, rng);
    InputRunner runner;
    Coverage coverage;
    const InputResult result = runner.Run(input, 1, coverage);
    ASSERT_TRUE(result.status.ok()) << result.status;
    runner.Close();
    ASSERT_EQ(result.steps, Replayed(TokenOf(input), {}).steps) << PrintInput(input);

    Coverage expected;
    const auto explorer = Explorer::Create(input.subject).value();
    const auto strategy = MakeStrategy(input.strategy, explorer->Pilot()).value();
    CoveringStrategy covering(*strategy, expected);
    explorer->set_watcher(&expected);
    explorer->Record(covering, input.key, false);
    ASSERT_EQ(coverage.Features(), expected.Features()) << PrintInput(input);
  }
}

// Method: inputs of which some differ in the schedule only, forwards, then each by itself.
TEST(InputRunner, ShowsTheSameWhateverRanBefore) {
  std::vector<Input> inputs;
  Rng rng(3);
  for (int i = 0; i < 20; ++i) {
    Input input{.subject = Generate({}, rng)};
    for (int j = 0; j < 4; ++j) {
      DrawSchedule(input, rng);
      inputs.push_back(input);
    }
  }
  InputRunner kept;
  std::vector<std::vector<Feature>> features;
  for (const Input& input : inputs) {
    Coverage coverage;
    ASSERT_TRUE(kept.Run(input, 4, coverage).status.ok());
    features.push_back(coverage.Features());
  }
  kept.Close();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    InputRunner fresh;
    Coverage coverage;
    ASSERT_TRUE(fresh.Run(inputs[i], 4, coverage).status.ok());
    ASSERT_EQ(coverage.Features(), features[i]) << PrintInput(inputs[i]);
  }
}

// Method: a scenario that fails now and then, from many keys; each token is replayed.
TEST(InputRunner, TellsAViolationThatCanBeReplayed) {
  std::set<uint64_t> indices;
  for (const char* strategy : {"random", "pct:3", "pos", "surw"}) {
    for (uint64_t key = 0; key < 12; ++key) {
      Input input = InputOf(kTwoRoots, strategy, key);
      input.subject = Weak(input.subject, point::root_searched_twice);
      InputRunner runner;
      Coverage coverage;
      const InputResult result = runner.Run(input, 200, coverage);
      ASSERT_TRUE(result.status.ok()) << result.status;
      ASSERT_TRUE(result.violation.has_value()) << strategy << " " << key;
      EXPECT_EQ(result.violation->index + 1, result.executions);
      indices.insert(result.violation->index);
      runner.Close();
      const Recording recording =
          Replayed(TokenOf(input, *result.violation), input.subject.weakened);
      EXPECT_EQ(recording.violation.kind, result.violation->violation.kind);
      EXPECT_EQ(recording.violation.kind, ViolationKind::kRootLifecycle);
    }
  }
  EXPECT_TRUE(indices.contains(0));
  EXPECT_GT(indices.size(), 2u);
}

TEST(InputRunner, GoesOnAfterAViolation) {
  Input bad = InputOf(kTwoRoots);
  bad.subject = Weak(bad.subject, point::root_searched_twice);
  const Input good = InputOf(kTwoRoots);
  InputRunner runner;
  Coverage coverage;
  for (int i = 0; i < kFailuresPerProcess; ++i) {
    EXPECT_FALSE(runner.should_retire());
    EXPECT_TRUE(runner.Run(bad, 1000, coverage).violation.has_value());
    EXPECT_FALSE(runner.Run(good, 50, coverage).violation.has_value());
  }
  EXPECT_TRUE(runner.should_retire());
}

TEST(InputRunner, SaysWhyAnInputCannotBeRun) {
  InputRunner runner;
  Coverage coverage;
  Input input = InputOf(kTwoRoots, "bound:2");
  EXPECT_EQ(runner.Run(input, 1, coverage).status.message(),
            "bound:2 draws nothing from a seed; use random");
  input.strategy = "pct";
  EXPECT_EQ(runner.Run(input, 1, coverage).status.code(), absl::StatusCode::kInvalidArgument);
  input = InputOf(kTwoRoots);
  input.subject.mmu = "stage2";  // which has no roots to load
  EXPECT_EQ(runner.Run(input, 1, coverage).status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(coverage.size(), 0u);
  // And the next one is run as ever.
  EXPECT_TRUE(runner.Run(InputOf(kTwoRoots), 1, coverage).status.ok());
}

}  // namespace
}  // namespace racewalk
