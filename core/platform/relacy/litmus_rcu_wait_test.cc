// Goal: waits for grace periods and callbacks order what they promise, and a
// grace period that never ends is found.
// Method: as in litmus_memory_test.cc.
#include <gtest/gtest.h>

#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus::litmus_rcu_wait_test {
namespace {

struct Linked {
  P::Rcu rcu{"tables"};
  P::Rcu other{"memslots"};
  P::Atomic<int> link{1};  // whether `data` can be found
  P::Atomic<int> flag{0};
  P::Plain<int> data{0};
  P::Rcu::Head head;
  Outcome r{};
};

using RcuLitmus = Litmus<Linked>;

void Nothing(void*) {}

// What precedes a grace period is seen by sections that begin after its start;
// a call alone says nothing about when that is.
Result PublishByGracePeriod(bool wait) {
  return RcuLitmus({[=](Linked& s) {
                      s.data.store(7);
                      if (wait) s.rcu.synchronize();
                      if (!wait) s.rcu.call(s.head, &Nothing, nullptr);
                      s.flag.store(1, kRelaxed);
                    },
                    [](Linked& s) {
                      s.rcu.read_lock();
                      if (s.flag.load(kRelaxed) == 1) s.r[0] = s.data.load();
                      s.rcu.read_unlock();
                    }})
      .Run();
}

TEST(LitmusRcuWait, AGracePeriodPublishesToLaterSections) {
  const Result result = PublishByGracePeriod(true);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0}, {7}}));
  EXPECT_EQ(PublishByGracePeriod(false).verdict(), "data-race");
}

Result ReuseAfterUnlink(bool synchronize) {
  return RcuLitmus({[](Linked& s) {
                      s.rcu.read_lock();
                      s.rcu.read_lock();  // sections nest: the inner one ends nothing
                      s.r[0] = s.link.load(kRelaxed);
                      s.rcu.read_unlock();
                      s.flag.load(kRelaxed);
                      if (s.r[0] == 1) s.r[1] = s.data.load();
                      s.rcu.read_unlock();
                    },
                    [=](Linked& s) {
                      s.link.store(0, kRelaxed);
                      if (synchronize) s.rcu.synchronize();
                      s.data.store(9);
                    }})
      .Run({.executions = 50'000});
}

TEST(LitmusRcuWait, SynchronizeWaitsForAndOrdersSections) {
  const Result result = ReuseAfterUnlink(true);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 0}}));
  EXPECT_EQ(ReuseAfterUnlink(false).verdict(), "data-race");
}

// A section that begins after the grace period's start and is over before its
// end is not ordered before what follows, though it happens to come first.
Result ReadAfterALaterSection(const RcuLitmus::Body& updater) {
  return RcuLitmus({updater,
                    [](Linked& s) {
                      s.rcu.read_lock();
                      s.data.store(7);
                      s.rcu.read_unlock();
                      s.r[0] = 1;
                    }})
      .Run();
}

TEST(LitmusRcuWait, LaterSectionsAreNotOrderedBefore) {
  EXPECT_EQ(ReadAfterALaterSection([](Linked& s) {
              s.rcu.synchronize();
              if (s.r[0] == 1) s.data.load();
            }).verdict(),
            "data-race");
  EXPECT_EQ(ReadAfterALaterSection([](Linked& s) {
              s.rcu.call(
                  s.head,
                  [](void* argument) {
                    auto& linked = *static_cast<Linked*>(argument);
                    if (linked.r[0] == 1) linked.data.load();
                  },
                  &s);
            }).verdict(),
            "data-race");
}

// The callback writes; the caller reads, having waited for it or not.
Result UseWhatACallbackWrote(bool barrier) {
  return RcuLitmus({[=](Linked& s) {
                      s.rcu.call(
                          s.head,
                          [](void* argument) {
                            auto& linked = *static_cast<Linked*>(argument);
                            linked.data.store(1);
                            linked.r[3] = 1;
                          },
                          &s);
                      if (barrier) s.rcu.barrier();
                      s.flag.load(kRelaxed);
                      s.r[0] = s.r[3];
                      if (s.r[3] == 1) s.r[1] = s.data.load();
                    },
                    [](Linked& s) {
                      s.rcu.read_lock();
                      s.flag.load(kRelaxed);
                      s.rcu.read_unlock();
                    }})
      .Run();
}

TEST(LitmusRcuWait, BarrierWaitsForAndOrdersCallbacks) {
  const Result result = UseWhatACallbackWrote(true);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{1, 1, 0, 1}}));
  EXPECT_EQ(UseWhatACallbackWrote(false).verdict(), "data-race");
}

TEST(LitmusRcuWait, WorksInSetupAndAtRest) {
  const auto count = [](Linked& s) {
    s.rcu.read_lock();
    s.rcu.read_unlock();
    s.rcu.call(s.head, [](void* r) { static_cast<int*>(r)[0] += 1; }, &s.r);
    s.rcu.synchronize();
    s.rcu.barrier();
    s.r[1] += s.r[0];
  };
  const auto nothing = [](Linked&) {};
  EXPECT_EQ(RcuLitmus({nothing, nothing}).Setup(count).AtRest(count).Run().seen,
            (std::set<Outcome>{{2, 3}}));
}

// Thread 0 stays in a section of `rcu` until thread 1 has waited for a domain.
Result WaitForADomain(bool same) {
  return RcuLitmus({[](Linked& s) {
                      s.rcu.read_lock();
                      s.r[0] = 1;
                      while (s.flag.load(kAcquire) == 0) P::Pause();
                      s.rcu.read_unlock();
                    },
                    [=](Linked& s) {
                      s.link.load(kRelaxed);
                      if (s.r[0] == 1) (same ? s.rcu : s.other).synchronize();
                      s.flag.store(1, kRelease);
                    }})
      .Run();
}

TEST(LitmusRcuWait, DomainsDoNotWaitForEachOther) {
  EXPECT_EQ(WaitForADomain(false).verdict(), "clean");
  EXPECT_EQ(WaitForADomain(true).verdict(), "livelock");
}

TEST(LitmusRcuWait, ASectionLeftOpenIsADeadlock) {
  const auto nothing = [](Linked&) {};
  const auto open = [](Linked& s) { s.rcu.read_lock(); };
  const auto wait = [](Linked& s) { s.rcu.synchronize(); };
  const auto call = [](Linked& s) { s.rcu.call(s.head, &Nothing, nullptr); };
  const auto wait_inside = [](Linked& s) {
    s.rcu.read_lock();
    s.rcu.synchronize();
  };
  EXPECT_EQ(RcuLitmus({open, wait}).Run().verdict(), "deadlock");
  EXPECT_EQ(RcuLitmus({open, call}).Run().verdict(), "deadlock");
  EXPECT_EQ(RcuLitmus({wait_inside, nothing}).Run().verdict(), "deadlock");
  EXPECT_EQ(RcuLitmus({[](Linked& s) { s.rcu.read_unlock(); }, nothing}).Run().verdict(),
            "lock-discipline");
}

}  // namespace
}  // namespace racewalk::litmus::litmus_rcu_wait_test
