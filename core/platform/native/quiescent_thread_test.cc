// Goal: who runs is waited for from one announcement to the next and no longer, who
// does not run only while it is in a section, and wrong use is told.
// Method: real threads in bounded rounds; what is promised to be ordered is plain
// data, so that ThreadSanitizer checks the edges. Nothing waits for a clock.
#include "core/platform/native/quiescent_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <thread>
#include <vector>

#include "core/platform/native/tsan.h"
#include "core/platform/native_quiescent.h"

namespace racewalk::quiescent_thread_test {
namespace {

using P = QuiescentPlatform;
using Running = QuiescentThread::Running;
using Away = QuiescentThread::Away;

constexpr Order kAcquire = std::memory_order_acquire;
constexpr Order kRelease = std::memory_order_release;

struct Object {
  P::Plain<int> value{1};
  P::Rcu::Head head;
};

// Threads that run and do `turn` between announcements until they are told to stop.
class Runners {
 public:
  template <typename Turn>
  Runners(int threads, Turn turn) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, turn] {
        const Running running;
        while (!stop_.load(std::memory_order_relaxed)) {
          turn();
          QuiescentThread::Announce();
          turns_.fetch_add(1, std::memory_order_relaxed);
          std::this_thread::yield();  // there may be fewer processors than runners
        }
      });
    }
  }
  ~Runners() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }
  Runners(const Runners&) = delete;
  Runners& operator=(const Runners&) = delete;

  void AwaitTurns(int count) const {
    const int before = turns_.load(std::memory_order_relaxed);
    while (turns_.load(std::memory_order_relaxed) < before + count) P::Pause();
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> turns_{0};
  std::vector<std::thread> threads_;
};

// Each object is spoilt and freed after its wait: both sanitizers would see a wait
// that returns too early.
TEST(QuiescentThreadTest, AWaitEndsAfterAnnouncements) {
  constexpr int kRounds = 500;
  P::Srcu slots("slots");
  P::Rcu tables("tables");
  P::Atomic<Object*> link(P::New<Object>());
  {
    const Runners readers(3, [&] {
      slots.read_lock();
      const Object* object = link.load(kAcquire);
      EXPECT_EQ(object->value.load(), 1);
      tables.read_lock();
      tables.read_unlock();
      EXPECT_EQ(object->value.load(), 1);
      slots.read_unlock();
    });
    for (int round = 0; round < kRounds; ++round) {
      readers.AwaitTurns(2);
      Object* old = link.exchange(P::New<Object>(), kRelease);
      slots.synchronize();
      old->value.store(0);
      P::Delete(old);
    }
  }
  P::Delete(link.peek());
}

TEST(QuiescentThreadTest, CallbacksRunAfterAnnouncements) {
  constexpr int kRounds = 500;
  static std::atomic<int> freed;
  freed = 0;
  P::Rcu tables("tables");
  P::Atomic<Object*> link(P::New<Object>());
  {
    const Runners readers(2, [&] {
      tables.read_lock();
      EXPECT_EQ(link.load(kAcquire)->value.load(), 1);
      tables.read_unlock();
    });
    for (int round = 0; round < kRounds; ++round) {
      readers.AwaitTurns(2);
      Object* old = link.exchange(P::New<Object>(), kRelease);
      const auto free = [](void* argument) {
        auto* object = static_cast<Object*>(argument);
        object->value.store(0);
        P::Delete(object);
        freed.fetch_add(1, std::memory_order_relaxed);
      };
      tables.call(old->head, free, old);
    }
  }
  tables.barrier();
  EXPECT_EQ(freed, kRounds);
  P::Delete(link.peek());
}

// Not before: the other sections of a turn, and what lies between them, are one to a
// grace period.
TEST(QuiescentThreadTest, WhoRunsIsWaitedForUntilItAnnounces) {
  constexpr int kRounds = 50;
  P::Rcu tables("tables");
  for (int round = 0; round < kRounds; ++round) {
    std::latch entered(1);
    std::atomic<bool> waited = false;
    std::atomic<bool> early = false;
    std::thread runner([&] {
      const Running running;
      tables.read_lock();
      entered.count_down();
      for (int i = 0; i < 1000 && !waited.load(std::memory_order_relaxed); ++i) {
        std::this_thread::yield();
      }
      early.store(waited.load(std::memory_order_relaxed));
      tables.read_unlock();
      // It never goes away. The wait may begin after many of these.
      while (!waited.load(std::memory_order_relaxed)) {
        QuiescentThread::Announce();
        std::this_thread::yield();
      }
    });
    entered.wait();
    tables.synchronize();
    waited.store(true, std::memory_order_relaxed);
    runner.join();
    EXPECT_FALSE(early.load());
  }
}

// Plain data, which only the announcement orders: ThreadSanitizer would tell.
TEST(QuiescentThreadTest, WhatPrecedesAWaitIsSeenAfterTheNextAnnouncement) {
  P::Srcu slots("slots");
  int plain = 0;
  std::atomic<bool> runs = false;
  std::atomic<bool> waited = false;
  std::thread runner([&] {
    const Running running;
    runs.store(true, std::memory_order_relaxed);
    while (!waited.load(std::memory_order_relaxed)) {
      QuiescentThread::Announce();
      std::this_thread::yield();
    }
    EXPECT_EQ(plain, 1);
  });
  while (!runs.load(std::memory_order_relaxed)) P::Pause();
  plain = 1;
  slots.synchronize();
  waited.store(true, std::memory_order_relaxed);
  runner.join();
}

// These waits never return if they wait for a thread that is in no section.
TEST(QuiescentThreadTest, NobodyElseIsWaitedFor) {
  P::Rcu tables("tables");
  P::Srcu slots("slots");
  std::thread([&] {  // that has ended
    const Running running;
    tables.read_lock();
    tables.read_unlock();
  })
      .join();
  std::latch ready(3);
  std::latch waited(1);
  std::thread idle([&] {
    slots.read_lock();
    slots.read_unlock();
    ready.count_down();
    waited.wait();
  });
  std::thread away([&] {
    const Running running;
    {
      const Away guest;
      tables.read_lock();
      tables.read_unlock();
      ready.count_down();
      waited.wait();
    }
    QuiescentThread::Announce();
  });
  std::thread stopped([&] {
    {
      const Running running;
    }
    ready.count_down();
    waited.wait();
  });
  ready.wait();
  tables.synchronize();
  slots.synchronize();
  tables.barrier();
  waited.count_down();
  idle.join();
  away.join();
  stopped.join();
}

TEST(QuiescentThreadTest, WhoAnnouncesNothingMayBeAwayForItsSections) {
  P::Rcu tables("tables");
  std::latch entered(1);
  std::atomic<bool> left = false;
  std::thread runner([&] {
    const Running running;
    const Away away;
    tables.read_lock();
    entered.count_down();
    for (int i = 0; i < 100; ++i) P::Pause();
    left.store(true, std::memory_order_relaxed);
    tables.read_unlock();
  });
  entered.wait();
  tables.synchronize();
  EXPECT_TRUE(left.load(std::memory_order_relaxed));
  runner.join();
}

// Two that run wait for each other's announcements, and for their own they do not.
TEST(QuiescentThreadTest, WhoRunsMayWaitItself) {
  constexpr int kRounds = 200;
  P::Rcu tables("tables");
  P::Srcu slots("slots");
  const auto body = [&] {
    const Running running;
    for (int round = 0; round < kRounds; ++round) {
      tables.read_lock();
      tables.read_unlock();
      slots.synchronize();
      tables.barrier();
    }
  };
  std::thread other(body);
  body();
  other.join();
}

class QuiescentThreadDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(QuiescentThreadDeathTest, WrongUse) {
  EXPECT_DEATH(QuiescentThread::Announce(), "lock-discipline P3: .*announces .* does not run");
  const auto twice = [] {
    const Running one;
    const Running two;
  };
  EXPECT_DEATH(twice(), "lock-discipline P3: .*runs already");
  EXPECT_DEATH(Away(), "lock-discipline P3: .*goes away and does not run");
  const auto leave = [] { P::Srcu("slots").read_unlock(); };
  EXPECT_DEATH(leave(), "lock-discipline P3");
  const auto wait_inside = [] {
    P::Srcu slots("slots");
    slots.read_lock();
    slots.synchronize();
  };
  EXPECT_DEATH(wait_inside(), "deadlock P2");
  const auto wait_inside_of_another = [] {
    P::Srcu slots("slots");
    P::Rcu tables("tables");
    slots.read_lock();
    tables.synchronize();
  };
  EXPECT_DEATH(wait_inside_of_another(), "deadlock P2");
}

TEST_F(QuiescentThreadDeathTest, AnnouncementsInsideOfSectionsAreTold) {
  if (!NativeHolds::kKept) GTEST_SKIP() << "assertions are off";
  const auto announce_inside = [] {
    P::Rcu tables("tables");
    const Running running;
    tables.read_lock();
    QuiescentThread::Announce();
  };
  EXPECT_DEATH(announce_inside(), "lock-discipline P3: .*inside of a read section");
  const auto wait_inside = [] {
    P::Rcu tables("tables");
    const Running running;
    tables.read_lock();
    tables.synchronize();
  };
  EXPECT_DEATH(wait_inside(), "deadlock P2");
}

#if defined(RACEWALK_TSAN)
// A wait that has begun orders nothing of the turn that a thread is in: an edge at sections
// would hide what lacks an acquire.
TEST_F(QuiescentThreadDeathTest, AWaitIsSeenFromTheNextAnnouncementOnly) {
  EXPECT_EXIT(
      {
        P::Rcu tables("tables");
        int plain = 0;
        std::atomic<int> step = 0;  // orders nothing
        const auto await = [&](int due) {
          while (step.load(std::memory_order_relaxed) < due) std::this_thread::yield();
        };
        const auto next = [&](int due) { step.store(due, std::memory_order_relaxed); };
        std::thread runner([&] {
          const Running running;
          next(1);
          await(2);
          tables.read_lock();
          EXPECT_NE(plain, 0);
          tables.read_unlock();
          QuiescentThread::Announce();
          next(3);
        });
        await(1);
        plain = 1;
        QuiescentThread::BeginWait();
        next(2);
        await(3);
        runner.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}
#endif

}  // namespace
}  // namespace racewalk::quiescent_thread_test
