#include "ci/timeline.h"

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ci/terminal.h"
#include "ci/timeline_rows.h"
#include "core/platform/event.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"

namespace racewalk::timeline_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = TimelineRow::Kind;
using Mark = TimelineRow::Mark;

const std::vector<std::string>& Threads() {
  static const auto* const threads = new std::vector<std::string>{"a", "b", "rcu"};
  return *threads;
}

std::string OperationName(int thread, uint64_t ordinal) {
  return absl::StrCat("operation ", ordinal, " of ", thread);
}

// An event of a word that is the same for all.
Event Make(uint64_t step, int thread, EventKind kind, uint64_t value = 0) {
  return {.step = step,
          .thread = thread,
          .kind = kind,
          .word = {.what = "entry", .owner = 5, .index = 1},
          .value = value};
}

std::vector<TimelineRow> Rows(const std::vector<Event>& events, const Violation& violation = {}) {
  Recording recording;
  recording.events = events;
  recording.violation = violation;
  return TimelineRows(recording, Threads(), OperationName);
}

TEST(TimelineRows, OperationsAreHeadings) {
  const auto rows = Rows({Make(0, 1, EventKind::kBegin, 2), Make(1, 1, EventKind::kEnd)});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].kind, Kind::kBegin);
  EXPECT_EQ(rows[0].text, "operation 2 of 1");
  EXPECT_EQ(rows[1].kind, Kind::kEnd);
}

TEST(TimelineRows, AStaleReadNamesWhatItSawAndWhatItMissed) {
  Event first = Make(1, 0, EventKind::kStore, 10);
  first.store = 1;
  Event second = Make(2, 1, EventKind::kStore, 20);
  second.store = 2;
  Event load = Make(3, 0, EventKind::kLoad, 10);
  load.store = 1;
  load.newest = 2;
  const auto rows = Rows({first, second, load});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].text, "load entry[5.1] -> 10");
  EXPECT_EQ(
      rows[2].stale,
      "STALE: saw store 1 of 2, made at step 1 by a; the newest value is 20, made at step 2 by b");
  EXPECT_EQ(rows[1].stale, "");
}

// Goal: whose turn was taken away is told from who had to wait or had nothing to do.
TEST(TimelineRows, PreemptionsAreToldFromWaiting) {
  const auto rows = Rows({
      Make(1, 0, EventKind::kLoad),    // could have gone on
      Make(2, 1, EventKind::kLoad),    // its next event is a lock: it may have waited
      Make(3, 0, EventKind::kPause),   // let others go
      Make(4, 1, EventKind::kLock),    //
      Make(5, 0, EventKind::kLoad),    // has no more to do
      Make(6, 1, EventKind::kUnlock),  //
  });
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[1].preempted, 0);
  EXPECT_EQ(rows[2].preempted, -1);
  EXPECT_EQ(rows[3].preempted, -1);
  EXPECT_EQ(rows[4].preempted, 1);
  EXPECT_EQ(rows[5].preempted, -1);
}

TEST(TimelineRows, RunsOfPlainAccessesCollapse) {
  std::vector<Event> events;
  for (uint64_t i = 0; i < 5; ++i) {
    events.push_back(Make(1, 0, EventKind::kPlainLoad));
    events.back().word.index = static_cast<uint32_t>(i);
  }
  events.push_back(Make(2, 1, EventKind::kPlainStore));
  const auto rows = Rows(events);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].kind, Kind::kCollapsed);
  EXPECT_EQ(rows[0].text, "5 plain accesses: entry[5.0], entry[5.1], entry[5.2] and 2 more");
}

TEST(TimelineRows, TheMarkedStepsAreNeverCollapsed) {
  std::vector<Event> events;
  for (uint64_t i = 0; i < 8; ++i) events.push_back(Make(i, 0, EventKind::kPlainLoad));
  const auto rows =
      Rows(events,
           {.kind = ViolationKind::kDataRace, .thread = 0, .other = 0, .step = 7, .other_step = 3});
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].kind, Kind::kCollapsed);
  EXPECT_EQ(rows[1].mark, Mark::kCause);
  EXPECT_EQ(rows[1].step, 3u);
  EXPECT_EQ(rows[2].kind, Kind::kCollapsed);
  EXPECT_EQ(rows[3].mark, Mark::kVictim);
  EXPECT_EQ(rows[3].step, 7u);
}

TEST(TimelineRows, OfOneStepThePlaceDecidesWhichIsMarked) {
  std::vector<Event> events = {Make(1, 0, EventKind::kStore), Make(1, 0, EventKind::kPlainStore),
                               Make(1, 0, EventKind::kPlainLoad)};
  events[1].where = std::source_location::current();
  const auto rows = Rows(
      events, {.kind = ViolationKind::kDataRace, .thread = 0, .step = 1, .where = events[1].where});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].mark, Mark::kVictim);
  EXPECT_EQ(rows[2].mark, Mark::kNone);
}

// Goal: what nobody races does not bury what somebody does.
TEST(TimelineRows, SetupIsOneRow) {
  std::vector<Event> events;
  for (int i = 0; i < 9; ++i) events.push_back(Make(0, 0, EventKind::kStore, 7));
  for (uint32_t i = 0; i < 9; ++i) events[i].store = i + 1;
  events.push_back(Make(0, 0, EventKind::kBegin));
  events.push_back(Make(1, 0, EventKind::kLoad, 7));
  events.back().store = 8;
  events.back().newest = 9;
  const auto rows = Rows(events);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].text, "setup, 9 accesses");
  EXPECT_EQ(rows[0].preempted, -1);
  EXPECT_THAT(rows[2].stale, HasSubstr("newest value is 7"));
}

TEST(TimelineRows, WhatIsDoneAtRestIsOneRowUpToShortlyBeforeAMark) {
  std::vector<Event> events = {Make(1, 0, EventKind::kBegin), Make(2, 0, EventKind::kLoad),
                               Make(2, 0, EventKind::kEnd)};
  for (int i = 0; i < 50; ++i) events.push_back(Make(2, 2, EventKind::kLoad));
  const auto clean = Rows(events);
  ASSERT_EQ(clean.size(), 4u);
  EXPECT_EQ(clean[3].text, "at rest, 50 accesses");
  const auto marked = Rows(events, {.kind = ViolationKind::kLeak, .thread = 2, .step = 2});
  EXPECT_EQ(marked[3].text, "at rest, 37 accesses");
  EXPECT_EQ(marked.back().mark, Mark::kVictim);
  EXPECT_EQ(marked.size(), 4u + 13u);
}

TEST(TimelineRows, WordsHaveTheNumbersThatTellThemApart) {
  std::vector<Event> events = {Make(1, 0, EventKind::kLoad), Make(2, 0, EventKind::kLoad),
                               Make(3, 0, EventKind::kLoad), Make(4, 0, EventKind::kLoad)};
  events[0].word = {.what = "root_list"};
  events[1].word = {.what = "mode"};
  events[2].word = {.what = "mode", .owner = 1};
  events[3].word = {.what = "entry", .owner = 5, .index = 1};
  const auto rows = Rows(events);
  EXPECT_EQ(rows[0].text, "load root_list -> 0");
  EXPECT_EQ(rows[1].text, "load mode[0] -> 0");
  EXPECT_EQ(rows[2].text, "load mode[1] -> 0");
  EXPECT_EQ(rows[3].text, "load entry[5.1] -> 0");
}

TEST(TimelineRows, AMarkGoesToTheThreadThatIsMeant) {
  const auto rows = Rows({Make(4, 0, EventKind::kLoad), Make(4, 1, EventKind::kLoad)},
                         {.kind = ViolationKind::kLeak, .thread = 0, .step = 4});
  EXPECT_EQ(rows[0].mark, Mark::kVictim);
  EXPECT_EQ(rows[1].mark, Mark::kNone);
}

TEST(TimelineRows, MarkedPointsHasTheCausesFirst) {
  Recording recording;
  recording.events = {Make(1, 0, EventKind::kStore), Make(2, 1, EventKind::kLoad)};
  recording.events[0].at = point::table_publish;
  recording.events[1].at = point::walk_follow;
  recording.violation = {
      .kind = ViolationKind::kLeak, .thread = 1, .other = 0, .step = 2, .other_step = 1};
  EXPECT_THAT(MarkedPoints(recording), ElementsAre("table_publish", "walk_follow"));
}

TimelineRow Row(uint64_t step, int thread, std::string text) {
  TimelineRow row;
  row.step = step;
  row.thread = thread;
  row.text = std::move(text);
  return row;
}

// Goal: the whole look of it, once.
TEST(Timeline, LooksLikeThis) {
  std::vector<TimelineRow> rows;
  rows.push_back(Row(0, 0, "write 0"));
  rows.back().kind = Kind::kBegin;
  rows.push_back(Row(1, 0, "load(acquire) entry[5.1] -> 3"));
  rows.back().place = "walk.h:42";
  rows.back().point = "walk_follow";
  rows.push_back(Row(2, 1, "store entry[5.1] := 4 (was 3)"));
  rows.back().preempted = 0;
  rows.back().mark = Mark::kCause;
  rows.push_back(Row(3, 0, "load entry[5.1] -> 3"));
  rows.back().stale = "STALE: saw store 1 of 2";
  rows.back().mark = Mark::kVictim;
  rows.push_back(Row(4, 0, "done"));
  rows.back().kind = Kind::kEnd;
  const std::string text = FormatTimeline(rows, Threads(), {.width = 80});
  EXPECT_EQ(
      text,
      "    step  a   b   rcu\n"
      "   -----  -   -   ---\n"
      "       0  == write 0 ==\n"
      "       1  load(acquire) entry[5.1] -> 3                   walk.h:42 @walk_follow\n"
      "->     2  x   store entry[5.1] := 4 (was 3)\n"
      "          |       ^ this step made it wrong\n"
      "!!     3  load entry[5.1] -> 3\n"
      "              STALE: saw store 1 of 2\n"
      "              ^ here it was seen\n"
      "       4  done\n"
      "x: preempted, the thread could have gone on; |: inside an operation; @: protocol point\n");
}

TEST(Timeline, NoLineIsWiderThanTheTerminal) {
  std::vector<TimelineRow> rows;
  for (int thread = 0; thread < 3; ++thread) {
    std::string text = "store";
    for (int i = 0; i < 40; ++i) absl::StrAppend(&text, " word", i);
    rows.push_back(Row(123456, thread, text));
    rows.back().place = "a_rather_long_name_of_a_file.h:1234";
    rows.back().point = "a_rather_long_name_of_a_point";
  }
  for (int width : {80, 100, 120, 200}) {
    const std::string timeline = FormatTimeline(rows, Threads(), {.width = width});
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(timeline, '\n'))) {
      EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
    }
    for (int i = 0; i < 40; ++i) EXPECT_THAT(timeline, HasSubstr(absl::StrCat(" word", i)));
  }
}

TEST(Timeline, ColourOnlyWhereAskedFor) {
  const std::vector<TimelineRow> rows = {Row(1, 0, "pause")};
  EXPECT_THAT(FormatTimeline(rows, Threads(), {}), Not(HasSubstr("\033")));
  EXPECT_THAT(FormatTimeline(rows, Threads(), {.colour = true}), HasSubstr("\033["));
}

TEST(Timeline, NothingToShowIsAHeading) {
  EXPECT_EQ(FormatTimeline({}, {}, {}), "    step\n   -----\n");
}

}  // namespace
}  // namespace racewalk::timeline_test
