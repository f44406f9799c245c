#include "ci/sentences.h"

#include <cstdint>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

TEST(Grouped, ByThousands) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Count(1, "execution"), "1 execution");
  EXPECT_EQ(Count(2000, "execution"), "2,000 executions");
}

TEST(DurationText, IsInTheUnitThatItTakes) {
  EXPECT_EQ(DurationText(0.4), "400 ms");
  EXPECT_EQ(DurationText(1.5), "1.5 s");
  EXPECT_EQ(DurationText(30.2), "30 s");
}

// Goal: the number promised is the number computed, about 5 % by construction.
TEST(Luck, IsAboutFivePercentForEverySize) {
  for (uint64_t n : {9u, 100u, 1000u, 12345u, 1000000u}) {
    const Luck luck = LuckOf(n);
    EXPECT_GE(luck.once_in, 2u) << n;
    EXPECT_LE(luck.probability, 0.06) << n;
    EXPECT_GT(luck.probability, 0.0) << n;
  }
  EXPECT_EQ(LuckSentence(LuckOf(300)),
            "300 clean executions; a bug that shows once in 100 executions would have been missed "
            "with probability 0.049");
}

TEST(Luck, SaysNothingOfTooFew) {
  EXPECT_THAT(LuckSentence(LuckOf(0)), HasSubstr("too few"));
  EXPECT_THAT(LuckSentence(LuckOf(5)), HasSubstr("too few"));
}

}  // namespace
}  // namespace racewalk
