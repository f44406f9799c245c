// Goal: the shared mutex excludes and orders, lets readers share, says that
// somebody waits, and starves neither side.
// Method: as in native_test.cc, whose tests of shared mutexes are of this one,
// too: what is promised to be ordered is plain data.
#include "core/platform/native/presence_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "core/platform/native.h"
#include "core/platform/native/tsan.h"

namespace racewalk {
namespace {

using P = NativePlatform;

// Threads that do something again and again until they are told to stop.
class Crowd {
 public:
  template <typename Body>
  Crowd(int threads, Body body) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this, body] {
        while (!stop_.load(std::memory_order_relaxed)) body();
      });
    }
  }
  ~Crowd() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

// More threads than NativeCounter and others tell apart. Each side must get in
// however busy the other is, or this never ends.
TEST(PresenceSharedMutexTest, NeitherSideStarves) {
  constexpr int kRounds = 300;
  PresenceSharedMutex lock;
  P::Plain<int> a(0);
  P::Plain<int> b(0);
  const auto read = [&] {
    lock.lock_shared();
    EXPECT_EQ(a.load(), b.load());
    lock.unlock_shared();
  };
  const auto write = [&] {
    lock.lock();
    a.store(a.load() + 1);
    b.store(b.load() + 1);
    lock.unlock();
  };
  {
    const Crowd readers(18, read);
    for (int i = 0; i < kRounds; ++i) write();
  }
  EXPECT_EQ(a.load(), kRounds);
  {
    const Crowd writers(2, write);
    for (int i = 0; i < kRounds; ++i) read();
  }
  EXPECT_EQ(a.load(), b.load());
}

// The writer has long gone to sleep when the reader leaves.
TEST(PresenceSharedMutexTest, WaitsForASlowReader) {
  constexpr int kRounds = 100;
  PresenceSharedMutex lock;
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    std::latch entered(1);
    std::latch checked(1);
    std::thread reader([&] {
      lock.lock_shared();
      entered.count_down();
      while (!lock.contended()) P::Pause();
      for (int i = 0; i < 50 * (round % 10); ++i) P::Pause();
      data.store(1);
      lock.unlock_shared();
      checked.wait();  // the exit of a thread orders, too
    });
    entered.wait();
    lock.lock();
    EXPECT_EQ(data.load(), 1);
    EXPECT_FALSE(lock.contended());
    lock.unlock();
    checked.count_down();
    reader.join();
  }
}

// To the holder of either mode.
TEST(PresenceSharedMutexTest, SaysThatSomebodyWaits) {
  PresenceSharedMutex lock;
  const auto read = [&] {
    lock.lock_shared();
    lock.unlock_shared();
  };
  const auto write = [&] {
    lock.lock();
    lock.unlock();
  };
  EXPECT_FALSE(lock.contended());
  lock.lock();
  EXPECT_FALSE(lock.contended());
  std::thread reader(read);
  while (!lock.contended()) P::Pause();
  lock.unlock();
  reader.join();
  EXPECT_FALSE(lock.contended());

  lock.lock();
  std::thread writer(write);
  while (!lock.contended()) P::Pause();
  lock.unlock();
  writer.join();

  lock.lock_shared();
  std::thread second(write);
  while (!lock.contended()) P::Pause();
  lock.unlock_shared();
  second.join();
  EXPECT_FALSE(lock.contended());
}

// A reader that a writer has waited for touches nothing of the lock any more.
TEST(PresenceSharedMutexTest, MayGoAfterTheWriterHasIt) {
  constexpr int kRounds = 500;
  for (int round = 0; round < kRounds; ++round) {
    auto lock = std::make_unique<PresenceSharedMutex>();
    std::latch entered(1);
    std::thread reader([&entered, mutex = lock.get()] {
      mutex->lock_shared();
      entered.count_down();
      for (int i = 0; i < 20; ++i) P::Pause();
      mutex->unlock_shared();
    });
    entered.wait();
    lock->lock();
    lock->unlock();
    lock.reset();
    reader.join();
  }
}

#if defined(RACEWALK_TSAN)
// What a thread did before it was inside of one lock is not ordered by another
// one, although who waits looks at the places of all threads.
TEST(PresenceSharedMutexDeathTest, ALockOrdersNothingForAnother) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        PresenceSharedMutex first;
        PresenceSharedMutex second;
        int plain = 0;
        std::atomic<bool> written = false;
        std::thread writer([&] {
          // Known to whoever waits from here on, and that is an edge.
          Presence::ThreadNumber();
          plain = 1;
          first.lock_shared();
          first.unlock_shared();
          written.store(true, std::memory_order_relaxed);
        });
        while (!written.load(std::memory_order_relaxed)) P::Pause();
        second.lock();
        second.unlock();
        plain = 2;
        writer.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}

// And the one that does is known.
TEST(PresenceSharedMutexTest, AWriterFollowsItsReaders) {
  PresenceSharedMutex lock;
  int plain = 0;
  std::atomic<bool> written = false;
  std::thread writer([&] {
    plain = 1;
    lock.lock_shared();
    lock.unlock_shared();
    written.store(true, std::memory_order_relaxed);
  });
  while (!written.load(std::memory_order_relaxed)) P::Pause();
  lock.lock();
  lock.unlock();
  EXPECT_EQ(plain, 1);
  writer.join();
}
#endif

}  // namespace
}  // namespace racewalk
