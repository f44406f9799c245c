// Goal: every RCU of the native platform waits for what it must, orders it, and
// runs callbacks.
// Method: as in native_test.cc: what is promised to be ordered is plain data, so
// that ThreadSanitizer checks the edges. Nothing waits for a clock.
#include "core/platform/native/rcu.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <type_traits>

#include "core/platform/native.h"
#include "core/platform/native/quiescent_rcu.h"

namespace racewalk::rcu_test {
namespace {

using P = NativePlatform;

constexpr Order kAcquire = std::memory_order_acquire;
constexpr Order kRelease = std::memory_order_release;

template <typename Rcu>
struct Object {
  explicit Object(int v) : value(v) {}
  P::Plain<int> value;
  typename Rcu::Head head;
};

template <typename Rcu>
class NativeRcuTest : public testing::Test {};

struct RcuName {
  template <typename Rcu>
  static std::string GetName(int /*index*/) {
    return std::is_same_v<Rcu, NativeRcu> ? "Memb" : "Quiescent";
  }
};
using Rcus = testing::Types<NativeRcu, QuiescentRcu>;
TYPED_TEST_SUITE(NativeRcuTest, Rcus, RcuName);

// The callback writes what readers read and then frees it: both sanitizers
// would see a callback that comes too early.
TYPED_TEST(NativeRcuTest, CallbackRunsAfterReaders) {
  constexpr int kRounds = 1000;
  TypeParam rcu("tables");
  P::Atomic<Object<TypeParam>*> link(P::New<Object<TypeParam>>(1));
  static std::atomic<int> freed;
  freed = 0;
  std::atomic<bool> stop = false;
  std::atomic<int> sections = 0;
  std::thread reader([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      sections.fetch_add(1, std::memory_order_relaxed);
      rcu.read_lock();
      rcu.read_lock();  // sections nest
      rcu.read_unlock();
      EXPECT_TRUE(rcu.held());
      EXPECT_EQ(link.load(kAcquire)->value.load(), 1);
      rcu.read_unlock();
    }
  });
  const auto free = +[](void* argument) {
    auto* object = static_cast<Object<TypeParam>*>(argument);
    object->value.store(0);
    P::Delete(object);
    freed.fetch_add(1, std::memory_order_relaxed);
  };
  for (int round = 0; round < kRounds; ++round) {
    // Each object is read before it goes.
    const int before = sections.load(std::memory_order_relaxed);
    while (sections.load(std::memory_order_relaxed) < before + 2) P::Pause();
    Object<TypeParam>* old = link.exchange(P::New<Object<TypeParam>>(1), kRelease);
    rcu.call(old->head, free, old);
  }
  stop = true;
  reader.join();
  rcu.barrier();
  EXPECT_EQ(freed, kRounds);
  P::Delete(link.peek());
}

// A destructor that runs after the thread's registration has ended.
template <typename Rcu>
struct Late {
  ~Late() {
    if (rcu == nullptr) return;
    rcu->read_lock();
    rcu->read_unlock();
  }
  Rcu* rcu = nullptr;
};

TYPED_TEST(NativeRcuTest, NoSectionsWhileTheThreadEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto end_late = [] {
    std::thread([] {
      static TypeParam rcu("tables");
      static thread_local Late<TypeParam> late;  // before the first use: gone after it
      late.rcu = &rcu;
      rcu.read_lock();
      rcu.read_unlock();
    }).join();
  };
  EXPECT_DEATH(end_late(), "lock-discipline P3: .*uses RCU while it ends");
}

TYPED_TEST(NativeRcuTest, CallbackWaitsForAnOpenSection) {
  TypeParam rcu("tables");
  static std::atomic<bool> ran;
  ran = false;
  typename TypeParam::Head head;
  rcu.read_lock();
  std::thread updater([&] { rcu.call(head, [](void*) { ran = true; }, nullptr); });
  updater.join();
  EXPECT_FALSE(ran);
  rcu.read_unlock();
  rcu.barrier();
  EXPECT_TRUE(ran);
}

TYPED_TEST(NativeRcuTest, SynchronizeOrdersSections) {
  constexpr int kRounds = 200;
  TypeParam rcu("tables");
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    std::latch entered(1);
    std::latch checked(1);
    std::thread reader([&] {
      rcu.read_lock();
      entered.count_down();
      data.store(1);
      rcu.read_unlock();
      checked.wait();  // the exit of a thread orders, too
    });
    entered.wait();
    rcu.synchronize();
    EXPECT_EQ(data.load(), 1);
    checked.count_down();
    reader.join();
  }
}

TYPED_TEST(NativeRcuTest, BarrierOrdersCallbacks) {
  constexpr int kRounds = 200;
  TypeParam rcu("tables");
  for (int round = 0; round < kRounds; ++round) {
    P::Plain<int> data(0);
    typename TypeParam::Head head;
    rcu.call(head, [](void* argument) { static_cast<P::Plain<int>*>(argument)->store(1); }, &data);
    rcu.barrier();
    EXPECT_EQ(data.load(), 1);
  }
}

TYPED_TEST(NativeRcuTest, CallbackMayReadAndCallAgain) {
  struct Chain {
    TypeParam rcu{"tables"};
    typename TypeParam::Head head;
    P::Plain<int> runs{0};
    static void Run(void* argument) {
      auto* chain = static_cast<Chain*>(argument);
      chain->rcu.read_lock();
      chain->runs.store(chain->runs.load() + 1);
      chain->rcu.read_unlock();
      if (chain->runs.load() < 3) chain->rcu.call(chain->head, &Run, chain);
    }
  } chain;
  chain.rcu.call(chain.head, &Chain::Run, &chain);
  for (int i = 0; i < 3; ++i) chain.rcu.barrier();
  EXPECT_EQ(chain.runs.load(), 3);
}

TYPED_TEST(NativeRcuTest, HeldTellsDomainsApart) {
  if (!NativeHolds::kKept) GTEST_SKIP() << "assertions are off";
  TypeParam tables("tables");
  TypeParam slots("slots");
  EXPECT_FALSE(tables.held());
  tables.read_lock();
  EXPECT_TRUE(tables.held());
  EXPECT_FALSE(slots.held());
  tables.read_unlock();
}

}  // namespace
}  // namespace racewalk::rcu_test
