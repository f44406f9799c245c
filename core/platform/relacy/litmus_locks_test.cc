// Goal: the locks order what real ones promise and nothing else; deadlock,
// livelock and broken discipline are found; a thread that retries starves nobody.
// Method: as in litmus_memory_test.cc; fairness against adversarial decisions.
#include <gtest/gtest.h>

#include "absl/base/thread_annotations.h"
#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus {
namespace {

struct Locked {
  P::Mutex mutex{"mutex"};
  P::Mutex second{"second"};
  P::SharedMutex lock{"lock"};
  P::Plain<int> data{0};
  P::Atomic<int> step{0};
  bool first_done = false;  // plain memory: says who came first, orders nothing
  int inside = 0;
  Outcome r{};
};

enum class Hold { kNone, kMutex, kShared, kExclusive };

// Which one is a matter of the test, beyond the compiler's analysis.
void Acquire(Locked& s, Hold hold) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (hold == Hold::kMutex) s.mutex.lock();
  if (hold == Hold::kShared) s.lock.lock_shared();
  if (hold == Hold::kExclusive) s.lock.lock();
}
void Release(Locked& s, Hold hold) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (hold == Hold::kMutex) s.mutex.unlock();
  if (hold == Hold::kShared) s.lock.unlock_shared();
  if (hold == Hold::kExclusive) s.lock.unlock();
}

// Thread 0 writes (or reads) data under `first`, thread 1 afterwards does the
// opposite under `second`; what the locks order is no race.
Result OneAfterTheOther(Hold first, Hold second, bool first_writes) {
  return Litmus<Locked>({[=](Locked& s) {
                           Acquire(s, first);
                           if (first_writes) {
                             s.data.store(1);
                           } else {
                             s.data.load();
                           }
                           Release(s, first);
                           s.first_done = true;
                         },
                         [=](Locked& s) {
                           Acquire(s, second);
                           s.r[0] = s.first_done ? 1 : 0;
                           if (s.first_done && first_writes) s.data.load();
                           if (s.first_done && !first_writes) s.data.store(1);
                           Release(s, second);
                         }})
      .Run();
}

TEST(LitmusLocks, WritersOrderEverybody) {
  using enum Hold;
  for (const auto& [first, second] :
       {std::pair{kMutex, kMutex}, std::pair{kExclusive, kExclusive},
        std::pair{kExclusive, kShared}, std::pair{kShared, kExclusive}}) {
    for (const bool first_writes : {true, false}) {
      const Result result = OneAfterTheOther(first, second, first_writes);
      EXPECT_EQ(result.verdict(), "clean");
      EXPECT_EQ(result.seen, (std::set<Outcome>{{0}, {1}}));
    }
  }
}

TEST(LitmusLocks, ReadersDoNotOrderReaders) {
  EXPECT_EQ(OneAfterTheOther(Hold::kShared, Hold::kShared, true).verdict(), "data-race");
  EXPECT_EQ(OneAfterTheOther(Hold::kShared, Hold::kShared, false).verdict(), "data-race");
  EXPECT_EQ(OneAfterTheOther(Hold::kNone, Hold::kExclusive, true).verdict(), "data-race");
}

TEST(LitmusLocks, AWriterBetweenReadersOrdersThem) {
  const Result result = Litmus<Locked>({[](Locked& s) {
                                          s.lock.lock_shared();
                                          s.data.store(1);
                                          s.lock.unlock_shared();
                                          s.r[0] = 1;
                                        },
                                        [](Locked& s) {
                                          s.lock.lock();
                                          if (s.r[0] == 1) s.r[1] = 1;
                                          s.lock.unlock();
                                        },
                                        [](Locked& s) {
                                          s.lock.lock_shared();
                                          if (s.r[1] == 1) s.r[2] = s.data.load();
                                          s.lock.unlock_shared();
                                        }})
                            .Run();
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_TRUE(result.Saw({1, 1, 1}));
}

// How many are inside at once.
Result Crowd(Hold a, Hold b) {
  const auto body = [](Hold hold) {
    return [hold](Locked& s) {
      Acquire(s, hold);
      s.r[0] = std::max(s.r[0], ++s.inside);
      s.step.load(kRelaxed);
      --s.inside;
      Release(s, hold);
    };
  };
  return Litmus<Locked>({body(a), body(b)}).Run();
}

TEST(LitmusLocks, Exclude) {
  using enum Hold;
  EXPECT_EQ(Crowd(kMutex, kMutex).seen, (std::set<Outcome>{{1}}));
  EXPECT_EQ(Crowd(kExclusive, kExclusive).seen, (std::set<Outcome>{{1}}));
  EXPECT_EQ(Crowd(kShared, kExclusive).seen, (std::set<Outcome>{{1}}));
  EXPECT_EQ(Crowd(kShared, kShared).seen, (std::set<Outcome>{{1}, {2}}));
}

TEST(LitmusLocks, ContentionIsSeenByTheHolder) {
  const Result result = Litmus<Locked>({[](Locked& s) {
                                          s.lock.lock_shared();
                                          s.step.load(kRelaxed);
                                          s.r[0] = s.lock.contended() ? 1 : 0;
                                          s.lock.unlock_shared();
                                        },
                                        [](Locked& s) {
                                          s.lock.lock();
                                          s.lock.unlock();
                                        }})
                            .Run();
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0}, {1}}));
}

TEST(LitmusLocks, Discipline) {
  using Body = Litmus<Locked>::Body;
  const auto run = [](const Body& body) {
    return Litmus<Locked>({body}).Run({.executions = 10}).verdict();
  };
  EXPECT_EQ(run([](Locked& s) { s.mutex.AssertHeld(); }), "lock-discipline");
  EXPECT_EQ(run([](Locked& s) { s.lock.AssertHeldShared(); }), "lock-discipline");
  EXPECT_EQ(run([](Locked& s) { Release(s, Hold::kMutex); }), "lock-discipline");
  EXPECT_EQ(run([](Locked& s) { Release(s, Hold::kShared); }), "lock-discipline");
  EXPECT_EQ(run([](Locked& s) { Release(s, Hold::kExclusive); }), "lock-discipline");
  EXPECT_EQ(run([](Locked& s) {
              Acquire(s, Hold::kShared);
              Acquire(s, Hold::kShared);
            }),
            "lock-discipline");
  EXPECT_EQ(run([](Locked& s) {
              s.lock.lock_shared();
              s.lock.AssertHeldShared();
              s.lock.AssertHeld();
              s.lock.unlock_shared();
            }),
            "lock-discipline");
  EXPECT_EQ(run([](Locked& s) {
              s.lock.lock();
              s.lock.AssertHeldShared();
              s.lock.AssertHeld();
              s.lock.unlock();
            }),
            "clean");
}

void FirstThenSecond(Locked& s) {
  s.mutex.lock();
  s.second.lock();
  s.second.unlock();
  s.mutex.unlock();
}
void SecondThenFirst(Locked& s) {
  s.second.lock();
  s.mutex.lock();
  s.mutex.unlock();
  s.second.unlock();
}

TEST(LitmusDeadlock, OfTwoMutexes) {
  EXPECT_EQ(Litmus<Locked>({&FirstThenSecond, &FirstThenSecond}).Run().verdict(), "clean");
  const Result result = Litmus<Locked>({&FirstThenSecond, &SecondThenFirst}).Run();
  EXPECT_EQ(result.verdict(), "deadlock");
  EXPECT_EQ(result.violation.thread, 0);
  EXPECT_EQ(result.violation.other, 1);
}

TEST(LitmusDeadlock, OfALockThatIsNeverGivenUp) {
  const auto keep = [](Locked& s) { Acquire(s, Hold::kMutex); };
  EXPECT_EQ(Litmus<Locked>({keep, keep}).Run().verdict(), "deadlock");
}

TEST(LitmusProgress, EndlessRetryIsALivelock) {
  const auto retry = [](Locked&) {
    for (;;) P::Pause();
  };
  EXPECT_EQ(Litmus<Locked>({retry, [](Locked&) {}}).Run().verdict(), "livelock");
  EXPECT_EQ(Litmus<Locked>({retry, retry}).Run().verdict(), "livelock");
}

// Always the same end of the enabled threads; loads look back as far as they can.
class Adversary : public Decisions {
 public:
  explicit Adversary(bool lowest) : lowest_(lowest) {}
  int Pick(const PickView& view) override {
    return lowest_ ? std::countr_zero(view.enabled) : 31 - std::countl_zero(view.enabled);
  }
  uint32_t Choose(uint32_t n, Choice kind) override {
    return kind == Choice::kStaleRead ? n - 1 : 0;
  }

 private:
  bool lowest_;
};

void SpinUntilRaised(Locked& s) {
  while (s.step.load(kRelaxed) == 0) P::Pause();
}
// Retries that change shared state every time.
void LockAndSpinUntilRaised(Locked& s) {
  for (;;) {
    s.lock.lock_shared();
    const bool raised = s.step.load(kRelaxed) != 0;
    s.lock.unlock_shared();
    if (raised) return;
    P::Pause();
  }
}
void RaiseAtLast(Locked& s) {
  for (int i = 0; i < 10; ++i) s.step.load(kRelaxed);
  s.step.store(1, kRelaxed);
}

class SeesThePaused : public RandomDecisions {
 public:
  using RandomDecisions::RandomDecisions;
  int Pick(const PickView& view) override {
    const auto current = static_cast<std::size_t>(view.current);
    if ((*view.next)[current].kind == OpKind::kPause) {
      offered |= (view.enabled >> current & 1) != 0;
      ++pauses;
    }
    return RandomDecisions::Pick(view);
  }
  bool offered = false;
  int pauses = 0;
};

TEST(LitmusProgress, WhoHasPausedIsNotOfferedAtOnce) {
  SeesThePaused decisions(1);
  EXPECT_EQ(Litmus<Locked>({&SpinUntilRaised, &RaiseAtLast, &RaiseAtLast})
                .Run({.decisions = &decisions})
                .verdict(),
            "clean");
  EXPECT_GT(decisions.pauses, 0);
  EXPECT_FALSE(decisions.offered);
}

TEST(LitmusProgress, ASpinnerStarvesNobody) {
  for (const bool lowest : {true, false}) {
    Adversary adversary(lowest);
    const Options options{.executions = 1, .decisions = &adversary};
    EXPECT_EQ(Litmus<Locked>({&SpinUntilRaised, &RaiseAtLast}).Run(options).verdict(), "clean");
    EXPECT_EQ(Litmus<Locked>({&RaiseAtLast, &SpinUntilRaised}).Run(options).verdict(), "clean");
  }
}

TEST(LitmusProgress, TwoSpinnersStarveNobody) {
  for (const auto spin : {&SpinUntilRaised, &LockAndSpinUntilRaised}) {
    for (const bool lowest : {true, false}) {
      Adversary adversary(lowest);
      const Options options{.executions = 1, .decisions = &adversary};
      EXPECT_EQ(Litmus<Locked>({spin, spin, &RaiseAtLast}).Run(options).verdict(), "clean");
      EXPECT_EQ(Litmus<Locked>({&RaiseAtLast, spin, spin}).Run(options).verdict(), "clean");
    }
  }
}

}  // namespace
}  // namespace racewalk::litmus
