// Goal: the platform of rounds weakens what it is told to, logs what is done and
// where, makes noise only where asked to, and its RCU keeps RCU's promises.
// Method: one thread, and the callbacks' own.
#include "sanitizers/stress_platform.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace racewalk {
namespace {

using P = StressPlatform;

// Everything as a round has it, and as it was afterwards.
class StressPlatformTest : public testing::Test {
 protected:
  void SetUp() override { StressWorld::noise = {.kind = NoiseKind::kNone}; }
  void TearDown() override {
    StressWorld::weakened.fill(false);
    StressWorld::noise = {};
  }
  static void Weaken(point p) { StressWorld::weakened[static_cast<std::size_t>(p)] = true; }

  const std::unique_ptr<EventLog> log_ = std::make_unique<EventLog>();
};

TEST_F(StressPlatformTest, OrdersAndStepsAreWeakened) {
  EXPECT_EQ(P::order(point::table_publish).value, std::memory_order_release);
  EXPECT_EQ(P::order(point::root_put_acquire, point::root_put_release).value,
            std::memory_order_acq_rel);
  EXPECT_TRUE(P::keeps(point::unmap_flushes));
  EXPECT_TRUE(P::keeps(point::snapshot_before_lookup));
  Weaken(point::table_publish);
  Weaken(point::root_put_release);
  Weaken(point::unmap_flushes);
  Weaken(point::snapshot_before_lookup);
  EXPECT_EQ(P::order(point::table_publish).value, std::memory_order_relaxed);
  EXPECT_EQ(P::order(point::root_put_acquire, point::root_put_release).value,
            std::memory_order_acquire);
  EXPECT_FALSE(P::keeps(point::unmap_flushes));
  EXPECT_FALSE(P::keeps(point::snapshot_before_lookup));
  EXPECT_TRUE(P::keeps(point::kick_waits));
}

TEST_F(StressPlatformTest, YieldsWhereSomebodyWaitsUnlessWeakened) {
  P::SharedMutex lock("lock");
  EXPECT_FALSE(P::ShouldYield(lock, point::unmap_yields));
  lock.lock();
  std::thread waiter([&] {
    lock.lock();
    lock.unlock();
  });
  while (!lock.contended()) std::this_thread::yield();
  EXPECT_TRUE(P::ShouldYield(lock, point::unmap_yields));
  Weaken(point::unmap_yields);
  EXPECT_FALSE(P::ShouldYield(lock, point::unmap_yields));
  lock.unlock();
  waiter.join();
}

TEST_F(StressPlatformTest, LogsWhatIsDone) {
  P::Atomic<uint64_t> word(5, WordName{"word", 3});
  word.load(std::memory_order_relaxed);  // by no thread of a round
  const StressThread self("a", 0, log_.get());
  Weaken(point::unmap_flushes);
  word.store(6, P::order(point::table_publish));
  EXPECT_EQ(word.fetch_add(1, std::memory_order_relaxed), 6u);
  P::keeps(point::unmap_flushes);
  P::Mutex mutex("mutex");
  mutex.lock();
  mutex.unlock();
  P::Trace(TraceKind::kTableFreed, 9);
  P::Trace(TraceKind::kVisit, 9);  // too many to be kept
  const std::vector<StressEvent> events = log_->Last(100);
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].kind, EventKind::kStore);
  EXPECT_EQ(events[0].at, point::table_publish);
  EXPECT_STREQ(events[0].word, "word");
  EXPECT_EQ(events[0].value, 6u);
  EXPECT_NE(std::string(events[0].where.file_name()).find("stress_platform_test.cc"),
            std::string::npos);
  EXPECT_EQ(events[1].kind, EventKind::kFetchAdd);
  EXPECT_EQ(events[2].at, point::unmap_flushes);
  EXPECT_TRUE(events[2].weakened);
  EXPECT_EQ(events[3].kind, EventKind::kLock);
  EXPECT_STREQ(events[3].word, "mutex");
  EXPECT_EQ(events[5].trace, TraceKind::kTableFreed);
  EXPECT_EQ(events[5].value, 9u);
  EXPECT_LE(events[0].time, events[5].time);
}

// How many of 100,000 points make a yielding walk yield by chance: the same
// draws decide where noise is made.
uint64_t Chances(Noise noise, uint32_t index) {
  StressWorld::noise = noise;
  const StressThread self("a", index, nullptr);
  uint64_t chances = 0;
  for (int i = 0; i < 100'000; ++i) chances += StressThread::Chance() ? 1 : 0;
  return chances;
}

TEST_F(StressPlatformTest, NoiseIsAsOftenAsAskedFor) {
  EXPECT_EQ(Chances({.kind = NoiseKind::kNone, .per_mille = 1000}, 0), 0u);
  EXPECT_EQ(Chances({.kind = NoiseKind::kYield, .per_mille = 0}, 0), 0u);
  // Nobody is there whom the thread that sets up could disturb.
  EXPECT_EQ(Chances({.kind = NoiseKind::kYield, .per_mille = 1000}, kMaxScenarioThreads), 0u);
  EXPECT_EQ(Chances({.kind = NoiseKind::kDelay, .per_mille = 1000}, 0), 100'000u);
  const uint64_t some = Chances({.kind = NoiseKind::kDelay, .per_mille = 20}, 0);
  EXPECT_GT(some, 1'500u);
  EXPECT_LT(some, 2'500u);
  // The seed says where.
  EXPECT_EQ(Chances({.kind = NoiseKind::kDelay, .per_mille = 20}, 0), some);
}

struct Object {
  P::Rcu::Head head;
  std::atomic<bool>* freed;
};

TEST_F(StressPlatformTest, CallbacksWaitForSections) {
  P::Rcu rcu("rcu");
  std::atomic<bool> freed{false};
  Object object{.head = {}, .freed = &freed};
  rcu.read_lock();
  EXPECT_TRUE(rcu.held());
  std::thread caller([&] {
    rcu.call(object.head, [](void* o) { static_cast<Object*>(o)->freed->store(true); }, &object);
  });
  caller.join();
  for (int i = 0; i < 50; ++i) {
    ASSERT_FALSE(freed.load());
    std::this_thread::yield();
  }
  rcu.read_unlock();
  EXPECT_FALSE(rcu.held());
  rcu.barrier();
  EXPECT_TRUE(freed.load());
  EXPECT_EQ(rcu.pending(), 0u);
}

TEST_F(StressPlatformTest, CallbacksRunInTheOrderOfTheirCallsAndAllOfThem) {
  P::Rcu rcu("rcu");
  struct Numbered {
    P::Rcu::Head head;
    std::vector<int>* seen;
    int number;
  };
  std::vector<int> seen;
  std::vector<Numbered> objects(500);
  std::vector<int> expected;
  for (int i = 0; i < 500; ++i) {
    objects[static_cast<std::size_t>(i)].seen = &seen;
    objects[static_cast<std::size_t>(i)].number = i;
    expected.push_back(i);
  }
  for (Numbered& object : objects) {
    rcu.call(
        object.head,
        [](void* o) {
          auto* numbered = static_cast<Numbered*>(o);
          numbered->seen->push_back(numbered->number);
        },
        &object);
  }
  rcu.barrier();
  EXPECT_EQ(seen, expected);
}

TEST(StressPlatformDeathTest, ADomainThatGoesBeforeItsCallbacks) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        P::Rcu::Head head;
        P::Rcu rcu("rcu");
        rcu.read_lock();
        rcu.call(head, [](void*) {}, nullptr);
      },
      "L7");
}

}  // namespace
}  // namespace racewalk
