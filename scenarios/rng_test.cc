// Goal: the generator is the published one, and unbiased. Method: reference
// values, and counts from fixed seeds against wide statistical limits.
#include "scenarios/rng.h"

#include <array>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

TEST(RngTest, Mix64IsSplitmix64) {
  // The first outputs of the reference splitmix64 from state 0 and 1234567.
  EXPECT_EQ(Mix64(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(Mix64(1234567), 6457827717110365317u);
}

TEST(RngTest, SameKeySameNumbers) {
  Rng a(7);
  Rng b(8);
  b.Seed(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.Next(), b.Next());
}

// Kept numbers: a change here breaks every token that was ever printed.
TEST(RngTest, NumbersNeverChange) {
  Rng rng(1);
  EXPECT_EQ(rng.Next(), 12966619160104079557u);
  EXPECT_EQ(rng.Next(), 9600361134598540522u);
}

TEST(RngTest, BelowStaysBelowAndCoversAll) {
  Rng rng(3);
  for (uint32_t n : {1u, 2u, 3u, 7u, 1000u, 0x80000001u, 0xffffffffu}) {
    for (int i = 0; i < 1000; ++i) EXPECT_LT(rng.Below(n), n);
  }
}

TEST(RngTest, BelowIsUniform) {
  Rng rng(4);
  for (uint32_t n : {2u, 3u, 5u, 6u}) {
    std::vector<int> seen(n);
    const int rounds = 60000;
    for (int i = 0; i < rounds; ++i) ++seen[rng.Below(n)];
    double chi_square = 0;
    const double expected = static_cast<double>(rounds) / n;
    for (int count : seen) chi_square += (count - expected) * (count - expected) / expected;
    EXPECT_LT(chi_square, 25.0) << n;  // beyond 1 in 10,000 for 5 degrees of freedom
  }
}

// Without rejection a third of the values would be twice as likely.
TEST(RngTest, BelowIsUnbiasedForLargeRanges) {
  Rng rng(5);
  const uint32_t n = 0xc0000000u;
  std::array<int, 3> thirds{};
  for (int i = 0; i < 30000; ++i) ++thirds[rng.Below(n) / (n / 3)];
  for (int count : thirds) EXPECT_NEAR(count, 10000, 400);
  int multiples = 0;
  for (int i = 0; i < 30000; ++i) multiples += rng.Below(n) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(multiples, 10000, 400);
}

}  // namespace
}  // namespace racewalk
