#include "ci/round_events.h"

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ci/guest_frames.h"
#include "core/platform/event.h"
#include "core/platform/platform.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/event_log.h"
#include "sanitizers/stress_atomic.h"
#include "sanitizers/stress_thread.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string TextOf(const StressEvent& event) { return EventTexts(GuestFrames()).Of(event, {}); }

TEST(RoundEvents, SayWhatWasDoneWhereAndAtWhichPoint) {
  const StressEvent load{.kind = EventKind::kLoad,
                         .at = point::walk_follow,
                         .weakened = true,
                         .word = "counter",
                         .value = 1 << 20,
                         .where = std::source_location::current()};
  const std::string text = TextOf(load);
  EXPECT_THAT(text, StartsWith("load counter -> 0x100000  round_events_test.cc:"));
  EXPECT_THAT(text, HasSubstr(" @walk_follow (weakened)"));
  EXPECT_EQ(TextOf({.kind = EventKind::kLock, .word = "mmu_lock"}), "lock mmu_lock");
  EXPECT_EQ(TextOf({.kind = EventKind::kTrace, .trace = TraceKind::kTableFreed, .value = 3}),
            "free table page 3");
  EXPECT_EQ(TextOf({.kind = EventKind::kTrace,
                    .trace = TraceKind::kEntrySet,
                    .value = uint64_t{65541} << 16 | 37}),
            "set entry 37 of table page 65541");
  EXPECT_EQ(TextOf({.kind = EventKind::kTrace, .at = point::flush_frozen, .weakened = true}),
            "left out @flush_frozen (weakened)");
}

// Method: words of the platform itself, so that what packs names is what is read here.
TEST(RoundEvents, WordsAreNamedAsTheyWereMade) {
  EventLog log;
  {
    const StressThread self("a", 0, &log);
    StressAtomic<uint32_t> page(WordName{"page_dirty", 4});
    StressAtomic<uint32_t> bits(WordName{"dirty_bitmap", 2, 70'000});
    StressAtomic<uint32_t> alone(WordName{"slots"});
    page.store(1, std::memory_order_relaxed);
    bits.store(2, std::memory_order_relaxed);
    alone.store(3, std::memory_order_relaxed);
  }
  std::vector<std::string> texts;
  for (const StressEvent& event : log.Last(3)) texts.push_back(TextOf(event));
  EXPECT_THAT(texts, ElementsAre(StartsWith("store page_dirty[4] := 1 "),
                                 StartsWith("store dirty_bitmap[2.70000] := 2 "),
                                 StartsWith("store slots := 3 ")));
}

TEST(RoundEvents, EntriesAreNumberedAsTheyCome) {
  EventTexts texts{GuestFrames()};
  const auto load = [&](uint64_t address) {
    return texts.Of({.kind = EventKind::kLoad, .word = "entry", .owner = address, .value = 7}, {});
  };
  EXPECT_EQ(load(0x7fff00), "load entry#1 -> 7");
  EXPECT_EQ(load(0x7fff08), "load entry#2 -> 7");
  EXPECT_EQ(load(0x7fff00), "load entry#1 -> 7");
}

TEST(RoundEvents, OperationsAreTheThreads) {
  const std::vector<Operation> operations = {{.verb = Verb::kWrite}, {.verb = Verb::kClose}};
  EventTexts texts{GuestFrames()};
  EXPECT_EQ(texts.Of({.kind = EventKind::kBegin, .value = 0}, operations), "begin write 0");
  EXPECT_EQ(texts.Of({.kind = EventKind::kEnd, .value = 0}, operations), "done with write 0");
  // Of the second turn.
  EXPECT_EQ(texts.Of({.kind = EventKind::kBegin, .value = 3}, operations), "begin close");
}

class RoundTimeline : public ::testing::Test {
 protected:
  void Add(EventLog& log, uint64_t time, uint64_t value) {
    log.Add({.kind = EventKind::kStore, .word = "w", .value = value, .time = time});
  }
  std::vector<std::string> Lines(std::size_t most) {
    std::vector<std::string> lines;
    for (const TimelineEvent& event :
         Timeline({{.name = "a", .log = a_.get()}, {.name = "h", .log = h_.get()}}, most, {})) {
      lines.push_back(absl::StrCat(event.thread, " ", event.text));
    }
    return lines;
  }

  const std::unique_ptr<EventLog> a_ = std::make_unique<EventLog>();
  const std::unique_ptr<EventLog> h_ = std::make_unique<EventLog>();
};

TEST_F(RoundTimeline, ThreadsAreMergedByTime) {
  Add(*a_, 10, 1);
  Add(*h_, 20, 2);
  Add(*a_, 30, 3);
  Add(*h_, 40, 4);
  EXPECT_THAT(Lines(10),
              ElementsAre("a store w := 1", "h store w := 2", "a store w := 3", "h store w := 4"));
  EXPECT_THAT(Lines(2), ElementsAre("a store w := 3", "h store w := 4"));
}

TEST_F(RoundTimeline, AWordWithManyOwnersHasThemAllTold) {
  a_->Add({.kind = EventKind::kLoad, .word = "mode", .owner = 0, .time = 1});
  h_->Add({.kind = EventKind::kLoad, .word = "mode", .owner = uint64_t{1} << 32, .time = 2});
  EXPECT_THAT(Lines(10), ElementsAre("a load mode[0] -> 0", "h load mode[1] -> 0"));
}

TEST_F(RoundTimeline, NoThreadGoesBackInTime) {
  Add(*a_, 30, 1);
  Add(*a_, 10, 2);  // the clock of another processor
  Add(*h_, 20, 3);
  EXPECT_THAT(Lines(10), ElementsAre("h store w := 3", "a store w := 1", "a store w := 2"));
}

TEST_F(RoundTimeline, WhatExplainsTheOthersIsKeptAlthoughItIsOld) {
  a_->Add({.kind = EventKind::kTrace, .at = point::flush_frozen, .weakened = true, .time = 1});
  h_->Add({.kind = EventKind::kLock, .word = "mmu_lock", .time = 5});  // where it is stuck
  for (uint64_t i = 0; i < 2 * EventLog::kEvents; ++i) Add(*a_, 10 + i, i);
  EXPECT_THAT(Lines(2), ElementsAre("a left out @flush_frozen (weakened)", "h lock mmu_lock",
                                    "... ", "a store w := 510", "a store w := 511"));
  // In the ring still: told once all the same.
  a_->Clear();
  h_->Clear();
  a_->Add({.kind = EventKind::kTrace, .at = point::flush_frozen, .weakened = true, .time = 1});
  EXPECT_THAT(Lines(2), ElementsAre("a left out @flush_frozen (weakened)"));
}

}  // namespace
}  // namespace racewalk
