// Goal: a walk shows its visitor each entry of its range once, in order, reads
// an entry again after the visitor has seen it, and ends early only where its
// flags say so.
// Method: tables built by hand at a size that can be written down, one thread.
#include "core/stage2/walker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "core/platform/native.h"
#include "core/vm/fake_environment.h"

namespace racewalk::walker_test {
namespace {

using P = NativePlatform;
using G = Geometry<3, 1>;
using Entry = Pte<P>;
using Context = Stage2Walker<P, G>::Context;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Gfn kLast = G::kFrames - 1;
constexpr uint32_t kEverything = kVisitLeaf | kVisitTableBefore | kVisitTableAfter;

struct Seen {
  Gfn gfn;
  int level;
  Visit when = Visit::kLeaf;
  bool operator==(const Seen&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << "gfn " << seen.gfn << " level " << seen.level << " when "
               << static_cast<int>(seen.when);
  }
};

class WalkerTest : public testing::TestWithParam<SubtreeDesign> {
 protected:
  // A leaf at frame 3, with the tables on the way.
  void SetUp() override {
    middle_ = Link(state_.root, 0);
    low_ = Link(middle_, 2);
    Set(low_, 3, Entry::Leaf(9, true, {}));
  }

  Pfn Link(Pfn parent, Gfn gfn) {
    const int level = tables_.At(parent).level.load();
    const Pfn child = state_.NewTable(level - 1, G::Align(gfn, level));
    Set(parent, gfn, tables_.LinkTo(child));
    return child;
  }
  void Set(Pfn table, Gfn gfn, Entry entry) {
    const int level = tables_.At(table).level.load();
    tables_.At(table).entries[G::Index(gfn, level)].initialize(entry);
  }

  template <typename F>
  WalkResult Walk(Gfn first, Gfn last, uint32_t flags, F visit) {
    const bool shared = (flags & kWalkShared) != 0;
    state_.Lock(shared);
    const WalkResult result = walker_.Walk(first, last, flags, visit);
    state_.Unlock(shared);
    return result;
  }
  std::vector<Seen> All(Gfn first, Gfn last, uint32_t flags) {
    std::vector<Seen> seen;
    EXPECT_EQ(Walk(first, last, flags,
                   [&](const Context& at, Visit when) {
                     seen.push_back({at.gfn, at.level, when});
                     return WalkResult::kDone;
                   }),
              WalkResult::kDone);
    return seen;
  }
  // The same with a visitor that does `change` at one entry and returns `result` there.
  template <typename F>
  std::vector<Seen> AllWith(Seen where, uint32_t flags, WalkResult result, F change) {
    std::vector<Seen> seen;
    result_ = Walk(0, kLast, flags, [&](const Context& at, Visit when) {
      seen.push_back({at.gfn, at.level, when});
      if (seen.back() != where) return WalkResult::kDone;
      change(at);
      return result;
    });
    return seen;
  }

  FakeEnvironment environment_{1};
  Stage2Tables<P, G> tables_{100, 32};
  P::Rcu rcu_{"test"};
  Stage2State<P, G> state_{environment_, tables_, rcu_, {}, {.design = GetParam()}, {}};
  Stage2Walker<P, G> walker_{state_};
  Pfn middle_ = kNoPfn;
  Pfn low_ = kNoPfn;
  WalkResult result_ = WalkResult::kDone;
};

TEST_P(WalkerTest, LeavesAreEntriesThatAreNoTables) {
  EXPECT_THAT(All(0, kLast, kVisitLeaf),
              ElementsAre(Seen{0, 2}, Seen{2, 1}, Seen{3, 1}, Seen{4, 3}));
}

TEST_P(WalkerTest, ATableIsSeenAroundWhatIsInIt) {
  constexpr Visit kBefore = Visit::kTableBefore;
  constexpr Visit kAfter = Visit::kTableAfter;
  EXPECT_THAT(All(0, kLast, kVisitTableBefore),
              ElementsAre(Seen{0, 3, kBefore}, Seen{2, 2, kBefore}));
  EXPECT_THAT(All(0, kLast, kVisitTableAfter), ElementsAre(Seen{2, 2, kAfter}, Seen{0, 3, kAfter}));
  EXPECT_THAT(All(0, kLast, kEverything),
              ElementsAre(Seen{0, 3, kBefore}, Seen{0, 2}, Seen{2, 2, kBefore}, Seen{2, 1},
                          Seen{3, 1}, Seen{2, 2, kAfter}, Seen{0, 3, kAfter}, Seen{4, 3}));
  EXPECT_THAT(All(0, kLast, 0), IsEmpty());
}

TEST_P(WalkerTest, ARangeIsEntriesThatOverlapIt) {
  EXPECT_THAT(All(3, 3, kVisitLeaf), ElementsAre(Seen{3, 1}));
  EXPECT_THAT(All(1, 2, kVisitLeaf), ElementsAre(Seen{0, 2}, Seen{2, 1}));
  EXPECT_THAT(All(3, 4, kVisitLeaf), ElementsAre(Seen{3, 1}, Seen{4, 3}));
  EXPECT_THAT(All(7, 7, kVisitLeaf), ElementsAre(Seen{4, 3})) << "from its middle";
}

TEST_P(WalkerTest, ASharedWalkSeesTheSame) {
  EXPECT_THAT(All(0, kLast, kVisitLeaf | kWalkShared),
              ElementsAre(Seen{0, 2}, Seen{2, 1}, Seen{3, 1}, Seen{4, 3}));
  EXPECT_FALSE(rcu_.held());
}

TEST_P(WalkerTest, OnlyASharedWalkThatMayMeetFreedTablesIsASection) {
  for (const uint32_t shared : {uint32_t{0}, uint32_t{kWalkShared}}) {
    Walk(3, 3, kVisitLeaf | shared, [&](const Context& at, Visit) {
      EXPECT_EQ(rcu_.held(), shared != 0 && GetParam() != SubtreeDesign::kRwlock);
      EXPECT_EQ(at.shared(), shared != 0);
      EXPECT_EQ(at.table, low_);
      EXPECT_EQ(at.old, Entry::Leaf(9, true, {}));
      EXPECT_EQ(at.last(), 3u);
      return WalkResult::kDone;
    });
  }
}

TEST_P(WalkerTest, ATableThatTheVisitorLinksIsEntered) {
  const auto seen = AllWith({4, 3}, kVisitLeaf, WalkResult::kDone,
                            [this](const Context& at) { Link(at.table, at.gfn); });
  EXPECT_THAT(seen,
              ElementsAre(Seen{0, 2}, Seen{2, 1}, Seen{3, 1}, Seen{4, 3}, Seen{4, 2}, Seen{6, 2}));
}

TEST_P(WalkerTest, ATableThatTheVisitorTakesOutIsNot) {
  constexpr Visit kBefore = Visit::kTableBefore;
  const auto seen =
      AllWith({2, 2, kBefore}, kEverything, WalkResult::kDone,
              [this](const Context& at) { Set(at.table, at.gfn, Entry::Leaf(8, true, {})); });
  EXPECT_THAT(seen, ElementsAre(Seen{0, 3, kBefore}, Seen{0, 2}, Seen{2, 2, kBefore},
                                Seen{0, 3, Visit::kTableAfter}, Seen{4, 3}));
}

// Nobody who goes through much stops because somebody else was faster somewhere.
TEST_P(WalkerTest, ALostRaceIsSkipped) {
  for (const Seen where : {Seen{0, 2}, Seen{3, 1}, Seen{2, 2, Visit::kTableAfter}}) {
    EXPECT_EQ(AllWith(where, kEverything, WalkResult::kAgain, [](const Context&) {}).size(), 8u);
    EXPECT_EQ(result_, WalkResult::kDone);
  }
}

TEST_P(WalkerTest, ALostRaceEndsTheWalkOfAFault) {
  const uint32_t flags = kEverything | kWalkForFault;
  EXPECT_THAT(AllWith({0, 2}, flags, WalkResult::kAgain, [](const Context&) {}),
              ElementsAre(Seen{0, 3, Visit::kTableBefore}, Seen{0, 2}));
  EXPECT_EQ(result_, WalkResult::kAgain);
  EXPECT_EQ(
      AllWith({2, 2, Visit::kTableAfter}, flags, WalkResult::kAgain, [](const Context&) {}).size(),
      6u);
  EXPECT_EQ(result_, WalkResult::kAgain);
}

TEST_P(WalkerTest, WhatTakesTheExclusiveLockEndsAnyWalk) {
  EXPECT_THAT(
      AllWith({2, 1}, kVisitLeaf | kWalkShared, WalkResult::kExclusive, [](const Context&) {}),
      ElementsAre(Seen{0, 2}, Seen{2, 1}));
  EXPECT_EQ(result_, WalkResult::kExclusive);
  EXPECT_FALSE(rcu_.held());
}

TEST_P(WalkerTest, AnUnlinkedSubtreeNeedsNoLock) {
  std::vector<Seen> seen;
  walker_.WalkUnlinked(middle_, 2, 0, 3, [&](const Context& at, Visit when) {
    EXPECT_FALSE(at.shared());
    seen.push_back({at.gfn, at.level, when});
    return WalkResult::kAgain;
  });
  EXPECT_THAT(seen,
              ElementsAre(Seen{0, 2}, Seen{2, 1}, Seen{3, 1}, Seen{2, 2, Visit::kTableAfter}));
}

using WalkerDeathTest = WalkerTest;

TEST_P(WalkerDeathTest, NeedsTheLockAsItsFlagsSay) {
  const auto visit = [](const Context&, Visit) { return WalkResult::kDone; };
  EXPECT_DEATH(walker_.Walk(0, 0, kVisitLeaf | kWalkShared, visit), "does not hold the lock");
  state_.mmu_lock.lock_shared();
  EXPECT_DEATH(walker_.Walk(0, 0, kVisitLeaf, visit), "needs the lock exclusively");
  state_.mmu_lock.unlock_shared();
}

TEST_P(WalkerDeathTest, SeesATableOfAnotherAddress) {
  Set(state_.root, 4, tables_.LinkTo(middle_));
  EXPECT_DEATH(All(4, 4, kVisitLeaf), "belongs to another level or address");
}

INSTANTIATE_TEST_SUITE_P(Designs, WalkerTest,
                         testing::Values(SubtreeDesign::kDeferToCallback,
                                         SubtreeDesign::kLockSubtree, SubtreeDesign::kRwlock));
INSTANTIATE_TEST_SUITE_P(Designs, WalkerDeathTest, testing::Values(SubtreeDesign::kRwlock));

}  // namespace
}  // namespace racewalk::walker_test
