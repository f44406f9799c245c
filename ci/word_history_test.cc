// Goal: what words held at any time is what the events say, stale loads
// notwithstanding. Method: events written by hand.
#include "ci/word_history.h"

#include <cstdint>
#include <vector>

#include "core/platform/event.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;

Event Make(EventKind kind, uint32_t index, uint64_t value, uint64_t previous = 0) {
  return {.kind = kind,
          .word = {.what = "entry", .owner = 5, .index = index},
          .value = value,
          .previous = previous,
          .store = 1,
          .newest = 1};
}

TEST(WordHistory, FollowsStoresAndStartsWithWhatWasFound) {
  const WordHistory history({Make(EventKind::kLoad, 1, 7),
                             Make(EventKind::kStore, 0, 3, 2),
                             Make(EventKind::kCompareExchange, 1, 8, 7),
                             {.kind = EventKind::kPause}});
  ASSERT_EQ(history.words.size(), 2u);
  EXPECT_EQ(history.words[0].name.index, 0u);
  EXPECT_THAT(history.At(0), ElementsAre(2, 7));
  EXPECT_THAT(history.At(2), ElementsAre(3, 7));
  EXPECT_THAT(history.At(4), ElementsAre(3, 8));
  ASSERT_EQ(history.changes.size(), 2u);
  EXPECT_EQ(history.changes[1].from, 7u);
  EXPECT_EQ(history.word_of[3], WordHistory::kNoWord);
}

TEST(WordHistory, AStaleLoadChangesNothing) {
  Event stale = Make(EventKind::kLoad, 0, 1);
  stale.newest = 2;
  const WordHistory history({stale, Make(EventKind::kStore, 0, 2, 1), stale});
  EXPECT_THAT(history.At(1), ElementsAre(1));
  EXPECT_THAT(history.At(3), ElementsAre(2));
}

// A page that is used anew is set up without events.
TEST(WordHistory, AWordThatBeganAnewIsNoticed) {
  const WordHistory history(
      {Make(EventKind::kStore, 0, 5, 0), Make(EventKind::kCompareExchange, 0, 9, 0)});
  EXPECT_THAT(history.At(2), ElementsAre(9));
  EXPECT_EQ(history.changes[1].from, 0u);
}

TEST(StateText, TablesAndWordsThatChange) {
  std::vector<Event> events = {Make(EventKind::kLoad, 0, 4), Make(EventKind::kStore, 1, 6, 5)};
  events.insert(events.begin() + 1, {.kind = EventKind::kBegin});
  events.push_back({.kind = EventKind::kPlainStore, .word = {.what = "count"}, .value = 2});
  events.push_back({.kind = EventKind::kLoad, .word = {.what = "still"}, .value = 1});
  EXPECT_EQ(StateText(events, events.size()),
            "page tables:\n  table 5  [0] 4 [1] 6\nother words that change:\n  count = 2\n");
  EXPECT_EQ(StateText({}, 0), "page tables:\n  none was used\nother words that change:\n  none\n");
}

}  // namespace
}  // namespace racewalk
