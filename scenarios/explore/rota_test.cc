// Goal: a rota repeats what it was taken from, survives being cut, and its cost
// counts what bound:k counts. Method: toy threads, under many seeds.
#include "scenarios/explore/rota.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/exhaustive_strategy.h"
#include "scenarios/explore/path_strategy.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/toy_world.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;

constexpr Announcement kLoad{.kind = OpKind::kLoad};
constexpr Announcement kPause{.kind = OpKind::kPause};

// What is taken and what it costs, of one execution.
struct Taken {
  std::vector<int> order{};
  Rota rota{};
  RotaCost cost{};
  std::vector<PathStep> path{};
};

Taken Take(Strategy& strategy, uint64_t key, const ToyProgram& program) {
  RotaRecorder recorder(strategy);
  Taken taken;
  taken.order = RunToy(recorder, key, program);
  taken.rota = recorder.rota();
  taken.cost = recorder.cost();
  taken.path = recorder.Path();
  return taken;
}

Taken TakePath(const std::string& text, const ToyProgram& program) {
  std::vector<PathStep> path;
  EXPECT_TRUE(ParsePath(text, path));
  PathStrategy strategy(path);
  return Take(strategy, 0, program);
}

TEST(RotaTest, ItAndThePathRepeatWhatTheyWereTakenFrom) {
  const ToyProgram program = {{kLoad, kPause, kLoad, kLoad}, {kLoad, kLoad}, {kPause, kLoad}};
  const auto random = MakeStrategy("random", {}).value();
  for (uint64_t key = 0; key < 300; ++key) {
    const Taken first = Take(*random, key, program);
    RotaStrategy rota(first.rota);
    PathStrategy path(first.path);
    for (Strategy* strategy : {static_cast<Strategy*>(&rota), static_cast<Strategy*>(&path)}) {
      const Taken again = Take(*strategy, 0, program);
      ASSERT_EQ(again.order, first.order);
      EXPECT_EQ(again.rota, first.rota);
      EXPECT_EQ(again.cost, first.cost);
      EXPECT_EQ(again.path, first.path);
      EXPECT_FALSE(strategy->divergence().has_value());
    }
  }
}

TEST(RotaTest, PreemptionsAreCountedByHand) {
  const ToyProgram loads = {{kLoad, kLoad, kLoad}, {kLoad, kLoad, kLoad}};
  EXPECT_EQ(TakePath("-", loads).cost.preemptions, 0u);
  // Whoever comes first interrupts nobody.
  EXPECT_EQ(TakePath("1", loads).cost.preemptions, 0u);
  EXPECT_EQ(TakePath("01", loads).cost.preemptions, 1u);
  EXPECT_EQ(TakePath("0101", loads).cost.preemptions, 3u);
  // Thread 0 goes when it pauses, and a switch there is free.
  const ToyProgram pauses = {{kLoad, kPause, kLoad}, {kLoad, kLoad, kLoad}};
  EXPECT_EQ(TakePath("01", pauses).cost.preemptions, 0u);
  EXPECT_EQ(TakePath("-", pauses).cost.steps, 6u);
}

// bound:k runs every execution of at most k preemptions and no other.
TEST(RotaTest, PreemptionsAreThoseOfBounded) {
  const ToyProgram program = {{kLoad, kPause, kLoad}, {kLoad, kLoad}, {kLoad}};
  const auto count = [&](uint32_t bound, uint64_t at_most) {
    ExhaustiveStrategy strategy(bound);
    uint64_t executions = 0;
    while (!strategy.exhausted()) {
      executions += Take(strategy, 0, program).cost.preemptions <= at_most ? 1 : 0;
    }
    return executions;
  };
  for (uint32_t bound : {0u, 1u, 2u}) EXPECT_EQ(count(bound, bound), count(1000, bound)) << bound;
}

TEST(RotaTest, WhatDoesNotFitIsPassedOver) {
  Rota rota;
  rota.turns = {{.thread = 2, .steps = 5}, {.thread = 1, .steps = 9}, {.thread = 0, .steps = 1}};
  rota.choices[1] = {7, 1};
  RotaStrategy strategy(rota);
  EXPECT_THAT(RunToy(strategy, 0, std::vector<int>{2, 2}), ElementsAre(1, 1, 0, 0));
  EXPECT_FALSE(strategy.divergence().has_value());
  strategy.Begin(0);
  EXPECT_EQ(strategy.Pick({.threads = 2, .enabled = 3}), 1);
  EXPECT_EQ(strategy.Choose(3, Choice::kReuse), 0u);
  EXPECT_EQ(strategy.Choose(3, Choice::kReuse), 1u);
  EXPECT_EQ(strategy.Choose(3, Choice::kReuse), 0u);
}

TEST(RotaTest, TurnsOfOneThreadAreMerged) {
  Rota rota;
  rota.turns = {{0, 1}, {1, 0}, {0, 2}, {1, 3}, {1, 1}};
  MergeTurns(rota);
  EXPECT_THAT(rota.turns, ElementsAre(Turn{0, 3}, Turn{1, 4}));
}

}  // namespace
}  // namespace racewalk
