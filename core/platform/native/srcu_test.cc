// Goal: each native SRCU waits for what it must, orders it, lets readers block,
// and ends under readers that keep coming.
// Method: as in native_test.cc: what is promised to be ordered is plain data,
// so that ThreadSanitizer checks the edges. Nothing waits for a clock.
#include "core/platform/native/srcu.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "core/platform/native.h"
#include "core/platform/native/quiescent_rcu.h"

namespace racewalk::srcu_test {
namespace {

using P = NativePlatform;

constexpr Order kRelaxed = std::memory_order_relaxed;
constexpr Order kAcquire = std::memory_order_acquire;
constexpr Order kRelease = std::memory_order_release;

struct Object {
  P::Plain<int> value{1};
};

// Readers that enter sections until they are told to stop.
class Crowd {
 public:
  template <typename Section>
  Crowd(std::size_t threads, Section section) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, section] {
        while (!stop_.load(std::memory_order_relaxed)) {
          section();
          sections_.fetch_add(1, std::memory_order_relaxed);
          std::this_thread::yield();  // there may be fewer processors than readers
        }
      });
    }
  }
  ~Crowd() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void AwaitSections(int count) const {
    const int before = sections_.load(std::memory_order_relaxed);
    while (sections_.load(std::memory_order_relaxed) < before + count) P::Pause();
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> sections_{0};
  std::vector<std::thread> threads_;
};

template <typename Srcu>
class NativeSrcuTest : public testing::Test {};

struct SrcuName {
  template <typename Srcu>
  static std::string GetName(int /*index*/) {
    return std::is_same_v<Srcu, NativeSrcu> ? "Presence" : "Quiescent";
  }
};
using Srcus = testing::Types<NativeSrcu, QuiescentSrcu>;
TYPED_TEST_SUITE(NativeSrcuTest, Srcus, SrcuName);

// Each object is spoilt and freed after its wait: both sanitizers would see a
// wait that returns too early.
TYPED_TEST(NativeSrcuTest, PublishAndReclaim) {
  constexpr int kRounds = 5000;
  TypeParam srcu("slots");
  P::Atomic<Object*> link(P::New<Object>());
  {
    const Crowd readers(3, [&] {
      srcu.read_lock();
      const Object* object = link.load(kAcquire);
      EXPECT_EQ(object->value.load(), 1);
      srcu.read_lock();
      srcu.read_unlock();
      EXPECT_TRUE(srcu.held());
      EXPECT_EQ(object->value.load(), 1);
      srcu.read_unlock();
      EXPECT_FALSE(srcu.held());
    });
    for (int round = 0; round < kRounds; ++round) {
      readers.AwaitSections(2);
      Object* old = link.exchange(P::New<Object>(), kRelease);
      srcu.synchronize();
      old->value.store(0);
      P::Delete(old);
    }
  }
  P::Delete(link.peek());
}

TYPED_TEST(NativeSrcuTest, UpdatersTakeTurns) {
  constexpr int kRounds = 2000;
  TypeParam srcu("slots");
  P::Atomic<Object*> link(P::New<Object>());
  {
    const Crowd readers(1, [&] {
      srcu.read_lock();
      EXPECT_EQ(link.load(kAcquire)->value.load(), 1);
      srcu.read_unlock();
    });
    readers.AwaitSections(1);
    const auto update = [&] {
      for (int round = 0; round < kRounds; ++round) {
        Object* old = link.exchange(P::New<Object>(), std::memory_order_acq_rel);
        srcu.synchronize();
        old->value.store(0);
        P::Delete(old);
      }
    };
    std::thread other(update);
    update();
    other.join();
  }
  P::Delete(link.peek());
}

// The only order is by the grace period: of the section before what follows.
TYPED_TEST(NativeSrcuTest, SectionsHappenBeforeTheEndOfAWait) {
  constexpr int kRounds = 500;
  TypeParam srcu("slots");
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    std::latch entered(1);
    std::latch checked(1);
    std::thread reader([&] {
      srcu.read_lock();
      entered.count_down();
      data.store(1);
      srcu.read_unlock();
      checked.wait();  // the exit of a thread orders, too
    });
    entered.wait();
    srcu.synchronize();
    EXPECT_EQ(data.load(), 1);
    checked.count_down();
    reader.join();
  }
}

// The other way: of what precedes the wait before sections that see its end.
TYPED_TEST(NativeSrcuTest, AWaitPublishesToLaterSections) {
  constexpr int kRounds = 500;
  TypeParam srcu("slots");
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    P::Atomic<int> flag(0);
    std::thread reader([&] {
      for (bool seen = false; !seen; P::Pause()) {
        srcu.read_lock();
        seen = flag.load(kRelaxed) == 1;
        if (seen) {
          EXPECT_EQ(data.load(), 7);
        }
        srcu.read_unlock();
      }
    });
    data.store(7);
    srcu.synchronize();
    flag.store(1, kRelaxed);
    reader.join();
  }
}

TYPED_TEST(NativeSrcuTest, TheOutermostSectionCounts) {
  constexpr int kRounds = 200;
  TypeParam srcu("slots");
  for (int round = 0; round < kRounds; ++round) {
    std::atomic<bool> inside = true;
    std::latch entered(1);
    std::thread reader([&] {
      srcu.read_lock();
      srcu.read_lock();
      entered.count_down();
      srcu.read_unlock();
      for (int i = 0; i < 100; ++i) P::Pause();
      inside.store(false, std::memory_order_relaxed);
      srcu.read_unlock();
    });
    entered.wait();
    srcu.synchronize();
    EXPECT_FALSE(inside.load(std::memory_order_relaxed));
    reader.join();
  }
}

// The reader sleeps for the mutex, and the wait sleeps for the reader.
TYPED_TEST(NativeSrcuTest, SectionsMayBlock) {
  constexpr int kRounds = 200;
  TypeParam srcu("slots");
  P::Mutex mutex("mutex");
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    std::latch entered(1);
    std::latch waits(1);
    mutex.lock();
    std::thread reader([&] {
      srcu.read_lock();
      entered.count_down();
      mutex.lock();
      data.store(1);
      mutex.unlock();
      srcu.read_unlock();
    });
    std::thread updater([&] {
      entered.wait();
      waits.count_down();
      srcu.synchronize();
      EXPECT_EQ(data.load(), 1);
    });
    waits.wait();
    for (int i = 0; i < 10 * (round % 10); ++i) P::Pause();
    mutex.unlock();
    updater.join();
    reader.join();
  }
}

// Two readers leave their sections only when the other has entered its next
// one, so that one is open at any time: a wait for a moment with none, or for
// those that keep coming, would never end.
TYPED_TEST(NativeSrcuTest, EndsUnderReadersThatKeepComing) {
  constexpr int kWaits = 500;
  TypeParam srcu("slots");
  std::array<std::atomic<int>, 2> entered{};
  std::atomic<bool> stop = false;
  const auto read = [&](std::size_t self) {
    for (int turn = 1; !stop.load(std::memory_order_relaxed); ++turn) {
      srcu.read_lock();
      entered[self].store(turn, std::memory_order_relaxed);
      const int awaited = self == 0 ? turn : turn + 1;
      while (entered[1 - self].load(std::memory_order_relaxed) < awaited &&
             !stop.load(std::memory_order_relaxed)) {
        P::Pause();
      }
      srcu.read_unlock();
    }
  };
  std::thread first(read, 0);
  while (entered[0].load(std::memory_order_relaxed) == 0) P::Pause();
  std::thread second(read, 1);
  while (entered[1].load(std::memory_order_relaxed) == 0) P::Pause();
  for (int i = 0; i < kWaits; ++i) srcu.synchronize();
  stop.store(true, std::memory_order_relaxed);
  first.join();
  second.join();
}

TYPED_TEST(NativeSrcuTest, ManyReaders) {
  constexpr int kRounds = 200;
  TypeParam srcu("slots");
  P::Atomic<Object*> link(P::New<Object>());
  {
    const Crowd readers(20, [&] {
      srcu.read_lock();
      const Object* object = link.load(kAcquire);
      std::this_thread::yield();
      EXPECT_EQ(object->value.load(), 1);
      srcu.read_unlock();
    });
    for (int round = 0; round < kRounds; ++round) {
      readers.AwaitSections(20);
      Object* old = link.exchange(P::New<Object>(), kRelease);
      srcu.synchronize();
      old->value.store(0);
      P::Delete(old);
    }
  }
  P::Delete(link.peek());
}

// A reader that has been waited for touches nothing of the domain any more.
TYPED_TEST(NativeSrcuTest, TheDomainMayGoAfterAWait) {
  constexpr int kRounds = 500;
  for (int round = 0; round < kRounds; ++round) {
    auto srcu = std::make_unique<TypeParam>("slots");
    std::latch entered(1);
    std::thread reader([&entered, domain = srcu.get()] {
      domain->read_lock();
      entered.count_down();
      for (int i = 0; i < 20; ++i) P::Pause();
      domain->read_unlock();
    });
    entered.wait();
    srcu->synchronize();
    srcu.reset();
    reader.join();
  }
}

// Of domains that are, and not only may be: both waits return while the section of the other domain
// is open.
TEST(NativeSrcuDomainsTest, DomainsAreIndependent) {
  P::Srcu slots("slots");
  P::Srcu notifier("notifier");
  std::latch entered(1);
  std::latch waited(1);
  std::thread reader([&] {
    slots.read_lock();
    entered.count_down();
    waited.wait();  // never returns if the domains wait for each other
    notifier.read_lock();
    EXPECT_TRUE(slots.held());
    EXPECT_TRUE(notifier.held());
    slots.read_unlock();  // not in the order of the locks
    EXPECT_FALSE(slots.held());
    EXPECT_TRUE(notifier.held());
    slots.synchronize();
    notifier.read_unlock();
  });
  entered.wait();
  notifier.synchronize();
  EXPECT_FALSE(slots.held());
  waited.count_down();
  reader.join();
}

class NativeSrcuDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(NativeSrcuDeathTest, WrongUse) {
  const auto wait_inside = [] {
    P::Srcu srcu("slots");
    srcu.read_lock();
    srcu.synchronize();
  };
  EXPECT_DEATH(wait_inside(), "deadlock P2");
  const auto leave = [] { P::Srcu("slots").read_unlock(); };
  EXPECT_DEATH(leave(), "lock-discipline P3: .*leaves a read section");
  const auto destroy = [] { P::Srcu("slots").read_lock(); };
  EXPECT_DEATH(destroy(), "use-after-free L7");
  const auto too_many = [] {
    std::array<P::Srcu, Presence::kMost + 1> domains;
    for (P::Srcu& domain : domains) domain.read_lock();
  };
  EXPECT_DEATH(too_many(), "lock-discipline P3: .*more locks and sections");
}

}  // namespace
}  // namespace racewalk::srcu_test
