// Goal: `surw` is uniform where its counts are right, selective where a word is
// drawn, and loses no schedule where they are wrong. Method: toy threads, over
// many fixed keys; chi-square against limits many deviations wide.
#include "scenarios/explore/surw_strategy.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/explore/learner.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/explore/toy_world.h"

namespace racewalk {
namespace {

std::vector<Announcement> Stores(std::size_t count, uint32_t location) {
  return std::vector<Announcement>(count, {.kind = OpKind::kStore, .location = location});
}

std::unique_ptr<Strategy> Make(const std::string& spec) {
  auto strategy = MakeStrategy(spec, {});
  EXPECT_TRUE(strategy.ok()) << strategy.status();
  return *std::move(strategy);
}

// Chi-square per degree of freedom over the orders of two threads of ten: 1 for
// a uniform sample, with a standard deviation of 0.003.
double Unevenness(Strategy& strategy) {
  constexpr int kRuns = 400'000;
  constexpr double kOrders = 184'756;
  std::vector<uint32_t> counts(1u << 20);
  const ToyProgram program{Stores(10, 1), Stores(10, 1)};
  for (uint64_t i = 0; i < kRuns; ++i) {
    uint32_t order = 0;
    for (int thread : RunToy(strategy, ExecutionKey(9, i), program)) {
      order = order << 1 | static_cast<uint32_t>(thread);
    }
    ++counts[order];
  }
  double squares = 0;
  for (uint32_t count : counts) squares += static_cast<double>(count) * count;
  return (squares * kOrders / kRuns - kRuns) / (kOrders - 1);
}

TEST(SurwStrategyTest, IsUniformOverInterleavingsAndARandomWalkIsNot) {
  EXPECT_NEAR(Unevenness(*Make("surw:c=10.10")), 1, 0.02);
  RandomStrategy random;
  EXPECT_GT(Unevenness(random), 2);
}

// One word in the midst of others: half of the executions draw it.
TEST(SurwStrategyTest, TheOrderOnADrawnWordIsUniform) {
  ToyProgram program{Stores(1, 7), Stores(20, 100)};
  program[1].push_back(program[0][0]);
  auto strategy = Make("surw:c=1.21,w7=1.1");
  int late = 0;
  constexpr int kRuns = 40'000;
  for (uint64_t i = 0; i < kRuns; ++i) {
    late += RunToy(*strategy, ExecutionKey(2, i), program).back() == 0 ? 1 : 0;
  }
  // 1/2 on the word, 1/22 on all operations.
  EXPECT_NEAR(static_cast<double>(late) / kRuns, (1.0 / 2 + 1.0 / 22) / 2, 0.01);
}

TEST(SurwStrategyTest, WrongCountsLoseNoSchedule) {
  const ToyProgram program{Stores(3, 1), Stores(3, 1)};
  for (const char* spec : {"surw:c=0.0", "surw:c=1.9", "surw:c=9.1", "surw:c=1", "surw:c=3.3.50",
                           "surw:c=3.3,w9=5.5", "surw:c=3.3,w1=0.7"}) {
    auto strategy = Make(spec);
    std::set<std::vector<int>> orders;
    for (uint64_t i = 0; i < 20'000; ++i) orders.insert(RunToy(*strategy, i, program));
    EXPECT_EQ(orders.size(), 20u) << spec;
  }
}

TEST(SurwStrategyTest, SpinningThreadsDoNotStarveTheOwner) {
  const std::vector<Announcement> spins(50, {.kind = OpKind::kPause});
  auto strategy = Make("surw:c=9.9.1");
  for (uint64_t key = 0; key < 200; ++key) {
    EXPECT_EQ(RunToy(*strategy, key, {spins, spins, Stores(2, 1)}).size(), 102u);
  }
}

TEST(LearnerTest, CountsByThreadAndByContendedWord) {
  ToyProgram program{Stores(4, 5), Stores(2, 5), Stores(3, 6)};
  program[0].push_back({.kind = OpKind::kLoad, .location = 9});  // read only
  program[1].push_back({.kind = OpKind::kLoad, .location = 9});
  program[1].push_back({.kind = OpKind::kLoad, .location = 6});
  program[2].push_back({.kind = OpKind::kRcuWork});  // no location
  Learner learner;
  for (uint64_t key = 0; key < 10; ++key) RunToy(learner, key, program);
  Profile profile{.threads = 3};
  learner.Fill(profile);
  EXPECT_EQ(profile.operations, (std::array<uint32_t, kMaxThreads>{5, 4, 3}));
  EXPECT_EQ(profile.words, (std::vector<WordProfile>{{5, {4, 2}}, {6, {0, 1, 3}}}));
  auto strategy = MakeStrategy("surw", profile);
  ASSERT_TRUE(strategy.ok());
  EXPECT_EQ((*strategy)->spec(), "surw:c=5.4.3,w5=4.2.0,w6=0.1.3");
}

// Goal: what is learned does not change what the pilot runs.
TEST(LearnerTest, DecidesAsRandomDoes) {
  Learner learner;
  RandomStrategy random;
  for (uint64_t key = 0; key < 100; ++key) {
    EXPECT_EQ(RunToy(learner, key, std::vector<int>{3, 3}),
              RunToy(random, key, std::vector<int>{3, 3}));
  }
}

}  // namespace
}  // namespace racewalk
