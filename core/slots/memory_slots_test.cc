// Goal: whoever reads finds one whole array of slots, which stays while it is
// read, and start and end of an invalidation find the same.
// Method: one thread for the cases; then threads whose order the waits must
// make, told by flags that are set before what is waited for ends.
#include "core/slots/memory_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <utility>
#include <vector>

#include "core/platform/native.h"

namespace racewalk {
namespace {

using P = NativePlatform;
using Slot = MemorySlot<P>;
using Range = std::pair<Gfn, Gfn>;

TEST(MemorySlotTest, HasItsFramesAtItsAddress) {
  const Slot slot{.id = 3, .first = 100, .last = 109, .address = 5000};
  EXPECT_FALSE(slot.Contains(99));
  EXPECT_TRUE(slot.Contains(100));
  EXPECT_TRUE(slot.Contains(109));
  EXPECT_FALSE(slot.Contains(110));
  EXPECT_EQ(slot.AddressOf(100), 5000u);
  EXPECT_EQ(slot.AddressOf(109), 5009u);
  EXPECT_FALSE(slot.logging());
}

TEST(MemorySlotTest, OverlapsByAddress) {
  const Slot slot{.id = 3, .first = 100, .last = 109, .address = 5000};
  Range range{1, 0};
  EXPECT_FALSE(slot.Overlaps(0, 4999, range));
  EXPECT_FALSE(slot.Overlaps(5010, 9000, range));
  EXPECT_FALSE(slot.Overlaps(100, 109, range)) << "these are guest frames";
  EXPECT_EQ(range, Range(1, 0));
  EXPECT_TRUE(slot.Overlaps(0, 5000, range));
  EXPECT_EQ(range, Range(100, 100));
  EXPECT_TRUE(slot.Overlaps(5009, 9000, range));
  EXPECT_EQ(range, Range(109, 109));
  EXPECT_TRUE(slot.Overlaps(5003, 5004, range));
  EXPECT_EQ(range, Range(103, 104));
  EXPECT_TRUE(slot.Overlaps(0, ~Hva{0}, range));
  EXPECT_EQ(range, Range(100, 109));
}

class MemorySlotsTest : public testing::Test {
 protected:
  ~MemorySlotsTest() override { slots_.Destroy(); }

  MemorySlots<P> slots_;
};

TEST_F(MemorySlotsTest, NoneAtFirst) {
  EXPECT_TRUE(slots_.Current().empty());
  EXPECT_TRUE(slots_.Peek().empty());
  EXPECT_EQ(slots_.Find(0), nullptr);
  EXPECT_EQ(slots_.FindId(0), nullptr);
  EXPECT_FALSE(slots_.Overlaps(0, ~Hva{0}));
  EXPECT_EQ(slots_.invalidations(), 0u);
}

TEST_F(MemorySlotsTest, FindsByFrameAddressAndId) {
  slots_.Replace({{.id = 7, .first = 0, .last = 9, .address = 1000},
                  {.id = 2, .first = 20, .last = 29, .address = 3000}});
  ASSERT_NE(slots_.Find(9), nullptr);
  EXPECT_EQ(slots_.Find(9)->id, 7u);
  EXPECT_EQ(slots_.Find(10), nullptr);
  EXPECT_EQ(slots_.Find(20)->id, 2u);
  EXPECT_EQ(slots_.Find(30), nullptr);
  EXPECT_EQ(slots_.FindId(2)->first, 20u);
  EXPECT_EQ(slots_.FindId(3), nullptr);
  EXPECT_TRUE(slots_.Overlaps(1009, 1500));
  EXPECT_TRUE(slots_.Overlaps(500, 3500));
  EXPECT_FALSE(slots_.Overlaps(1010, 2999));
  EXPECT_EQ(slots_.Peek().size(), 2u);
}

TEST_F(MemorySlotsTest, SectionsAreTheReadersOwn) {
  EXPECT_FALSE(slots_.reading());
  slots_.BeginReading();
  slots_.BeginReading();
  slots_.EndReading();
  EXPECT_TRUE(slots_.reading());
  slots_.EndReading();
  EXPECT_FALSE(slots_.reading());
}

TEST_F(MemorySlotsTest, ArraysAreUsedAgain) {
  for (Gfn last = 0; last < 100; ++last) {
    slots_.Replace({{.id = 0, .first = 0, .last = last}});
    EXPECT_EQ(slots_.Find(0)->last, last);
  }
}

TEST_F(MemorySlotsTest, ABitmapStaysWhileASlotHasIt) {
  auto* dirty = P::New<DirtyBitmap<P>>(uint64_t{10});
  const Slot logged{.id = 0, .first = 50, .last = 59, .dirty = dirty};
  slots_.Replace({logged});
  EXPECT_TRUE(slots_.Find(50)->logging());
  slots_.Find(53)->MarkDirty(53);
  slots_.Replace({{.id = 1, .first = 0, .last = 9}, logged});
  EXPECT_TRUE(dirty->PeekMarked(3)) << "counted from the slot's first page";
  Slot moved = logged;
  moved.first = 150;
  moved.last = 159;
  slots_.Replace({moved});
  EXPECT_TRUE(slots_.Find(153)->dirty->PeekMarked(3));
  // It is freed with the last one: a sanitizer says whether it was, and once.
  slots_.Replace({{.id = 0, .first = 50, .last = 59}});
  EXPECT_FALSE(slots_.Find(50)->logging());
  slots_.Replace(
      {{.id = 0, .first = 50, .last = 59, .dirty = P::New<DirtyBitmap<P>>(uint64_t{10})}});
}

TEST_F(MemorySlotsTest, InvalidationsAreCountedAndForgotten) {
  slots_.BeginInvalidation();
  slots_.BeginInvalidation();
  EXPECT_EQ(slots_.invalidations(), 2u);
  slots_.EndInvalidation();
  EXPECT_EQ(slots_.invalidations(), 1u);
  EXPECT_TRUE(slots_.ForgetInvalidations());
  EXPECT_EQ(slots_.invalidations(), 0u);
  EXPECT_FALSE(slots_.ForgetInvalidations());
  slots_.Replace({});
}

TEST_F(MemorySlotsTest, AnEndWithoutAStartFails) {
  EXPECT_DEATH(slots_.EndInvalidation(), "has not been started");
}

TEST_F(MemorySlotsTest, AnUpdateInsideOfASectionFails) {
  slots_.BeginReading();
  EXPECT_DEATH(slots_.Replace({}), "inside of a read section");
  slots_.EndReading();
}

// --- Threads. ---

constexpr int kRounds = 100;

TEST_F(MemorySlotsTest, AnUpdateWaitsForReaders) {
  for (int round = 0; round < kRounds; ++round) {
    slots_.Replace({{.id = 1, .first = 0, .last = 9}});
    std::atomic<bool> over{false};
    slots_.BeginReading();
    const Slot* slot = slots_.Find(0);
    std::thread updater([&] {
      slots_.Replace({{.id = 2, .first = 0, .last = 19}});
      EXPECT_TRUE(over.load());
    });
    // The new one is found while the old one is still read.
    while (slots_.Find(0)->id == 1) P::Pause();
    EXPECT_EQ(slots_.Find(0)->last, 19u);
    EXPECT_EQ(slot->last, 9u);
    over.store(true);
    slots_.EndReading();
    updater.join();
  }
}

TEST_F(MemorySlotsTest, AnUpdateWaitsForInvalidationsAndNoneForIt) {
  for (int round = 0; round < kRounds; ++round) {
    slots_.Replace({{.id = 1, .first = 0, .last = 9}});
    std::atomic<bool> begun{false};
    std::atomic<bool> over{false};
    slots_.BeginInvalidation();
    std::thread updater([&] {
      begun.store(true);
      slots_.Replace({{.id = 2, .first = 0, .last = 9}});
      EXPECT_TRUE(over.load()) << "an end would find other slots than its start";
    });
    while (!begun.load()) P::Pause();
    // Others come and go meanwhile; the updater does not keep them out.
    for (int i = 0; i < 20; ++i) {
      slots_.BeginInvalidation();
      slots_.BeginReading();
      EXPECT_EQ(slots_.Find(0)->id, 1u);
      slots_.EndReading();
      slots_.EndInvalidation();
      std::this_thread::yield();
    }
    over.store(true);
    slots_.EndInvalidation();
    updater.join();
    EXPECT_EQ(slots_.Find(0)->id, 2u);
  }
}

// Readers find arrays in which everything fits together and mark in bitmaps
// that are not freed meanwhile, and invalidations find what they began with.
TEST_F(MemorySlotsTest, ReadersBesideUpdates) {
  constexpr int kReaders = 2;
  constexpr uint32_t kUpdates = 300;
  std::atomic<bool> done{false};
  std::atomic<int> bad{0};
  std::barrier start(kReaders + 2);
  std::vector<std::thread> threads;
  for (int reader = 0; reader < kReaders; ++reader) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      while (!done.load(std::memory_order_relaxed)) {
        slots_.BeginReading();
        const Slot* slot = slots_.Find(5);
        if (slot != nullptr) {
          if (slot->last != slot->id || slot->address != 1000 * slot->id) bad.fetch_add(1);
          if (slot->logging()) slot->MarkDirty(5);
        }
        slots_.EndReading();
        P::Pause();
      }
    });
  }
  threads.emplace_back([&] {
    start.arrive_and_wait();
    while (!done.load(std::memory_order_relaxed)) {
      slots_.BeginInvalidation();
      const auto id = [&] {
        slots_.BeginReading();
        const Slot* slot = slots_.Find(5);
        const uint32_t found = slot == nullptr ? 0 : slot->id;
        slots_.EndReading();
        return found;
      };
      const uint32_t before = id();
      std::this_thread::yield();
      if (id() != before) bad.fetch_add(1);
      slots_.EndInvalidation();
      std::this_thread::yield();
    }
  });
  start.arrive_and_wait();
  uint64_t marks = 0;
  for (uint32_t id = 10; id < 10 + kUpdates; ++id) {
    Slot slot{.id = id, .first = 0, .last = id, .address = Hva{1000} * id};
    if (id % 3 == 0) slot.dirty = P::New<DirtyBitmap<P>>(id + 1);
    if (id % 5 == 0) slots_.Replace({});
    slots_.Replace({slot});
    if (slot.logging()) marks += slot.dirty->Take(0) != 0 ? 1 : 0;
  }
  done.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(bad.load(), 0);
  EXPECT_LE(marks, kUpdates / 3);
}

}  // namespace
}  // namespace racewalk
