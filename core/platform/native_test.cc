// Goal: the native platform keeps what the concept promises, and sanitizers
// neither see a race where there is none nor are blinded.
// Method: real threads in bounded rounds; what is promised to be ordered is
// plain data, so that ThreadSanitizer checks the edges. Nothing waits for a clock.
#include "core/platform/native.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <set>
#include <source_location>
#include <thread>
#include <vector>

namespace racewalk {
namespace {

using P = NativePlatform;

constexpr Order kRelaxed = std::memory_order_relaxed;
constexpr Order kAcquire = std::memory_order_acquire;
constexpr Order kRelease = std::memory_order_release;

// Questions to the points are answered at compile time.
consteval bool PointsAreStrong() {
  for (std::size_t i = 0; i < kPointCount; ++i) {
    const auto p = static_cast<point>(i);
    if (!P::keeps(p) || P::order(p).value != kPoints[i].strong || P::order(p).at != p) return false;
    if (P::order(p, p).value != Combine(kPoints[i].strong, kPoints[i].strong)) return false;
  }
  return true;
}
static_assert(PointsAreStrong());
static_assert(!P::kExplored);

// An entry as the core has them: one word and a ghost.
struct Entry {
  uint64_t value;
  [[no_unique_address]] P::Ghost ghost;
  uint64_t bits() const { return value; }
  bool operator==(const Entry& other) const { return value == other.value; }
};
static_assert(sizeof(P::Atomic<Entry>) == sizeof(uint64_t));
static_assert(sizeof(P::Plain<uint32_t>) == sizeof(uint32_t));

enum class Color : uint8_t { kRed, kGreen };

TEST(NativeAtomicTest, HoldsEntries) {
  P::Atomic<Entry> word(Entry{.value = 6, .ghost = {}});
  EXPECT_EQ(word.load(kAcquire).value, 6u);
  Entry expected{.value = 5, .ghost = {}};
  EXPECT_FALSE(word.compare_exchange(expected, {.value = 1, .ghost = {}}, kRelease));
  EXPECT_EQ(expected.value, 6u);
  EXPECT_TRUE(word.compare_exchange(expected, {.value = 7, .ghost = {}}, kRelease));
  EXPECT_EQ(word.fetch_and(Entry{.value = 3, .ghost = {}}, kRelaxed).value, 7u);
  EXPECT_EQ(word.fetch_or(Entry{.value = 4, .ghost = {}}, kRelaxed).value, 3u);
  EXPECT_EQ(word.exchange(Entry{.value = 9, .ghost = {}}, kRelaxed).value, 7u);
  EXPECT_EQ(word.hardware_load().value, 9u);
  Entry seen = word.hardware_load();
  EXPECT_TRUE(word.hardware_compare_exchange(seen, Entry{.value = 10, .ghost = {}}));
  EXPECT_EQ(word.peek().value, 10u);
}

TEST(NativeAtomicTest, HoldsEnumsAndBools) {
  P::Atomic<Color> color;
  EXPECT_EQ(color.load(kRelaxed), Color::kRed);
  color.store(Color::kGreen, kRelease);
  EXPECT_EQ(color.exchange(Color::kRed, kRelaxed), Color::kGreen);
  P::Atomic<bool> flag(true, WordName{.what = "flag"});
  EXPECT_TRUE(flag.load(kRelaxed));
  flag.initialize(false);
  EXPECT_FALSE(flag.peek());
}

TEST(NativeAtomicTest, ReleaseIsAcquired) {
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    P::Atomic<bool> ready(false);
    std::thread reader([&] {
      while (!ready.load(kAcquire)) P::Pause();
      EXPECT_EQ(data.load(), 7);
    });
    data.store(7);
    ready.store(true, kRelease);
    reader.join();
  }
}

// Not older than what was seen, and no newer than what there is.
TEST(NativeAtomicTest, AReloadIsALoadThatMayComeAtOnce) {
  constexpr int kRounds = 20'000;
  P::Atomic<int> word(0);
  std::thread writer([&] {
    for (int i = 1; i <= kRounds; ++i) word.store(i, kRelease);
  });
  for (int seen = 0; seen < kRounds;) {
    seen = word.load(kRelaxed);
    const int again = word.reload(seen, kAcquire);
    EXPECT_LE(seen, again);
    EXPECT_LE(again, word.load(kAcquire));
  }
  writer.join();
}

// With its own order, whatever that of the load was.
TEST(NativeAtomicTest, AReloadAcquires) {
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    P::Atomic<bool> ready(false);
    std::thread reader([&] {
      while (!ready.load(kRelaxed)) P::Pause();
      EXPECT_TRUE(ready.reload(true, kAcquire));
      EXPECT_EQ(data.load(), 7);
    });
    data.store(7);
    ready.store(true, kRelease);
    reader.join();
  }
}

TEST(NativeLocksTest, MutexExcludesAndOrders) {
  constexpr int kRounds = 20000;
  P::Mutex mutex;
  P::Plain<int> count(0);
  const auto body = [&] {
    for (int i = 0; i < kRounds; ++i) {
      mutex.lock();
      mutex.AssertHeld();
      count.store(count.load() + 1);
      mutex.unlock();
    }
  };
  std::thread other(body);
  body();
  other.join();
  EXPECT_EQ(count.load(), 2 * kRounds);
}

TEST(NativeLocksTest, SharedMutexExcludesAndOrders) {
  constexpr int kRounds = 5000;
  P::SharedMutex lock("lock");
  P::Plain<int> a(0);
  P::Plain<int> b(0);
  std::thread reader([&] {
    for (int i = 0; i < kRounds; ++i) {
      lock.lock_shared();
      lock.AssertHeldShared();
      EXPECT_EQ(a.load(), b.load());
      lock.unlock_shared();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    lock.lock();
    lock.AssertHeld();
    lock.AssertHeldShared();
    a.store(i);
    b.store(i);
    lock.unlock();
  }
  reader.join();
}

TEST(NativeLocksTest, ReadersShare) {
  P::SharedMutex lock;
  std::latch both(2);
  const auto body = [&] {
    lock.lock_shared();
    both.arrive_and_wait();  // never returns if they exclude each other
    lock.unlock_shared();
  };
  std::thread other(body);
  body();
  other.join();
}

TEST(NativeLocksTest, ContendedWhileSomebodyWaits) {
  P::SharedMutex lock;
  EXPECT_FALSE(lock.contended());
  lock.lock_shared();
  EXPECT_FALSE(P::ShouldYield(lock, point::none));
  std::thread writer([&] {
    lock.lock();
    lock.unlock();
  });
  while (!P::ShouldYield(lock, point::none)) P::Pause();
  lock.unlock_shared();
  writer.join();
  EXPECT_FALSE(lock.contended());
}

TEST(NativeSlotsTest, NewestFreedFirst) {
  P::Slots slots(5, 2, P::Slots::Reuse::kNewestFirst);
  EXPECT_EQ(slots.take(), 5u);
  EXPECT_EQ(slots.take(), 6u);
  EXPECT_EQ(slots.take(), P::Slots::kNone);
  slots.give(6);
  slots.give(5);
  EXPECT_EQ(slots.take(), 5u);
  EXPECT_EQ(slots.take(), 6u);
}

TEST(NativeSlotsTest, BlocksAreAlignedAndTheNewestFreedComesFirst) {
  P::Slots slots(4, 12, P::Slots::Reuse::kNewestFirst);
  EXPECT_EQ(slots.take_block(4), 4u);
  EXPECT_EQ(slots.take(), 8u);
  EXPECT_EQ(slots.take_block(4), 12u);
  EXPECT_EQ(slots.take_block(4), P::Slots::kNone);  // a slot of the last one is taken
  slots.give(8);
  for (uint32_t slot = 4; slot < 8; ++slot) slots.give(slot);
  EXPECT_EQ(slots.take_block(4), 4u);
  EXPECT_EQ(slots.take_block(4), 8u);
}

TEST(NativeSlotsTest, OwnersAreAloneAndOrdered) {
  constexpr int kRounds = 20000;
  P::Slots slots(1, 2, P::Slots::Reuse::kChosen);
  std::array<P::Plain<int>, 3> data;
  const auto body = [&] {
    for (int i = 0; i < kRounds; ++i) {
      const uint32_t slot = slots.take();
      if (slot == P::Slots::kNone) continue;
      data[slot].store(data[slot].load() + 1);
      slots.give(slot);
    }
  };
  std::thread other(body);
  body();
  other.join();
  EXPECT_EQ(data[1].load() + data[2].load(), 2 * kRounds);
}

class NativeDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(NativeDeathTest, FailedCheckAborts) {
  EXPECT_DEATH(P::Check(false, ViolationKind::kRefcount, "R1", "{thread} counts badly"),
               "refcount R1: this thread counts badly");
}

TEST(NativeFailDeathTest, SaysNumbersAndNames) {
  EXPECT_DEATH(
      {
        SetNativeThreadName("vcpu a");
        P::Fail({.kind = ViolationKind::kBadMapping,
                 .invariant = "N2",
                 .what = "{thread} maps {gfn} to {pfn} of {value}, and {gfn} again",
                 .gfn = 7,
                 .pfn = 8,
                 .value = 9});
      },
      "native_test.cc:[0-9]+: bad-mapping N2: vcpu a maps 7 to 8 of 9, and 7 again");
}

void ExitWithKind(const Violation& violation, std::source_location where, const char* thread) {
  std::fprintf(stderr, "%s %s %u by %s", Name(violation.kind), violation.invariant,
               static_cast<unsigned>(where.line()), thread);
  std::_Exit(5);
}

TEST(NativeFailDeathTest, AHandlerIsAskedInstead) {
  EXPECT_EXIT(
      {
        SetNativeFailHandler(ExitWithKind);
        P::Check(false, ViolationKind::kRefcount, "R1", "");
      },
      testing::ExitedWithCode(5), "refcount R1 [0-9]+ by this thread");
  // One that returns has nothing to go back to.
  EXPECT_DEATH(
      {
        SetNativeFailHandler([](const Violation&, std::source_location, const char*) {});
        P::Check(false, ViolationKind::kRefcount, "R1", "");
      },
      "");
}

// Each breaks the rules, so the compiler's own analysis is off.
void AssertAShareIsExclusive() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  P::SharedMutex lock;
  lock.lock_shared();
  lock.AssertHeld();
}
void ShareTwice() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  P::SharedMutex lock;
  lock.lock_shared();
  lock.lock_shared();
}
void UnlockAForeignLock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  P::Mutex mutex;
  std::thread([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex.lock(); }).join();
  mutex.unlock();
}

TEST_F(NativeDeathTest, LockDiscipline) {
  if (!NativeHolds::kKept) GTEST_SKIP() << "assertions are off";
  EXPECT_DEATH(AssertAShareIsExclusive(), "lock-discipline P3: .*exclusively");
  EXPECT_DEATH(ShareTwice(), "takes a lock that it holds");
  EXPECT_DEATH(UnlockAForeignLock(), "gives up a lock that it does not hold");
}

TEST_F(NativeDeathTest, WaitInsideOfASection) {
  const auto wait = [] {
    P::Rcu rcu("tables");
    rcu.read_lock();
    rcu.synchronize();
  };
  EXPECT_DEATH(wait(), "deadlock P2");
}

}  // namespace
}  // namespace racewalk
