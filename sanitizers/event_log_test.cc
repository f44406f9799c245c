// Goal: a log keeps the last events in order and whole, says how many there have
// been, and lies in memory that processes share.
// Method: one thread writes more than fits; a child writes for its parent.
#include "sanitizers/event_log.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace racewalk {
namespace {

StressEvent Number(uint64_t value) {
  return {.kind = EventKind::kStore,
          .at = point::table_publish,
          .weakened = value % 2 == 1,
          .word = "counter",
          .owner = value + 1,
          .value = value,
          .time = value + 2,
          .where = std::source_location::current()};
}

TEST(EventLogTest, AllOfAnEventComesBack) {
  const auto log = std::make_unique<EventLog>();
  log->Add(Number(7));
  StressEvent trace{.kind = EventKind::kTrace, .trace = TraceKind::kCollapsed};
  log->Add(trace);
  const std::vector<StressEvent> events = log->Last(10);
  ASSERT_EQ(events.size(), 2u);
  const StressEvent& first = events[0];
  EXPECT_EQ(first.kind, EventKind::kStore);
  EXPECT_EQ(first.at, point::table_publish);
  EXPECT_TRUE(first.weakened);
  EXPECT_STREQ(first.word, "counter");
  EXPECT_EQ(first.owner, 8u);
  EXPECT_EQ(first.value, 7u);
  EXPECT_EQ(first.time, 9u);
  EXPECT_STREQ(first.where.file_name(), Number(0).where.file_name());
  EXPECT_EQ(first.where.line(), Number(0).where.line());
  EXPECT_EQ(events[1].kind, EventKind::kTrace);
  EXPECT_EQ(events[1].trace, TraceKind::kCollapsed);
  EXPECT_EQ(events[1].at, point::none);
  EXPECT_FALSE(events[1].weakened);
}

TEST(EventLogTest, KeepsTheNewest) {
  const auto log = std::make_unique<EventLog>();
  EXPECT_TRUE(log->Last(10).empty());
  const uint64_t count = EventLog::kEvents * 2 + 5;
  for (uint64_t i = 0; i < count; ++i) log->Add(Number(i));
  EXPECT_EQ(log->written(), count);
  const std::vector<StressEvent> all = log->Last(2 * EventLog::kEvents);
  ASSERT_EQ(all.size(), EventLog::kEvents);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].value, count - EventLog::kEvents + i);
    EXPECT_EQ(all[i].weakened, all[i].value % 2 == 1);
  }
  const std::vector<StressEvent> last = log->Last(3);
  ASSERT_EQ(last.size(), 3u);
  EXPECT_EQ(last[2].value, count - 1);
  log->Clear();
  EXPECT_TRUE(log->Last(3).empty());
}

TEST(EventLogTest, KeepsStepsThatWereLeftOutForLonger) {
  const auto log = std::make_unique<EventLog>();
  log->Add({.kind = EventKind::kTrace, .at = point::flush_frozen, .weakened = true, .value = 1});
  for (uint64_t i = 0; i < EventLog::kEvents; ++i) log->Add(Number(i));
  ASSERT_EQ(log->LeftOut().size(), 1u);
  EXPECT_EQ(log->LeftOut()[0].at, point::flush_frozen);
  for (uint64_t i = 2; i < EventLog::kLeftOut + 5; ++i) {
    log->Add({.kind = EventKind::kTrace, .at = point::flush_frozen, .weakened = true, .value = i});
  }
  ASSERT_EQ(log->LeftOut().size(), EventLog::kLeftOut);
  EXPECT_EQ(log->LeftOut().back().value, EventLog::kLeftOut + 4);
  log->Clear();
  EXPECT_TRUE(log->LeftOut().empty());
}

TEST(EventLogTest, OutlivesTheProcessThatWrites) {
  void* const memory =
      mmap(nullptr, sizeof(EventLog), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const log = static_cast<EventLog*>(memory);  // zero is empty
  EXPECT_EQ(log->written(), 0u);
  const pid_t child = fork();
  if (child == 0) {
    log->Add(Number(4));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  const std::vector<StressEvent> events = log->Last(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].value, 4u);
  EXPECT_STREQ(events[0].word, "counter");
  munmap(memory, sizeof(EventLog));
}

}  // namespace
}  // namespace racewalk
