// Goal: an order is shown where the memory model gives one, a missing one only
// where a weakened point took it away, and the violation's own is told apart.
// Method: events written by hand; table_publish pairs with walk_follow.
#include "ci/synchronization.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/event.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Kind = SyncEdge::Kind;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

// An event of one word, "entry[5.1]".
Event Make(uint64_t step, int thread, EventKind kind, std::memory_order order, uint32_t store,
           point at = point::none) {
  return {.step = step,
          .thread = thread,
          .kind = kind,
          .order = order,
          .at = at,
          .word = {.what = "entry", .owner = 5, .index = 1},
          .value = store * 10,
          .previous = (store - 1) * 10,
          .store = store,
          .newest = store};
}

Recording Of(std::vector<Event> events, Violation violation = {}) {
  events.insert(events.begin(), {.kind = EventKind::kBegin});
  Recording recording;
  recording.events = std::move(events);
  recording.violation = violation;
  return recording;
}

TEST(SyncEdges, AnAcquireThatReadsAReleaseOfAnother) {
  const auto edges = SyncEdges(
      Of({Make(1, 0, EventKind::kStore, kRelease, 2), Make(2, 1, EventKind::kLoad, kAcquire, 2),
          Make(3, 0, EventKind::kLoad, kAcquire, 2)}));
  ASSERT_THAT(edges, SizeIs(1));
  EXPECT_EQ(edges[0].kind, Kind::kOrdered);
  EXPECT_EQ(edges[0].store, 1u);
  EXPECT_EQ(edges[0].load, 2u);
  EXPECT_FALSE(edges[0].missing);
}

TEST(SyncEdges, WhatIsRelaxedByDesignOrdersNothing) {
  EXPECT_THAT(
      SyncEdges(Of(
          {Make(1, 0, EventKind::kStore, kRelaxed, 2), Make(2, 1, EventKind::kLoad, kAcquire, 2),
           Make(3, 0, EventKind::kStore, kRelease, 3), Make(4, 1, EventKind::kLoad, kRelaxed, 3)})),
      IsEmpty());
}

// A release is read through read-modify-writes, but not through a plain store.
TEST(SyncEdges, ReadModifyWritesCarryAReleaseOn) {
  const auto edges = SyncEdges(
      Of({Make(1, 0, EventKind::kStore, kRelease, 2), Make(2, 1, EventKind::kFetchAdd, kRelaxed, 3),
          Make(3, 2, EventKind::kLoad, kAcquire, 3), Make(4, 1, EventKind::kStore, kRelaxed, 4),
          Make(5, 2, EventKind::kLoad, kAcquire, 4)}));
  ASSERT_THAT(edges, SizeIs(1));
  EXPECT_EQ(edges[0].store, 1u);
  EXPECT_EQ(edges[0].load, 3u);
}

TEST(SyncEdges, AWeakenedPointTakesTheOrderAway) {
  const Violation violation{.kind = ViolationKind::kDataRace, .thread = 1, .other = 0, .step = 5};
  const Recording recording = Of({Make(1, 0, EventKind::kStore, kRelaxed, 2, point::table_publish),
                                  Make(2, 1, EventKind::kLoad, kAcquire, 2, point::walk_follow),
                                  Make(3, 0, EventKind::kStore, kRelaxed, 3, point::table_publish),
                                  Make(4, 1, EventKind::kLoad, kAcquire, 3, point::walk_follow),
                                  Make(5, 1, EventKind::kPlainLoad, kRelaxed, 3),
                                  Make(6, 1, EventKind::kLoad, kAcquire, 3, point::walk_follow)},
                                 violation);
  const auto edges = SyncEdges(recording);
  ASSERT_THAT(edges, SizeIs(3));
  for (const SyncEdge& edge : edges) {
    EXPECT_EQ(edge.kind, Kind::kUnordered);
    EXPECT_EQ(edge.weakened, point::table_publish);
  }
  // The last one before the violation.
  EXPECT_FALSE(edges[0].missing);
  EXPECT_TRUE(edges[1].missing);
  EXPECT_FALSE(edges[2].missing);
  const std::string text = Explanation(recording, {"a", "b"});
  EXPECT_THAT(text, HasSubstr("at step 4 b read the value of entry[5.1] that a stored at step 3"));
  EXPECT_THAT(text, HasSubstr("table_publish was relaxed, not release"));
}

TEST(SyncEdges, AWeakenedLoadThatMissedAStore) {
  Event load = Make(2, 1, EventKind::kLoad, kAcquire, 1, point::mode_checked);
  load.newest = 2;
  const Recording recording =
      Of({Make(1, 0, EventKind::kStore, std::memory_order_seq_cst, 2, point::mode_announced), load},
         {.kind = ViolationKind::kStaleTranslation, .thread = 1, .step = 2});
  const auto edges = SyncEdges(recording);
  ASSERT_THAT(edges, SizeIs(1));
  EXPECT_EQ(edges[0].kind, Kind::kUnseen);
  EXPECT_TRUE(edges[0].missing);
  EXPECT_THAT(Explanation(recording, {"a", "b"}),
              HasSubstr("missed the value of entry[5.1] that a stored at step 1: mode_checked was "
                        "acquire, not seq_cst"));
}

TEST(Explanation, AStepThatWasLeftOut) {
  Event left_out{.step = 3, .thread = 1, .kind = EventKind::kTrace, .at = point::unmap_flushes};
  left_out.trace = "left out";
  const Recording recording =
      Of({left_out, Make(4, 1, EventKind::kLoad, kRelaxed, 1)},
         {.kind = ViolationKind::kStaleTranslation, .thread = 1, .step = 4});
  EXPECT_EQ(Explanation(recording, {"a", "b"}),
            "at step 3 b left out unmap_flushes; the host frees the pages as soon as the notifier "
            "returns.");
}

TEST(Explanation, OfManyThatWereLeftOutTheOneOfWhoeverSawIt) {
  const auto left_out = [](uint64_t step, int thread) {
    Event event{.step = step, .thread = thread, .kind = EventKind::kTrace};
    event.at = point::unmap_flushes;
    event.trace = "left out";
    return event;
  };
  const auto seen_by_1 = [](std::vector<Event> events) {
    return Of(std::move(events),
              {.kind = ViolationKind::kStaleTranslation, .thread = 1, .step = 6});
  };
  const Event begin{.step = 1, .thread = 1, .kind = EventKind::kBegin};
  const Event end = Make(6, 1, EventKind::kLoad, kRelaxed, 1);
  EXPECT_THAT(Explanation(seen_by_1({begin, left_out(2, 1), left_out(3, 0), end}), {"a", "b"}),
              StartsWith("at step 2 b left out"));
  // In an operation that is over it is no better than anybody's.
  Event next = begin;
  next.step = 4;
  EXPECT_THAT(
      Explanation(seen_by_1({begin, left_out(2, 1), next, left_out(5, 0), end}), {"a", "b"}),
      StartsWith("at step 5 a left out"));
}

TEST(Explanation, TwoPlacesAndWhatTheyBelieved) {
  const Recording recording = Of(
      {Make(1, 0, EventKind::kLoad, kRelaxed, 1), Make(2, 1, EventKind::kStore, kRelaxed, 2),
       Make(3, 1, EventKind::kLoad, kRelaxed, 2), Make(4, 0, EventKind::kPlainStore, kRelaxed, 1)},
      {.kind = ViolationKind::kDataRace, .thread = 1, .other = 0, .step = 3, .other_step = 4});
  EXPECT_EQ(Explanation(recording, {"a", "b"}),
            "the racing pair: a at step 4 believed entry[5.1] was 10 (its store 1, read at step "
            "1); b at step 3 believed entry[5.1] was 20 (its store 2).");
}

TEST(Explanation, NothingIsMadeUp) {
  EXPECT_EQ(Explanation(Of({Make(1, 0, EventKind::kLoad, kRelaxed, 1)}), {"a"}), "");
  EXPECT_EQ(Explanation(Of({Make(1, 0, EventKind::kLoad, kRelaxed, 1)},
                           {.kind = ViolationKind::kLeak, .step = 1}),
                        {"a"}),
            "");
}

}  // namespace
}  // namespace racewalk
