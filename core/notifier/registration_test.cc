// Goal: callbacks run until the notifier has left its list, everything is
// released while they still do (N6), none runs after (N5), and that both ends
// of a VM come to leave, perhaps at once, makes no difference.
// Method: one thread for the order, then callers on real threads beside those
// who leave; what callers use goes as soon as these return.
#include "core/notifier/registration.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/platform/native.h"

namespace racewalk {
namespace {

TEST(RegistrationTest, CallsUntilItHasLeft) {
  Registration<NativePlatform> registration;
  int calls = 0;
  EXPECT_TRUE(registration.linked());
  EXPECT_TRUE(registration.Call([&] { ++calls; }));
  EXPECT_TRUE(registration.Call([&] { ++calls; }));
  bool called_in_release = false;
  registration.Leave([&] { called_in_release = registration.Call([&] { ++calls; }); });
  EXPECT_TRUE(called_in_release) << "everything is unmapped while the host still calls";
  EXPECT_FALSE(registration.linked());
  EXPECT_FALSE(registration.Call([&] { ++calls; }));
  EXPECT_EQ(calls, 3);
}

TEST(RegistrationTest, WhoeverLeavesSecondHasNothingToDo) {
  Registration<NativePlatform> registration;
  int releases = 0;
  registration.Leave([&] { ++releases; });
  registration.Leave([&] { ++releases; });
  EXPECT_EQ(releases, 1) << "everything has been unmapped for good";
  EXPECT_FALSE(registration.linked());
}

TEST(RegistrationTest, NoCallbackRunsAfterLeave) {
  constexpr int kRounds = 50;
  constexpr int kCallers = 2;
  for (int round = 0; round < kRounds; ++round) {
    Registration<NativePlatform> registration;
    auto alive = std::make_unique<std::atomic<bool>>(true);
    std::atomic<int> started{0};
    std::atomic<int> bad{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, raw = alive.get()] {
        bool first = true;
        while (registration.Call([&] {
          if (!raw->load(std::memory_order_relaxed)) bad.fetch_add(1);
        })) {
          if (std::exchange(first, false)) started.fetch_add(1);
        }
        if (first) started.fetch_add(1);
      });
    }
    while (started.load() < kCallers) std::this_thread::yield();
    registration.Leave([] {});
    alive->store(false, std::memory_order_relaxed);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(bad.load(), 0);
  }
}

// For each of the two, by when it returns everything has been released, and no
// callback and no release runs any more.
TEST(RegistrationTest, TwoMayLeaveAtOnce) {
  constexpr int kRounds = 200;
  int twice = 0;
  for (int round = 0; round < kRounds; ++round) {
    Registration<NativePlatform> registration;
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    std::atomic<int> bad{0};
    std::barrier start(3);
    auto leave = [&] {
      start.arrive_and_wait();
      registration.Leave([&] {
        begun.fetch_add(1);
        std::this_thread::yield();
        ended.fetch_add(1);
      });
      const int over = ended.load();
      if (over == 0 || begun.load() != over || registration.linked()) bad.fetch_add(1);
    };
    std::thread first(leave);
    std::thread second(leave);
    std::thread caller([&] {
      start.arrive_and_wait();
      while (registration.Call([] {})) std::this_thread::yield();
      // Whoever finds it unlinked may free the pages: they are unmapped.
      if (ended.load() == 0) bad.fetch_add(1);
    });
    first.join();
    second.join();
    caller.join();
    EXPECT_EQ(bad.load(), 0);
    EXPECT_GE(ended.load(), 1);
    EXPECT_LE(ended.load(), 2);
    twice += ended.load() == 2 ? 1 : 0;
  }
  RecordProperty("rounds_with_two_releases", twice);
}

}  // namespace
}  // namespace racewalk
