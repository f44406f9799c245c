// Goal: exact while it says so, close afterwards, and the same whatever the
// order. Method: known numbers of distinct values, also badly mixed ones.
#include "scenarios/explore/distinct.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

TEST(DistinctCounterTest, IsExactUpToItsCapacity) {
  DistinctCounter counter(1000);
  EXPECT_EQ(counter.count(), 0u);
  for (int round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < 1000; ++i) counter.Add(i);
    EXPECT_EQ(counter.count(), 1000u);
    EXPECT_TRUE(counter.exact());
  }
  counter.Add(1000);
  EXPECT_FALSE(counter.exact());
  EXPECT_NEAR(static_cast<double>(counter.count()), 1000, 100);
}

TEST(DistinctCounterTest, EstimatesWithinFourStandardErrors) {
  for (uint64_t n : {5'000u, 50'000u, 500'000u}) {
    DistinctCounter counter(4096);
    for (uint64_t i = 0; i < n; ++i) {
      counter.Add(i << 40);
      counter.Add(i << 40);
    }
    EXPECT_NEAR(static_cast<double>(counter.count()) / static_cast<double>(n), 1, 4.0 / 64) << n;
  }
}

TEST(DistinctCounterTest, DefaultIsExactToAMillion) {
  DistinctCounter counter;
  for (uint64_t i = 0; i < 1'000'000; ++i) counter.Add(i);
  EXPECT_TRUE(counter.exact());
  EXPECT_EQ(counter.count(), 1'000'000u);
}

TEST(DistinctCounterTest, OrderAndMergingDoNotMatter) {
  DistinctCounter up(256);
  DistinctCounter down(256);
  DistinctCounter left(256);
  DistinctCounter right(256);
  const uint64_t n = 10'000;
  for (uint64_t i = 0; i < n; ++i) {
    up.Add(i);
    down.Add(n - 1 - i);
    (i % 3 == 0 ? left : right).Add(i);
    if (i % 5 == 0) left.Add(i);
  }
  left.Merge(right);
  left.Merge(left);
  EXPECT_EQ(up.Serialize(), down.Serialize());
  EXPECT_EQ(up.Serialize(), left.Serialize());
  EXPECT_EQ(up.count(), left.count());
}

TEST(DistinctCounterTest, MergesExactCountersExactly) {
  DistinctCounter a(100);
  DistinctCounter b(50);
  for (uint64_t i = 0; i < 40; ++i) a.Add(i);
  for (uint64_t i = 30; i < 70; ++i) b.Add(i);
  a.Merge(b);
  EXPECT_TRUE(a.exact());
  EXPECT_EQ(a.count(), 70u);
}

TEST(DistinctCounterTest, MergingACoarserCounterMakesTheEstimateCoarser) {
  DistinctCounter fine(4096);
  DistinctCounter coarse(1024);
  for (uint64_t i = 0; i < 2'000; ++i) fine.Add(i);
  for (uint64_t i = 2'000; i < 20'000; ++i) coarse.Add(i);
  fine.Merge(coarse);
  EXPECT_FALSE(fine.exact());
  EXPECT_NEAR(static_cast<double>(fine.count()) / 20'000, 1, 4.0 / 32);
}

TEST(DistinctCounterTest, SerializesAndGoesOn) {
  for (uint64_t n : {0u, 10u, 64u, 70u, 5'000u}) {
    DistinctCounter counter(64);
    for (uint64_t i = 0; i < n; ++i) counter.Add(i);
    auto copy = DistinctCounter::Deserialize(counter.Serialize());
    ASSERT_TRUE(copy.ok());
    EXPECT_EQ(copy->count(), counter.count());
    EXPECT_EQ(copy->exact(), counter.exact());
    for (uint64_t i = 0; i < 10'000; ++i) {
      copy->Add(i);
      counter.Add(i);
    }
    EXPECT_EQ(copy->Serialize(), counter.Serialize());
  }
}

TEST(DistinctCounterTest, RefusesDamagedWords) {
  const uint64_t all = ~uint64_t{0};
  for (const std::vector<uint64_t>& words :
       {std::vector<uint64_t>{}, {64}, {15, all}, {64, all, 5, 5}, {64, all, 5, 4}, {64, 3, 4}}) {
    EXPECT_FALSE(DistinctCounter::Deserialize(words).ok());
  }
  EXPECT_FALSE(DistinctCounter::Deserialize(std::vector<uint64_t>(64, 16)).ok());
  EXPECT_TRUE(DistinctCounter::Deserialize({64, all, 4, 5}).ok());
}

}  // namespace
}  // namespace racewalk
