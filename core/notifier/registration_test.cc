// Goal: callbacks run until the notifier is unregistered, everything is
// released while they still do (N6), and none runs after (N5).
// Method: one thread for the order, then callers on real threads beside an
// unregistration; what they use goes as soon as it returns.
#include "core/notifier/registration.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/platform/native.h"

namespace racewalk {
namespace {

TEST(RegistrationTest, CallsUntilUnregistered) {
  Registration<NativePlatform> registration;
  int calls = 0;
  EXPECT_TRUE(registration.Call([&] { ++calls; }));
  EXPECT_TRUE(registration.Call([&] { ++calls; }));
  bool called_in_release = false;
  registration.Unregister([&] { called_in_release = registration.Call([&] { ++calls; }); });
  EXPECT_TRUE(called_in_release) << "everything is unmapped while the host still calls";
  EXPECT_FALSE(registration.Call([&] { ++calls; }));
  EXPECT_EQ(calls, 3);
}

TEST(RegistrationTest, NoCallbackRunsAfterUnregister) {
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
    registration.Unregister([] {});
    alive->store(false, std::memory_order_relaxed);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(bad.load(), 0);
  }
}

}  // namespace
}  // namespace racewalk
