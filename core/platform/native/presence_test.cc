// Goal: who waits for others to leave an object waits for all that had entered
// and for no more, and numbers of threads are each one's own.
// Method: real threads in bounded rounds. Nothing waits for a clock. That waits
// order what they must is shown by what is built on them: srcu_test.cc,
// presence_mutex_test.cc; that they order no more, by races that ThreadSanitizer
// reports.
#include "core/platform/native/presence.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdlib>
#include <latch>
#include <set>
#include <source_location>
#include <thread>
#include <vector>

#include "core/platform/native/tsan.h"

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

// Far more often than there are places, alone and among others.
TEST(PresenceTest, EnteringNestsAnyNumberOfTimes) {
  constexpr std::size_t kTimes = 5 * Presence::kMost;
  const std::vector<char> objects(Presence::kMost);
  for (std::size_t i = 0; i < kTimes; ++i) Enter(objects.data());
  for (std::size_t round = 0; round < 2; ++round) {
    for (std::size_t i = 1; i < objects.size(); ++i) {
      Enter(&objects[i]);
      Enter(&objects[i]);
    }
    for (const char& object : objects) EXPECT_TRUE(Presence::AnyInside(&object));
    for (std::size_t i = 1; i < objects.size(); ++i) {
      Leave(&objects[i]);
      EXPECT_TRUE(Presence::AnyInside(&objects[i]));
      Leave(&objects[i]);
      EXPECT_FALSE(Presence::AnyInside(&objects[i]));
    }
  }
  for (std::size_t i = 0; i < kTimes; ++i) {
    EXPECT_TRUE(Presence::AnyInside(objects.data()));
    Leave(objects.data());
  }
  EXPECT_FALSE(Presence::AnyInside(objects.data()));
  EXPECT_FALSE(Presence::IsInsideAny());
}

// Calls inner(objects) of a thread that is inside of the second of kMost objects while another
// waits for that; whether the wait ended before the thread had left.
template <typename F>
bool WaitEndsEarly(F inner) {
  const std::vector<char> objects(Presence::kMost);
  std::latch entered(1);
  std::atomic<bool> waits = false;
  std::atomic<bool> inside = true;
  std::atomic<bool> ended = false;
  std::thread guest([&] {
    for (const char& object : objects) Enter(&object);
    Leave(objects.data());  // a free place below that of the visit
    entered.count_down();
    waits.wait(false);
    inner(&objects[1]);
    // A wait that does not wait for the rest ends meanwhile.
    for (int i = 0; i < 20'000 && !ended.load(std::memory_order_relaxed); ++i) {
      std::this_thread::yield();
    }
    inside.store(false, std::memory_order_relaxed);
    Leave(&objects[1]);
    for (std::size_t i = 2; i < objects.size(); ++i) Leave(&objects[i]);
  });
  entered.wait();
  Presence::AwaitLeft(&objects[1], [&] {
    waits.store(true);
    waits.notify_one();
  });
  ended.store(true, std::memory_order_relaxed);
  const bool early = inside.load(std::memory_order_relaxed);
  guest.join();
  return early;
}

TEST(PresenceTest, AnInnerVisitDoesNotEndTheOuter) {
  EXPECT_FALSE(WaitEndsEarly([](const char* object) {
    Enter(object);
    Leave(object);
  }));
}

// A visit without a place, then one with a place of its own, of many objects.
TEST(PresenceTest, NoSequenceOfInnerVisitsEndsTheOuter) {
  EXPECT_FALSE(WaitEndsEarly([](const char* object) {
    const std::vector<char> others(3);
    for (int round = 0; round < 3; ++round) {
      Enter(object);
      Enter(&others[0]);  // takes the free place
      Enter(object);
      Leave(&others[0]);
      Enter(object);
      Leave(object);
      Leave(object);
      Leave(object);
    }
  }));
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

#if defined(RACEWALK_TSAN)
// Both leave during the wait, which is for the guest: the other has come after it began.
TEST(PresenceDeathTest, AWaitOrdersNothingOfWhoEntersDuringIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const int object = 0;
        int plain = 0;
        std::atomic<int> step = 0;  // orders nothing
        const auto await = [&](int due) {
          while (step.load(std::memory_order_relaxed) < due) std::this_thread::yield();
        };
        const auto next = [&](int due) { step.store(due, std::memory_order_relaxed); };
        std::thread guest([&] {
          Enter(&object);
          next(1);
          await(3);
          Leave(&object);
          await(4);
        });
        std::thread other([&] {
          // Known to whoever waits from here on, and that is an edge.
          Presence::ThreadNumber();
          await(2);
          Enter(&object);
          plain = 1;
          Leave(&object);
          next(3);
          await(4);  // the exit of a thread orders, too
        });
        await(1);
        Presence::AwaitLeft(&object, [&] { next(2); });
        plain = 2;
        next(4);
        guest.join();
        other.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}
#endif

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

// Two threads meet here again and again, and go on at nearly the same time: no system call,
// and few instructions.
class Meeting {
 public:
  void Meet(int number) {  // from 1
    arrived_.fetch_add(1, std::memory_order_acq_rel);
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < 2 * number; ++spins) {
      if (spins % 1000 == 999) std::this_thread::yield();
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

// Who comes first to a meeting leaves it last, by as much as a cache line takes; so both are
// delayed by this much in all combinations.
void Linger(int loops) {
  // The fence, of the compiler only, keeps the loop.
  for (int i = 0; i < loops; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
}

// Store buffering, which is what the fences are for: of one that enters and then looks, and one
// that says something and then looks who is inside, at least one sees the other. `looks(object,
// found)` calls `found` if somebody is inside, before it waits.
template <typename F>
int MissedEachOther(int rounds, F looks) {
  const int object = 0;
  std::atomic<bool> said = false;
  std::atomic<bool> looked = false;
  bool saw = false;
  Meeting meeting;
  std::thread guest([&] {
    for (int round = 0; round < rounds; ++round) {
      meeting.Meet(2 * round + 1);
      Linger(round % 61);
      Enter(&object);
      saw = said.load(std::memory_order_relaxed);
      while (!looked.load(std::memory_order_acquire)) std::this_thread::yield();
      Leave(&object);
      meeting.Meet(2 * round + 2);
    }
  });
  int missed = 0;
  for (int round = 0; round < rounds; ++round) {
    bool found = false;
    meeting.Meet(2 * round + 1);
    Linger(round % 67);
    said.store(true, std::memory_order_relaxed);
    looks(&object, [&] {
      found = true;
      looked.store(true, std::memory_order_release);
    });
    looked.store(true, std::memory_order_release);
    meeting.Meet(2 * round + 2);
    if (!saw && !found) ++missed;
    said.store(false, std::memory_order_relaxed);
    looked.store(false, std::memory_order_relaxed);
  }
  guest.join();
  return missed;
}

TEST(PresenceTest, WhoEntersOrWhoWaitsSeesTheOther) {
  EXPECT_EQ(MissedEachOther(100'000, [](const void* object,
                                        auto found) { Presence::AwaitLeft(object, found); }),
            0);
}

TEST(PresenceTest, WhoEntersOrWhoLooksSeesTheOther) {
  EXPECT_EQ(MissedEachOther(100'000,
                            [](const void* object, auto found) {
                              if (Presence::AnyInside(object)) found();
                            }),
            0);
}

}  // namespace
}  // namespace racewalk
