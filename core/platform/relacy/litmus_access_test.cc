// Goal: what is particular to the explored world's words and objects: failed
// compare-exchanges, hardware accesses, the numbers of stores in events,
// words never written, objects that are gone, and slots.
// Method: as in litmus_memory_test.cc.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus::litmus_access_test {
namespace {

struct Words {
  P::Atomic<int> x{0};
  P::Atomic<int> y{0};
  P::Plain<int> data{0};
  Outcome r{};
};

void Publish(Words& s) {
  s.data.store(7);
  s.x.store(1, kRelease);
}

// Thread 1 expects 5, which is never there, and uses what it finds.
Result FailToExchange(Order order) {
  return Litmus<Words>({&Publish,
                        [=](Words& s) {
                          int expected = 5;
                          s.r[2] = s.x.compare_exchange(expected, 6, order) ? 1 : 0;
                          s.r[0] = expected;
                          if (expected == 1) s.r[1] = s.data.load();
                        }})
      .Run();
}

TEST(LitmusCompareExchange, FailureHasTheLoadHalfOfSuccess) {
  for (const Order order : {kAcquire, kAcqRel, kSeqCst}) {
    const Result result = FailToExchange(order);
    EXPECT_EQ(result.verdict(), "clean");
    EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 7}}));
  }
  EXPECT_EQ(FailToExchange(kRelaxed).verdict(), "data-race");
  EXPECT_EQ(FailToExchange(kRelease).verdict(), "data-race");
}

// Success: thread 0 publishes by it, thread 1 follows by it.
Result Exchange(Order publish, Order follow) {
  return Litmus<Words>({[=](Words& s) {
                          s.data.store(7);
                          int expected = 0;
                          s.x.compare_exchange(expected, 1, publish);
                        },
                        [=](Words& s) {
                          int expected = 1;
                          if (s.x.compare_exchange(expected, 2, follow)) s.r[1] = s.data.load();
                        }})
      .Run();
}

TEST(LitmusCompareExchange, SuccessHasBothHalves) {
  const Result result = Exchange(kRelease, kAcquire);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {0, 7}}));
  EXPECT_EQ(Exchange(kAcqRel, kAcqRel).verdict(), "clean");
  EXPECT_EQ(Exchange(kAcquire, kAcquire).verdict(), "data-race");
  EXPECT_EQ(Exchange(kRelease, kRelease).verdict(), "data-race");
}

// A hardware walk reads x, then software does: it needs its own order.
Result LoadAfterHardware(Order order) {
  return Litmus<Words>({&Publish,
                        [=](Words& s) {
                          s.r[0] = s.x.hardware_load();
                          s.r[1] = s.x.load(order);
                          if (s.r[1] == 1) s.r[2] = s.data.load();
                        }})
      .Run();
}

TEST(LitmusHardware, LoadLeavesNoEdge) {
  const Result result = LoadAfterHardware(kAcquire);
  EXPECT_EQ(result.verdict(), "clean");
  // Software may still be behind what the walker has seen.
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0, 0}, {0, 1, 7}, {1, 0, 0}, {1, 1, 7}}));
  EXPECT_EQ(LoadAfterHardware(kRelaxed).verdict(), "data-race");
}

TEST(LitmusHardware, LoadSeesTheNewest) {
  const Result result = Litmus<Words>({[](Words& s) {
                                         s.x.store(1, kRelaxed);
                                         s.r[0] = 1;
                                       },
                                       [](Words& s) {
                                         s.r[1] = s.r[0];
                                         s.r[2] = s.x.hardware_load();
                                       }})
                            .Run();
  EXPECT_FALSE(result.Saw({1, 1, 0}));
  EXPECT_TRUE(result.Saw({1, 1, 1}));
  EXPECT_TRUE(result.Saw({1, 0, 0}));
}

// The walker sets a bit in what it has read; software follows. `updated`: only
// where the walker's update succeeded, or only where it failed.
Result LoadAfterHardwareUpdate(Order order, bool updated) {
  return Litmus<Words>({&Publish,
                        [=](Words& s) {
                          int read = s.x.hardware_load();
                          const bool done = s.x.hardware_compare_exchange(read, read | 8);
                          s.r[0] = s.x.load(order);
                          if (done == updated && s.r[0] == (done ? 9 : 1)) s.r[1] = s.data.load();
                        }})
      .Run();
}

TEST(LitmusHardware, UpdateLeavesNoEdgeAndBreaksNone) {
  for (const bool updated : {true, false}) {
    const Result result = LoadAfterHardwareUpdate(kAcquire, updated);
    EXPECT_EQ(result.verdict(), "clean");
    // The update continues the release sequence.
    EXPECT_TRUE(result.Saw({updated ? 9 : 1, 7}));
    EXPECT_EQ(LoadAfterHardwareUpdate(kRelaxed, updated).verdict(), "data-race");
  }
}

TEST(LitmusHardware, UpdatePublishesNothing) {
  const auto walker = [](Words& s) {
    s.data.store(7);
    int zero = 0;
    s.x.hardware_compare_exchange(zero, 8);
  };
  const auto reader = [](Words& s) {
    if (s.x.load(kAcquire) == 8) s.data.load();
  };
  EXPECT_EQ(Litmus<Words>({walker, reader}).Run().verdict(), "data-race");
}

TEST(LitmusEvents, LoadsSayWhichStoreTheySaw) {
  bool stale = false;
  bool newest = false;
  Litmus<Words>(
      {[](Words& s) { s.x.store(1, kRelaxed); }, [](Words& s) { s.r[0] = s.x.load(kRelaxed); }})
      .Run({.inspect = [&](const std::vector<Event>& events) {
        for (const Event& event : events) {
          if (event.kind != EventKind::kLoad) continue;
          EXPECT_EQ(event.thread, 1);
          EXPECT_EQ(event.value, event.store - 1);  // store 1 is the 0 of setup
          stale |= event.store == 1 && event.newest == 2;
          newest |= event.store == 2 && event.newest == 2;
        }
      }});
  EXPECT_TRUE(stale);
  EXPECT_TRUE(newest);
}

struct Unwritten {
  P::Atomic<int> word{WordName{.what = "word"}};
  P::Plain<int> plain{WordName{.what = "plain"}};
  P::Atomic<int> ready{0};
  Outcome r{};
};

TEST(LitmusUninitialized, NeverWritten) {
  const auto nothing = [](Unwritten&) {};
  const auto load = [](Unwritten& s) { s.word.load(kAcquire); };
  EXPECT_EQ(Litmus<Unwritten>({load, nothing}).Run().verdict(), "uninitialized-read");
  const auto walk = [](Unwritten& s) { s.word.hardware_load(); };
  EXPECT_EQ(Litmus<Unwritten>({walk, nothing}).Run().verdict(), "uninitialized-read");
  const auto modify = [](Unwritten& s) { s.word.fetch_add(1, kRelaxed); };
  EXPECT_EQ(Litmus<Unwritten>({modify, nothing}).Run().verdict(), "uninitialized-read");
  const auto plain = [](Unwritten& s) { s.plain.load(); };
  EXPECT_EQ(Litmus<Unwritten>({plain, nothing}).Run().verdict(), "uninitialized-read");
}

Result PublishInitialized(Order publish, Order follow) {
  return Litmus<Unwritten>({[=](Unwritten& s) {
                              s.word.initialize(7);
                              s.ready.store(1, publish);
                            },
                            [=](Unwritten& s) {
                              if (s.ready.load(follow) == 1) s.r[0] = s.word.load(kRelaxed);
                            }})
      .Run();
}

TEST(LitmusUninitialized, NotYetVisible) {
  EXPECT_EQ(PublishInitialized(kRelease, kAcquire).seen, (std::set<Outcome>{{0}, {7}}));
  EXPECT_EQ(PublishInitialized(kRelaxed, kAcquire).verdict(), "uninitialized-read");
  EXPECT_EQ(PublishInitialized(kRelease, kRelaxed).verdict(), "uninitialized-read");
}

struct Object {
  P::Atomic<int> word{3};
  P::Plain<int> plain{4};
  P::Mutex mutex;
  P::SharedMutex lock;
};

struct Heap {
  Object* object = nullptr;
  P::Atomic<int> step{0};
  Outcome r{};
};

// Thread 0 deletes the object while thread 1 uses it.
Result UseDeleted(const Litmus<Heap>::Body& use) {
  return Litmus<Heap>({[](Heap& s) {
                         s.step.store(1, kRelaxed);
                         P::Delete(s.object);
                       },
                       use})
      .Setup([](Heap& s) { s.object = P::New<Object>(); })
      .Run();
}

TEST(LitmusObjects, UseAfterDelete) {
  EXPECT_EQ(UseDeleted([](Heap& s) { s.object->word.load(kRelaxed); }).verdict(), "use-after-free");
  EXPECT_EQ(UseDeleted([](Heap& s) { s.object->word.store(1, kRelaxed); }).verdict(),
            "use-after-free");
  EXPECT_EQ(UseDeleted([](Heap& s) { s.object->word.hardware_load(); }).verdict(),
            "use-after-free");
  EXPECT_EQ(UseDeleted([](Heap& s) {
              s.object->mutex.lock();
              s.object->mutex.unlock();
            }).verdict(),
            "use-after-free");
  EXPECT_EQ(UseDeleted([](Heap& s) {
              s.object->lock.lock_shared();
              s.object->lock.unlock_shared();
            }).verdict(),
            "use-after-free");
  // Plain data has no scheduling point of its own.
  EXPECT_EQ(UseDeleted([](Heap& s) {
              s.step.load(kRelaxed);
              s.object->plain.load();
            }).verdict(),
            "use-after-free");
}

TEST(LitmusObjects, DeletedTwice) {
  EXPECT_EQ(UseDeleted([](Heap& s) { P::Delete(s.object); }).verdict(), "double-free");
}

TEST(LitmusObjects, LiveOnesAreCounted) {
  const Result result =
      Litmus<Heap>({[](Heap& s) { s.object = P::New<Object>(); },
                    [](Heap& s) { s.r[0] = static_cast<int>(World::Get().live_objects()); }})
          .AtRest([](Heap& s) {
            P::Delete(s.object);
            s.r[1] = static_cast<int>(World::Get().live_objects());
          })
          .Run();
  EXPECT_EQ(result.seen, (std::set<Outcome>{{2, 1}}));  // one is the state itself
}

// Two frames. Thread 0 writes frame 1 and frees it; thread 1 takes one.
template <P::Slots::Reuse reuse>
struct Frames {
  P::Slots slots{1, 2, reuse};
  std::array<P::Plain<int>, 3> data;
  P::Atomic<int> step{0};
  uint32_t first = 0;
  Outcome r{};
};

template <P::Slots::Reuse reuse>
Result Recycle(bool through_slots) {
  using S = Frames<reuse>;
  return Litmus<S>({[=](S& s) {
                      s.step.load(kRelaxed);
                      s.data[s.first].store(1);
                      if (through_slots) s.slots.give(s.first);
                      s.r[3] = 1;
                    },
                    [=](S& s) {
                      s.step.load(kRelaxed);
                      if (s.r[3] == 0) return;  // too early
                      const uint32_t slot = through_slots ? s.slots.take() : s.first;
                      s.r[0] = static_cast<int>(slot);
                      s.r[1] = static_cast<int>(s.slots.take());
                      s.data[slot].store(2);
                    }})
      .Setup([](S& s) { s.first = s.slots.take(); })
      .Run();
}

TEST(LitmusSlots, ReuseIsOrderedAfterTheFree) {
  using enum P::Slots::Reuse;
  const Result newest = Recycle<kNewestFirst>(true);
  EXPECT_EQ(newest.verdict(), "clean");
  EXPECT_EQ(newest.seen, (std::set<Outcome>{{0, 0, 0, 1}, {1, 2, 0, 1}}));
  EXPECT_EQ(Recycle<kNewestFirst>(false).verdict(), "data-race");
}

TEST(LitmusSlots, QuarantineIsAChoice) {
  const Result chosen = Recycle<P::Slots::Reuse::kChosen>(true);
  EXPECT_EQ(chosen.verdict(), "clean");
  EXPECT_EQ(chosen.seen, (std::set<Outcome>{{0, 0, 0, 1}, {1, 2, 0, 1}, {2, -1, 0, 1}}));
}

}  // namespace
}  // namespace racewalk::litmus::litmus_access_test
