#include "scenarios/violation_text.h"

#include <string>
#include <vector>

#include "core/violation.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

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

}  // namespace
}  // namespace racewalk
