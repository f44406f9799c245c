#include "ci/sentences.h"

#include <string>
#include <vector>

#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string>& Threads() {
  static const auto* const threads = new std::vector<std::string>{"a", "m", "rcu"};
  return *threads;
}

TEST(ViolationSentence, FillsEveryName) {
  Violation violation{.kind = ViolationKind::kStaleTranslation,
                      .what =
                          "{thread} reached page {pfn} through guest frame {gfn} after {other} "
                          "had unmapped it ({value})",
                      .gfn = 3,
                      .pfn = 5,
                      .value = 7,
                      .thread = 0,
                      .other = 1};
  EXPECT_EQ(ViolationSentence(violation, Threads()),
            "a reached page 5 through guest frame 3 after m had unmapped it (7).");
}

TEST(ViolationSentence, SaysWhatItDoesNotKnow) {
  const Violation violation{
      .kind = ViolationKind::kLeak, .what = "{other}: {gfn} {thread}", .thread = 9};
  EXPECT_EQ(ViolationSentence(violation, Threads()), "another thread: ? thread 9.");
}

TEST(ViolationSentence, LeavesUnknownAndUnclosedBracesAlone) {
  EXPECT_EQ(ViolationSentence({.what = "a {nonsense} b {gfn"}, Threads()), "a {nonsense} b {gfn.");
}

TEST(ViolationSentence, FallsBackToTheKind) {
  EXPECT_EQ(ViolationSentence({.kind = ViolationKind::kDeadlock}, Threads()), "deadlock.");
}

TEST(PlaceText, LeavesFoldersOut) {
  EXPECT_EQ(PlaceText("/some/where/core/walk.h", 42), "walk.h:42");
  EXPECT_EQ(PlaceText("walk.h", 42), "walk.h:42");
  EXPECT_EQ(PlaceText("", 42), "");
  EXPECT_EQ(PlaceText("walk.h", 0), "");
}

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
