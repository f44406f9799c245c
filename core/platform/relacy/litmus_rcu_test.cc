// Goal: RCU promises what MODEL's "RCU, at specification level" says, and no more.
// Method: as in litmus_memory_test.cc; the rule about open sections is checked
// on the recorded events of every execution.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus::litmus_rcu_test {
namespace {

struct Object {
  P::Plain<int> value{7};
  P::Rcu::Head head;
};

struct Linked {
  P::Rcu rcu{"tables"};
  P::Rcu other{"memslots"};
  P::Atomic<int> link{1};  // whether `object` can be found
  P::Atomic<int> flag{0};
  P::Plain<int> data{0};
  Object* object = nullptr;
  P::Rcu::Head head;
  Outcome r{};
};

using RcuLitmus = Litmus<Linked>;

void MakeObject(Linked& s) { s.object = P::New<Object>(); }
void DeleteObject(void* object) { P::Delete(static_cast<Object*>(object)); }
void Nothing(void*) {}

// Finds the object and uses it within one section.
void Read(Linked& s) {
  s.rcu.read_lock();
  s.r[0] = s.link.load(kAcquire);
  if (s.r[0] == 1) s.r[1] = s.object->value.load();
  s.rcu.read_unlock();
}
// Stays in its section for some steps.
void ReadSlowly(Linked& s) {
  s.rcu.read_lock();
  if (s.link.load(kAcquire) == 1) {
    s.flag.load(kRelaxed);
    s.flag.load(kRelaxed);
    s.r[1] = s.object->value.load();
  }
  s.rcu.read_unlock();
}
void Unlink(Linked& s) {
  s.link.store(0, kRelaxed);  // an unlink publishes nothing
  s.rcu.call(s.object->head, &DeleteObject, s.object);
}

// Here the world must serve no section that began after the grace period's
// start the old link. MODEL asks for ten million: scale by 34.
TEST(LitmusRcu, CorrectDeleteIsClean) {
  const Result result =
      RcuLitmus({&Read, &Unlink}).Setup(&MakeObject).Run({.executions = 300'000, .seed = 7});
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{0, 0}, {1, 7}}));
}

TEST(LitmusRcu, CorrectDeleteIsCleanWithManyReaders) {
  const auto twice = [](Linked& s) {
    Read(s);
    ReadSlowly(s);
  };
  EXPECT_EQ(RcuLitmus({&ReadSlowly, twice, &Unlink})
                .Setup(&MakeObject)
                .Run({.executions = 50'000})
                .verdict(),
            "clean");
}

TEST(LitmusRcu, UseAfterTheSectionIsFound) {
  const auto late = [](Linked& s) {
    s.rcu.read_lock();
    const bool found = s.link.load(kAcquire) == 1;
    s.rcu.read_unlock();
    s.flag.load(kRelaxed);
    if (found) s.object->value.load();
  };
  EXPECT_EQ(RcuLitmus({late, &Unlink}).Setup(&MakeObject).Run().verdict(), "use-after-free");
}

TEST(LitmusRcu, DeleteWithoutGracePeriodIsFound) {
  const auto at_once = [](Linked& s) {
    s.link.store(0, kRelaxed);
    P::Delete(s.object);
  };
  EXPECT_EQ(RcuLitmus({&ReadSlowly, at_once}).Setup(&MakeObject).Run().verdict(), "use-after-free");
}

TEST(LitmusRcu, CallBeforeUnlinkIsFound) {
  const auto wrong_way_round = [](Linked& s) {
    s.rcu.call(s.object->head, &DeleteObject, s.object);
    s.link.store(0, kRelaxed);
  };
  EXPECT_EQ(RcuLitmus({&Read, wrong_way_round}).Setup(&MakeObject).Run().verdict(),
            "use-after-free");
}

// A section is no acquire.
Result PublishToASection(Order publish, Order follow) {
  return RcuLitmus({[=](Linked& s) {
                      s.data.store(7);
                      s.flag.store(1, publish);
                    },
                    [=](Linked& s) {
                      s.rcu.read_lock();
                      if (s.flag.load(follow) == 1) s.r[0] = s.data.load();
                      s.rcu.read_unlock();
                    }})
      .Run();
}

TEST(LitmusRcu, AReaderThatMissesAnAcquireIsFound) {
  EXPECT_EQ(PublishToASection(kRelease, kAcquire).seen, (std::set<Outcome>{{0}, {7}}));
  EXPECT_EQ(PublishToASection(kRelease, kRelaxed).verdict(), "data-race");
  EXPECT_EQ(PublishToASection(kRelaxed, kAcquire).verdict(), "data-race");
}

TEST(LitmusRcu, CallbacksComeEarlyAndLate) {
  const Result result =
      RcuLitmus({[](Linked& s) {
                   s.rcu.call(s.head, [](void* r) { static_cast<int*>(r)[3] = 1; }, &s.r);
                   s.flag.load(kRelaxed);
                   s.r[0] = s.r[3];
                 },
                 [](Linked& s) {
                   s.flag.load(kRelaxed);
                   s.rcu.read_lock();
                   s.flag.load(kRelaxed);
                   s.r[1] = s.r[3];
                   s.rcu.read_unlock();
                   s.flag.load(kRelaxed);
                   s.r[2] = s.r[3];
                 }})
          .Run();
  EXPECT_TRUE(result.Saw({1, 1, 1, 1}));
  EXPECT_TRUE(result.Saw({0, 0, 0, 1}));
  EXPECT_TRUE(result.Saw({1, 0, 1, 1}));
  EXPECT_TRUE(result.Saw({0, 0, 1, 1}));
  EXPECT_TRUE(result.Saw({0, 1, 1, 1}));
}

// Walks over what was recorded: a callback, or the return of a wait, follows
// the end of each section that was open when its grace period started.
class SectionRule {
 public:
  void Check(const std::vector<Event>& events) {
    open_.clear();
    std::map<uint64_t, std::map<int, uint64_t>> started;  // by the call's ordinal
    for (const Event& event : events) {
      switch (event.kind) {
        case EventKind::kRcuEnter:
          open_[event.thread] = event.value;
          break;
        case EventKind::kRcuExit:
          open_.erase(event.thread);
          break;
        case EventKind::kRcuStart:
          started[event.value] = open_;
          break;
        case EventKind::kRcuCallback:
          ASSERT_TRUE(started.contains(event.value));
          for (const auto& [thread, section] : started[event.value]) {
            const auto still = open_.find(thread);
            EXPECT_FALSE(still != open_.end() && still->second == section);
          }
          // A section that began later does not keep it.
          later_ |= !open_.empty();
          break;
        default:
          break;
      }
    }
  }
  bool later() const { return later_; }

 private:
  std::map<int, uint64_t> open_;  // thread to ordinal of its section
  bool later_ = false;
};

TEST(LitmusRcu, CallbackWaitsForSectionsOpenAtTheStart) {
  SectionRule rule;
  const auto reader = [](Linked& s) {
    for (int i = 0; i < 2; ++i) {
      s.rcu.read_lock();
      s.flag.load(kRelaxed);
      s.rcu.read_unlock();
    }
  };
  const auto updater = [](Linked& s) {
    s.rcu.call(s.head, &Nothing, nullptr);
    s.flag.load(kRelaxed);
    s.rcu.call(s.head, &Nothing, nullptr);
  };
  EXPECT_EQ(RcuLitmus({reader, reader, updater})
                .Run({.executions = 20'000,
                      .inspect = [&](const std::vector<Event>& events) { rule.Check(events); }})
                .verdict(),
            "clean");
  EXPECT_TRUE(rule.later());
}

// The callback is ordered after the call and after sections that had to end.
TEST(LitmusRcu, CallbackIsOrderedAfterCallAndSections) {
  const auto writes = [](void* data) { static_cast<P::Plain<int>*>(data)->store(2); };
  const auto updater = [=](Linked& s) {
    s.data.store(1);
    s.rcu.call(s.head, writes, &s.data);
  };
  EXPECT_EQ(RcuLitmus({updater, [](Linked&) {}}).Run().verdict(), "clean");
  const auto before = [=](Linked& s) {
    s.link.store(0, kRelaxed);
    s.rcu.call(s.head, writes, &s.data);
  };
  const auto reader = [](Linked& s) {
    s.rcu.read_lock();
    if (s.link.load(kRelaxed) == 1) s.data.load();
    s.rcu.read_unlock();
  };
  EXPECT_EQ(RcuLitmus({before, reader}).Run({.executions = 50'000}).verdict(), "clean");
  const auto no_section = [](Linked& s) {
    if (s.link.load(kRelaxed) == 1) s.data.load();
  };
  EXPECT_EQ(RcuLitmus({before, no_section}).Run().verdict(), "data-race");
}

TEST(LitmusRcu, SectionsDoNotOrderEachOther) {
  const auto first = [](Linked& s) {
    s.rcu.read_lock();
    s.data.store(1);
    s.rcu.read_unlock();
    s.r[0] = 1;
  };
  const auto second = [](Linked& s) {
    s.rcu.read_lock();
    if (s.r[0] == 1) s.data.load();
    s.rcu.read_unlock();
  };
  EXPECT_EQ(RcuLitmus({first, second}).Run().verdict(), "data-race");
}

TEST(LitmusRcu, WithoutABarrierCallbacksComeLate) {
  const auto caller = [](Linked& s) {
    s.rcu.call(s.head, [](void* r) { static_cast<int*>(r)[3] = 1; }, &s.r);
    s.flag.load(kRelaxed);
    s.r[0] = s.r[3];
  };
  EXPECT_EQ(RcuLitmus({caller, [](Linked&) {}}).Run().seen,
            (std::set<Outcome>{{0, 0, 0, 1}, {1, 0, 0, 1}}));
}

TEST(LitmusRcu, CallbacksRunBeforeTheExecutionEnds) {
  // Also those that a callback queues.
  const auto caller = [](Linked& s) {
    s.rcu.call(
        s.head,
        [](void* argument) {
          auto& linked = *static_cast<Linked*>(argument);
          linked.rcu.call(linked.head, [](void* r) { static_cast<int*>(r)[0] += 1; }, &linked.r);
        },
        &s);
  };
  EXPECT_EQ(RcuLitmus({caller, caller}).Run().seen, (std::set<Outcome>{{2}}));
}

TEST(LitmusRcu, ADomainProtectsItsOwnOnly) {
  const auto reader = [](Linked& s) {
    s.other.read_lock();
    s.r[0] = s.other.held() ? 1 : 0;
    s.r[1] = s.rcu.held() ? 1 : 0;
    if (s.link.load(kAcquire) == 1) {
      s.flag.load(kRelaxed);
      s.object->value.load();
    }
    s.other.read_unlock();
  };
  EXPECT_EQ(RcuLitmus({reader, &Unlink}).Setup(&MakeObject).Run().verdict(), "use-after-free");
  const auto only_reads = RcuLitmus({reader, [](Linked&) {}})
                              .Setup(&MakeObject)
                              .AtRest([](Linked& s) { DeleteObject(s.object); })
                              .Run();
  EXPECT_EQ(only_reads.seen, (std::set<Outcome>{{1, 0}}));
}

}  // namespace
}  // namespace racewalk::litmus::litmus_rcu_test
