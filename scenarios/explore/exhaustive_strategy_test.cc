// Goal: `full` and `bound:k` run every execution that they should, once, and a
// path names each of them. Method: toy threads, whose orders can be counted by
// formula and by brute force.
#include "scenarios/explore/exhaustive_strategy.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "scenarios/explore/toy_world.h"

namespace racewalk {
namespace {

using Order = std::vector<int>;

constexpr uint64_t kTooMany = 1'000'000;

// Every order that `strategy` runs; fails if one comes twice.
std::set<Order> All(ExhaustiveStrategy& strategy, const std::vector<int>& lengths) {
  std::set<Order> orders;
  for (uint64_t i = 0; !strategy.exhausted() && i < kTooMany; ++i) {
    const Order order = RunToy(strategy, i * 7, lengths);
    EXPECT_TRUE(orders.insert(order).second) << strategy.last();
    EXPECT_FALSE(strategy.divergence().has_value());
  }
  EXPECT_TRUE(strategy.exhausted());
  return orders;
}

// Every order there is, by permuting.
std::set<Order> AllOrders(const std::vector<int>& lengths) {
  Order order;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    order.insert(order.end(), static_cast<std::size_t>(lengths[i]), static_cast<int>(i));
  }
  std::set<Order> orders;
  do {
    orders.insert(order);
  } while (std::next_permutation(order.begin(), order.end()));
  return orders;
}

// Switches away from a thread that has steps left.
uint32_t Preemptions(const Order& order, std::vector<int> lengths) {
  uint32_t preemptions = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && order[i] != order[i - 1] && lengths[static_cast<std::size_t>(order[i - 1])] > 0) {
      ++preemptions;
    }
    --lengths[static_cast<std::size_t>(order[i])];
  }
  return preemptions;
}

TEST(ExhaustiveStrategyTest, FullRunsEveryInterleavingOnce) {
  for (const auto& [lengths, expected] :
       std::vector<std::pair<std::vector<int>, std::size_t>>{{{1, 0}, 1},
                                                             {{3, 2}, 10},
                                                             {{5, 5}, 252},
                                                             {{2, 2, 2}, 90},
                                                             {{3, 3, 2}, 560},
                                                             {{1, 1, 1, 1, 1, 1}, 720},
                                                             {{8, 8}, 12870}}) {
    ExhaustiveStrategy strategy;
    EXPECT_EQ(All(strategy, lengths).size(), expected);
    EXPECT_EQ(strategy.claim(), "exhausted");
    EXPECT_DOUBLE_EQ(strategy.done(), 1);
  }
}

TEST(ExhaustiveStrategyTest, BoundRunsExactlyTheOrdersWithFewPreemptions) {
  for (const std::vector<int>& lengths :
       std::vector<std::vector<int>>{{4, 4}, {3, 3, 2}, {2, 5}, {2, 2, 2, 1}}) {
    const std::set<Order> every = AllOrders(lengths);
    for (uint32_t bound : {0u, 1u, 2u, 3u, 20u}) {
      std::set<Order> expected;
      for (const Order& order : every) {
        if (Preemptions(order, lengths) <= bound) expected.insert(order);
      }
      ExhaustiveStrategy strategy(bound);
      EXPECT_EQ(All(strategy, lengths), expected) << bound;
    }
  }
}

TEST(ExhaustiveStrategyTest, AYieldAndAPauseAreNoPreemption) {
  for (OpKind kind : {OpKind::kYield, OpKind::kPause, OpKind::kLoad}) {
    const Announcement load{.kind = OpKind::kLoad};
    const ToyProgram program{{load, {.kind = kind}, load}, {load, load}};
    std::set<Order> orders;
    ExhaustiveStrategy strategy(0);
    while (!strategy.exhausted()) orders.insert(RunToy(strategy, 0, program));
    EXPECT_EQ(orders.count({0, 1, 1, 0, 0}), kind == OpKind::kLoad ? 0u : 1u);
    EXPECT_EQ(orders.count({0, 0, 0, 1, 1}), kind == OpKind::kPause ? 0u : 1u);
  }
}

TEST(ExhaustiveStrategyTest, ChoicesAreEnumeratedToo) {
  ExhaustiveStrategy strategy;
  std::set<std::array<uint32_t, 3>> seen;
  while (!strategy.exhausted()) {
    strategy.Begin(0);
    std::array<uint32_t, 3> values{};
    values[0] = strategy.Choose(3, Choice::kGracePeriod);
    // How many there are depends on what was chosen before.
    values[1] = strategy.Choose(2 + values[0], Choice::kGracePeriod);
    if (values[1] == 1) values[2] = strategy.Choose(60, Choice::kReuse);
    strategy.End();
    EXPECT_TRUE(seen.insert(values).second);
  }
  EXPECT_EQ(seen.size(), 2u + 3 + 4 - 3 + 3 * 60);
}

TEST(ExhaustiveStrategyTest, AnExecutionWithoutADecisionIsAll) {
  ExhaustiveStrategy strategy;
  EXPECT_FALSE(strategy.exhausted());
  RunToy(strategy, 0, std::vector<int>{4});
  EXPECT_TRUE(strategy.exhausted());
  EXPECT_EQ(strategy.last(), "path:-");
}

// Goal: work can be cut into chunks that run in different processes.
TEST(ExhaustiveStrategyTest, GoesOnFromAPath) {
  const std::vector<int> lengths{3, 3, 2};
  for (std::optional<uint32_t> bound : {std::optional<uint32_t>{}, std::optional<uint32_t>(2)}) {
    ExhaustiveStrategy whole(bound);
    const std::set<Order> expected = All(whole, lengths);
    std::set<Order> seen;
    std::string next = "-";
    bool exhausted = false;
    double done = 0;
    while (!exhausted) {
      ExhaustiveStrategy part(bound);
      ASSERT_TRUE(part.GoTo(next));
      EXPECT_EQ(part.next(), next);
      for (int i = 0; i < 7 && !part.exhausted(); ++i) {
        EXPECT_TRUE(seen.insert(RunToy(part, 0, lengths)).second);
        EXPECT_GT(part.done(), done);
        done = part.done();
      }
      exhausted = part.exhausted();
      if (!exhausted) next = part.next();
    }
    EXPECT_EQ(seen, expected);
    EXPECT_DOUBLE_EQ(done, 1);
  }
}

TEST(ExhaustiveStrategyTest, APathRepeatsItsExecution) {
  const std::vector<int> lengths{3, 2, 2};
  ExhaustiveStrategy strategy;
  while (!strategy.exhausted()) {
    const Order order = RunToy(strategy, 0, lengths);
    absl::StatusOr<std::unique_ptr<Strategy>> path = MakeStrategy(strategy.last(), {});
    ASSERT_TRUE(path.ok()) << path.status();
    EXPECT_EQ((*path)->spec(), strategy.last());
    EXPECT_EQ(RunToy(**path, 5, lengths), order);
    EXPECT_EQ(RunToy(**path, 6, lengths), order);
    EXPECT_FALSE((*path)->divergence().has_value());
  }
}

TEST(ExhaustiveStrategyTest, AWorldThatChangesIsADivergence) {
  ExhaustiveStrategy strategy;
  RunToy(strategy, 0, std::vector<int>{2, 2});
  EXPECT_FALSE(strategy.divergence().has_value());
  RunToy(strategy, 0, std::vector<int>{2, 2, 2});
  EXPECT_TRUE(strategy.divergence().has_value());
  EXPECT_FALSE(strategy.exhausted());
  EXPECT_FALSE(strategy.GoTo("NO"));
  ASSERT_TRUE(strategy.GoTo("00001111000"));  // more decisions than there are
  RunToy(strategy, 0, std::vector<int>{2, 2});
  EXPECT_TRUE(strategy.divergence().has_value());
}

}  // namespace
}  // namespace racewalk
