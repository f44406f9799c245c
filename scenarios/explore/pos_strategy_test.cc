// Goal: `pos` samples the orders of conflicting operations as its paper says,
// and so finds what a random walk does not. Method: toy threads whose rates are
// known exactly, over many fixed keys.
#include "scenarios/explore/pos_strategy.h"

#include <array>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/explore/toy_world.h"

namespace racewalk::pos_strategy_test {
namespace {

constexpr int kRuns = 40'000;

double Rate(Strategy& strategy, const ToyProgram& program, const std::vector<int>& wanted) {
  int found = 0;
  for (uint64_t i = 0; i < kRuns; ++i) {
    found += RunToy(strategy, ExecutionKey(4, i), program) == wanted ? 1 : 0;
  }
  return static_cast<double>(found) / kRuns;
}

Announcement Store(uint32_t location) { return {.kind = OpKind::kStore, .location = location}; }

// The paper's example: one thread must be late for a race by many steps.
TEST(PosStrategyTest, FindsABugOfDepthTwoWhereARandomWalkDoesNot) {
  ToyProgram program{{Store(1)}, {}};
  for (uint32_t i = 0; i < 20; ++i) program[1].push_back(Store(100 + i));
  program[1].push_back({.kind = OpKind::kLoad, .location = 1});
  std::vector<int> wanted(21, 1);
  wanted.push_back(0);
  PosStrategy pos;
  RandomStrategy random;
  EXPECT_NEAR(Rate(pos, program, wanted), 1.0 / 22, 0.005);  // the lowest of 22 priorities
  EXPECT_EQ(Rate(random, program, wanted), 0);               // 2^-21
}

// Goal: who has lost a race draws anew, and who lost no race does not.
TEST(PosStrategyTest, OnlyAConflictMakesItDrawAnew) {
  PosStrategy pos;
  const Announcement load{.kind = OpKind::kLoad, .location = 1};
  EXPECT_NEAR(Rate(pos, {{Store(1), Store(1)}, {Store(1)}}, {0, 1, 0}), 1.0 / 4, 0.01);
  EXPECT_NEAR(Rate(pos, {{Store(1), Store(1)}, {load}}, {0, 1, 0}), 1.0 / 4, 0.01);
  EXPECT_NEAR(Rate(pos, {{Store(1), Store(1)}, {Store(2)}}, {0, 1, 0}), 1.0 / 6, 0.01);
  EXPECT_NEAR(Rate(pos, {{load, load}, {load}}, {0, 1, 0}), 1.0 / 6, 0.01);
  EXPECT_NEAR(Rate(pos, {{Store(0), Store(0)}, {Store(0)}}, {0, 1, 0}), 1.0 / 6, 0.01);
}

TEST(PosStrategyTest, AForcedStepCountsAsWell) {
  PosStrategy pos;
  int lost = 0;
  for (uint64_t key = 0; key < 20'000; ++key) {
    std::array<Announcement, kMaxThreads> next{};
    next[0] = next[1] = Store(1);
    PickView view{.threads = 2, .enabled = 0b11, .next = &next};
    pos.Begin(key);
    if (pos.Pick(view) != 0) continue;
    // Thread 1 loses once more, without having been asked.
    view.enabled = 0b01;
    pos.Forced(view);
    view.enabled = 0b11;
    lost += pos.Pick(view) == 0 ? 1 : -1;
  }
  EXPECT_NEAR(lost, 0, 500);
}

TEST(PosStrategyTest, SpinningThreadsDoNotStarveTheOwner) {
  PosStrategy pos;
  const std::vector<Announcement> spins(50, {.kind = OpKind::kPause});
  for (uint64_t key = 0; key < 200; ++key) {
    EXPECT_EQ(RunToy(pos, key, {spins, spins, {Store(1), Store(1)}}).size(), 102u);
  }
}

}  // namespace
}  // namespace racewalk::pos_strategy_test
