// Goal: who waits for others to leave an object waits for all that had entered
// and for no more, and numbers of threads are each one's own.
// Method: real threads in bounded rounds. Nothing waits for a clock. That waits
// order what they must is shown by what is built on them: srcu_test.cc,
// presence_mutex_test.cc.
#include "core/platform/native/presence.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <latch>
#include <set>
#include <source_location>
#include <thread>
#include <vector>

namespace racewalk {
namespace {

void Enter(const void* object) { Presence::Enter(object, std::source_location::current()); }
void Leave(const void* object) { Presence::Leave(object, std::source_location::current()); }

TEST(PresenceTest, EnteringNests) {
  const int a = 0;
  const int b = 0;
  EXPECT_FALSE(Presence::IsInside(&a));
  Enter(&a);
  EXPECT_TRUE(Presence::IsInside(&a));
  Enter(&b);
  Enter(&a);
  Leave(&a);
  EXPECT_TRUE(Presence::IsInside(&a));
  EXPECT_TRUE(Presence::AnyInside(&a));
  Leave(&a);  // before b, which was entered later
  EXPECT_FALSE(Presence::IsInside(&a));
  EXPECT_FALSE(Presence::AnyInside(&a));
  EXPECT_TRUE(Presence::IsInside(&b));
  Enter(&a);
  Leave(&b);
  Leave(&a);
  EXPECT_FALSE(Presence::AnyInside(&b));
  EXPECT_FALSE(Presence::IsInsideAny());
}

// Places that were left out of order are used again.
TEST(PresenceTest, PlacesDoNotRunOut) {
  const std::vector<char> objects(3 * Presence::kMost);
  Enter(objects.data());
  for (std::size_t i = 1; i < objects.size(); ++i) {
    Enter(&objects[i]);
    Leave(&objects[i - 1]);
  }
  Leave(&objects.back());
  for (const char& object : objects) EXPECT_FALSE(Presence::AnyInside(&object));
}

TEST(PresenceTest, WaitsForThoseInsideOnly) {
  const int object = 0;
  const int other = 0;
  bool waited = false;
  Presence::AwaitLeft(&object, [&] { waited = true; });
  EXPECT_FALSE(waited);

  std::latch entered(1);
  std::atomic<bool> left = false;
  std::atomic<bool> leave = false;
  std::thread guest([&] {
    Enter(&object);
    Enter(&other);
    entered.count_down();
    leave.wait(false);
    left.store(true, std::memory_order_relaxed);
    Leave(&object);
    Leave(&other);
  });
  entered.wait();
  Presence::AwaitLeft(&object, [&] {
    leave.store(true);
    leave.notify_one();
  });
  EXPECT_TRUE(left.load(std::memory_order_relaxed));
  guest.join();
}

TEST(PresenceTest, ThreadNumbersAreEachOnesOwn) {
  constexpr int kThreads = 20;
  const std::size_t mine = Presence::ThreadNumber();
  for (int round = 0; round < 2; ++round) {
    std::vector<std::size_t> numbers(kThreads);
    std::barrier all(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t& number : numbers) {
      threads.emplace_back([&] {
        number = Presence::ThreadNumber();
        EXPECT_EQ(number, Presence::ThreadNumber());
        all.arrive_and_wait();  // all are alive
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::size_t> different(numbers.begin(), numbers.end());
    different.insert(mine);
    EXPECT_EQ(different.size(), kThreads + 1u);
    // Those of threads that have gone are used again.
    EXPECT_LE(*different.rbegin(), 2u * kThreads);
  }
  EXPECT_EQ(mine, Presence::ThreadNumber());
}

}  // namespace
}  // namespace racewalk
