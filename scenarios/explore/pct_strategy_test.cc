// Goal: `pct` keeps the promise of its paper, and lets nobody starve.
// Method: toy threads with planted ordering bugs, found over many fixed keys;
// rates are compared with the bound and, where known, with the exact value.
#include "scenarios/explore/pct_strategy.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/explore/toy_world.h"

namespace racewalk {
namespace {

constexpr int kRuns = 200'000;

// Returns the index in `order` of the `count`-th step of `thread`, from 1.
std::size_t At(const std::vector<int>& order, int thread, int count) {
  std::size_t i = 0;
  while (order[i] != thread || --count != 0) ++i;
  return i;
}

template <typename Bug>
double Rate(PctParameters parameters, const std::vector<int>& lengths, Bug bug) {
  PctStrategy strategy(parameters);
  int found = 0;
  for (uint64_t i = 0; i < kRuns; ++i) {
    found += bug(RunToy(strategy, ExecutionKey(3, i), lengths)) ? 1 : 0;
  }
  return static_cast<double>(found) / kRuns;
}

TEST(PctStrategyTest, DepthOneIsAPermutation) {
  const double first =
      Rate({.depth = 1, .threads = 3, .steps = 9}, {3, 3, 3}, [](const std::vector<int>& order) {
        EXPECT_EQ(order[0], order[2]);  // nobody is preempted
        return order[0] == 2;
      });
  EXPECT_NEAR(first, 1.0 / 3, 0.01);
}

// Thread 1's fifth step must fall between steps 3 and 6 of thread 0.
TEST(PctStrategyTest, DepthTwoBugIsFoundAboveItsBound) {
  const double rate =
      Rate({.depth = 2, .threads = 2, .steps = 20}, {10, 10}, [](const std::vector<int>& order) {
        return At(order, 0, 3) < At(order, 1, 5) && At(order, 1, 5) < At(order, 0, 6);
      });
  EXPECT_GT(rate, 1.0 / (2 * 20));
}

// The tightest bug: a single change point finds it, so the rate is the bound.
TEST(PctStrategyTest, TheBoundIsTight) {
  const double rate =
      Rate({.depth = 2, .threads = 2, .steps = 20}, {10, 10}, [](const std::vector<int>& order) {
        return At(order, 0, 3) < At(order, 1, 5) && At(order, 1, 5) < At(order, 0, 4);
      });
  EXPECT_NEAR(rate, 1.0 / (2 * 20), 0.002);
}

// Needs two preemptions: thread 0 after step 2, then thread 1 after step 3.
TEST(PctStrategyTest, DepthThreeBugIsFoundAboveItsBound) {
  const double rate =
      Rate({.depth = 3, .threads = 2, .steps = 12}, {6, 6}, [](const std::vector<int>& order) {
        return At(order, 0, 2) < At(order, 1, 1) && At(order, 1, 3) < At(order, 0, 3) &&
               At(order, 0, 5) < At(order, 1, 4);
      });
  EXPECT_GT(rate, 1.0 / (2 * 12 * 12));
}

TEST(PctStrategyTest, WrongNumbersStillPickEnabledThreads) {
  PctStrategy strategy({.depth = 16, .threads = 1, .steps = 2});
  for (uint64_t key = 0; key < 1000; ++key) {
    std::vector<int> order = RunToy(strategy, key, {4, 4, 4, 4, 4, 4});
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order.size(), 24u);
    EXPECT_EQ(order.back(), 5);
  }
}

// Threads 0 and 1 pause until thread 2, whatever its priority, has taken ten steps.
TEST(PctStrategyTest, SpinningThreadsDoNotStarveTheOwner) {
  PctStrategy strategy({.depth = 3, .threads = 3, .steps = 100});
  std::array<Announcement, kMaxThreads> next{};
  next[0].kind = next[1].kind = OpKind::kPause;
  next[2].kind = OpKind::kStore;
  for (uint64_t key = 0; key < 1000; ++key) {
    strategy.Begin(key);
    PickView view{.threads = 3, .enabled = 0b111, .next = &next};
    int owner_steps = 0;
    for (; owner_steps < 10 && view.step < 100; ++view.step) {
      view.current = strategy.Pick(view);
      if (view.current == 2) ++owner_steps;
      // The world's own fairness: who has paused is not offered at once.
      view.enabled = view.current == 2 ? 0b111 : 0b111 & ~(1u << view.current);
    }
    EXPECT_EQ(owner_steps, 10) << key;
  }
}

TEST(PctStrategyTest, AYieldLetsOthersInHalfOfTheTime) {
  PctStrategy strategy({.depth = 1, .threads = 2, .steps = 10});
  std::array<Announcement, kMaxThreads> next{};
  next[0].kind = OpKind::kYield;
  int stayed = 0;
  int ran_first = 0;
  for (uint64_t key = 0; key < 20000; ++key) {
    strategy.Begin(key);
    PickView view{.threads = 2, .current = 1, .enabled = 0b11, .next = &next};
    if (strategy.Pick(view) != 0) continue;
    ++ran_first;
    view.current = 0;
    view.step = 1;
    stayed += strategy.Pick(view) == 0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(stayed) / ran_first, 0.5, 0.03);
}

TEST(PctStrategyTest, StaleReadsAndYieldsAreRarer) {
  PctStrategy strategy({});
  strategy.Begin(5);
  for (Choice kind : {Choice::kStaleRead, Choice::kYield}) {
    int taken = 0;
    for (int i = 0; i < 20000; ++i) taken += strategy.Choose(2, kind) != 0 ? 1 : 0;
    EXPECT_NEAR(taken, 5000, 250);
  }
  std::vector<int> grace(3);
  for (int i = 0; i < 30000; ++i) ++grace[strategy.Choose(3, Choice::kGracePeriod)];
  for (int count : grace) EXPECT_NEAR(count, 10000, 400);
}

TEST(PctStrategyTest, SpecAndBound) {
  const PctStrategy strategy({.depth = 3, .threads = 3, .steps = 58});
  EXPECT_EQ(strategy.spec(), "pct:3,n=3,k=58");
  EXPECT_EQ(strategy.bound(),
            "P >= 1/(3*58^2) = 9.9e-05 per execution for a bug of depth 3, covering thread "
            "choices only");
  EXPECT_EQ(PctStrategy({.depth = 2, .threads = 3, .steps = 58}).bound().substr(0, 15),
            "P >= 1/(3*58) =");
  EXPECT_EQ(PctStrategy({.depth = 1, .threads = 4, .steps = 58}).bound().substr(0, 15),
            "P >= 1/4 = 0.25");
}

}  // namespace
}  // namespace racewalk
