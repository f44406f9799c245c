// Goal: sleepable sections may block, and a wait orders what SRCU promises for
// its own domain, and no more.
// Method: as in litmus_memory_test.cc; who came when is noted in plain memory,
// which orders nothing.
#include <gtest/gtest.h>

#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus {
namespace {

struct Guarded {
  P::Srcu slots{"slots"};
  P::Srcu notifier{"notifier"};
  P::Mutex mutex{"mutex"};
  P::Atomic<int> link{1};  // whether `data` can be found
  P::Atomic<int> flag{0};
  P::Plain<int> data{0};
  // Plain memory.
  int section = 0;       // ordinal of the open one, 0: none
  bool blocked = false;  // in that section, for the mutex
  bool returned = false;
  Outcome r{};
};

using SrcuLitmus = Litmus<Guarded>;

enum class Wait { kNone, kSame, kOther };

void Synchronize(Guarded& s, Wait wait) {
  if (wait == Wait::kSame) s.slots.synchronize();
  if (wait == Wait::kOther) s.notifier.synchronize();
}

// r: a section was open at the start of the wait; it was at its end; a later one was.
Result CompareSections(Wait wait) {
  return SrcuLitmus({[](Guarded& s) {
                       for (int ordinal = 1; ordinal <= 2; ++ordinal) {
                         s.slots.read_lock();
                         s.section = ordinal;
                         s.flag.load(kRelaxed);
                         s.slots.read_lock();
                         s.slots.read_unlock();  // the inner one ends nothing
                         s.flag.load(kRelaxed);
                         s.section = 0;
                         s.slots.read_unlock();
                       }
                     },
                     [=](Guarded& s) {
                       s.link.load(kRelaxed);
                       const int before = s.section;
                       Synchronize(s, wait);
                       s.r[0] = before != 0 ? 1 : 0;
                       s.r[1] = before != 0 && s.section == before ? 1 : 0;
                       s.r[2] = s.section > before ? 1 : 0;
                     }})
      .Run({.executions = 20'000});
}

TEST(LitmusSrcu, WaitsForOpenSectionsAndNotForLaterOnes) {
  const Result result = CompareSections(Wait::kSame);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {1, 0, 1}}));
}

TEST(LitmusSrcu, SectionsOfAnotherDomainHoldNothingUp) {
  const Result result = CompareSections(Wait::kOther);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_TRUE(result.Saw({1, 1, 0}));
}

// Thread 0 stays in its section until thread 1 has waited.
Result StayUntilWaited(Wait wait) {
  return SrcuLitmus({[](Guarded& s) {
                       s.slots.read_lock();
                       s.section = 1;
                       while (s.flag.load(kAcquire) == 0) P::Pause();
                       s.slots.read_unlock();
                     },
                     [=](Guarded& s) {
                       s.link.load(kRelaxed);
                       s.r[0] = s.section;
                       if (s.section == 1) Synchronize(s, wait);
                       s.flag.store(1, kRelease);
                     }})
      .Run();
}

TEST(LitmusSrcu, DomainsDoNotWaitForEachOther) {
  const Result result = StayUntilWaited(Wait::kOther);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0}, {1}}));
  EXPECT_EQ(StayUntilWaited(Wait::kSame).verdict(), "livelock");
}

// The section reads and writes what the updater reuses after the wait.
Result ReuseAfterUnlink(Wait wait) {
  return SrcuLitmus({[](Guarded& s) {
                       s.slots.read_lock();
                       s.r[0] = s.link.load(kRelaxed);
                       s.flag.load(kRelaxed);
                       if (s.r[0] == 1) s.data.store(7);
                       s.slots.read_unlock();
                     },
                     [=](Guarded& s) {
                       s.link.store(0, kRelaxed);
                       Synchronize(s, wait);
                       s.r[1] = s.data.load();
                       s.data.store(9);
                     }})
      .Run({.executions = 20'000});
}

TEST(LitmusSrcu, SectionsHappenBeforeTheEndOfTheWait) {
  const Result result = ReuseAfterUnlink(Wait::kSame);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 7}}));
  EXPECT_EQ(ReuseAfterUnlink(Wait::kOther).verdict(), "data-race");
  EXPECT_EQ(ReuseAfterUnlink(Wait::kNone).verdict(), "data-race");
}

// A section that is open when a wait returns has begun after the wait's start.
// r: found the link; the wait had returned after that; it had before the section.
Result LookWhileWaiting(Wait wait) {
  return SrcuLitmus({[](Guarded& s) {
                       s.slots.read_lock();
                       s.r[2] = s.returned ? 1 : 0;
                       s.r[0] = s.link.load(kRelaxed);
                       s.flag.load(kRelaxed);
                       s.r[1] = s.returned ? 1 : 0;
                       s.slots.read_unlock();
                     },
                     [](Guarded& s) {
                       s.slots.read_lock();
                       s.flag.load(kRelaxed);
                       s.slots.read_unlock();
                     },
                     [=](Guarded& s) {
                       s.link.store(0, kRelaxed);
                       Synchronize(s, wait);
                       s.returned = true;
                     }})
      .Run({.executions = 50'000});
}

TEST(LitmusSrcu, SectionsBegunAfterItsStartSeeWhatPrecedesTheWait) {
  const Result result = LookWhileWaiting(Wait::kSame);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{1, 0, 0}, {0, 0, 0}, {0, 1, 0}, {0, 1, 1}}));
  const Result other = LookWhileWaiting(Wait::kOther);
  EXPECT_TRUE(other.Saw({1, 1, 0}));
  EXPECT_TRUE(other.Saw({1, 1, 1}));
}

// The same for plain data, which a section may then use without an acquire.
Result PublishByWaiting(Wait wait) {
  return SrcuLitmus({[=](Guarded& s) {
                       s.data.store(7);
                       Synchronize(s, wait);
                       s.flag.store(1, kRelaxed);
                     },
                     [](Guarded& s) {
                       s.slots.read_lock();
                       if (s.flag.load(kRelaxed) == 1) s.r[0] = s.data.load();
                       s.slots.read_unlock();
                     }})
      .Run();
}

TEST(LitmusSrcu, AWaitPublishesToLaterSections) {
  const Result result = PublishByWaiting(Wait::kSame);
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0}, {7}}));
  EXPECT_EQ(PublishByWaiting(Wait::kOther).verdict(), "data-race");
}

TEST(LitmusSrcu, SectionsDoNotOrderEachOther) {
  const auto first = [](Guarded& s) {
    s.slots.read_lock();
    s.data.store(1);
    s.slots.read_unlock();
    s.section = 1;
  };
  const auto second = [](Guarded& s) {
    s.slots.read_lock();
    if (s.section == 1) s.data.load();
    s.slots.read_unlock();
  };
  EXPECT_EQ(SrcuLitmus({first, second}).Run().verdict(), "data-race");
}

TEST(LitmusSrcu, HeldIsTheCallersOwn) {
  const auto reader = [](Guarded& s) {
    s.slots.read_lock();
    s.section = 1;
    s.r[0] = (s.slots.held() ? 1 : 0) + (s.notifier.held() ? 2 : 0);
    s.flag.load(kRelaxed);
    s.section = 0;
    s.slots.read_unlock();
  };
  const auto other = [](Guarded& s) {
    s.link.load(kRelaxed);
    if (s.section == 1) s.r[1] = s.slots.held() ? 2 : 1;
  };
  EXPECT_EQ(SrcuLitmus({reader, other}).Run().seen, (std::set<Outcome>{{1, 0}, {1, 1}}));
}

// r: a section was blocked for the mutex at the start of the wait; it was at its end.
TEST(LitmusSrcu, ASectionMayBlock) {
  const auto reader = [](Guarded& s) {
    s.slots.read_lock();
    s.blocked = true;
    s.mutex.lock();
    s.data.store(s.data.load() + 1);
    s.mutex.unlock();
    s.blocked = false;
    s.slots.read_unlock();
  };
  const auto holder = [](Guarded& s) {
    s.mutex.lock();
    s.section = 1;
    s.data.store(s.data.load() + 1);
    s.flag.load(kRelaxed);
    s.section = 0;
    s.mutex.unlock();
  };
  const auto updater = [](Guarded& s) {
    s.link.load(kRelaxed);
    const bool before = s.blocked && s.section == 1;
    s.slots.synchronize();
    s.r[0] = before ? 1 : 0;
    s.r[1] = before && s.blocked ? 1 : 0;
  };
  const Result result = SrcuLitmus({reader, holder, updater}).Run({.executions = 20'000});
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 0}}));
}

TEST(LitmusSrcu, AWaitUnderALockOfASectionIsADeadlock) {
  const auto reader = [](Guarded& s) {
    s.slots.read_lock();
    s.mutex.lock();
    s.mutex.unlock();
    s.slots.read_unlock();
  };
  const auto updater = [](Wait wait) {
    return [=](Guarded& s) {
      s.mutex.lock();
      Synchronize(s, wait);
      s.mutex.unlock();
    };
  };
  EXPECT_EQ(SrcuLitmus({reader, updater(Wait::kSame)}).Run().verdict(), "deadlock");
  EXPECT_EQ(SrcuLitmus({reader, updater(Wait::kOther)}).Run().verdict(), "clean");
}

TEST(LitmusSrcu, WrongUse) {
  const auto nothing = [](Guarded&) {};
  const auto wait_inside = [](Wait wait) {
    return [=](Guarded& s) {
      s.slots.read_lock();
      Synchronize(s, wait);
      s.slots.read_unlock();
    };
  };
  EXPECT_EQ(SrcuLitmus({wait_inside(Wait::kSame), nothing}).Run().verdict(), "deadlock");
  EXPECT_EQ(SrcuLitmus({wait_inside(Wait::kOther), nothing}).Run().verdict(), "clean");
  // Each waits for the domain that the other is in.
  const auto crosswise = [](Guarded& s) {
    s.notifier.read_lock();
    s.slots.synchronize();
    s.notifier.read_unlock();
  };
  EXPECT_EQ(SrcuLitmus({wait_inside(Wait::kOther), crosswise}).Run().verdict(), "deadlock");
  const auto leave = [](Guarded& s) { s.slots.read_unlock(); };
  EXPECT_EQ(SrcuLitmus({leave, nothing}).Run().verdict(), "lock-discipline");
}

}  // namespace
}  // namespace racewalk::litmus
