// Goal: an entry changes by way of a locked one and a flush of all that it said,
// references follow, and a table that was taken out is freed with all below it,
// by whichever design.
// Method: one thread at a size that can be written down, entries set by hand;
// the fake environment says what was flushed.
#include "core/stage2/update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/platform/native.h"
#include "core/stage2/blocks.h"
#include "core/stage2/native_vm.h"
#include "core/vm/fake_environment.h"

namespace racewalk::update_test {
namespace {

using P = NativePlatform;
using G = Geometry<3, 1>;
using Entry = Pte<P>;
using Context = Stage2Walker<P, G>::Context;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Range = std::pair<Gfn, Gfn>;

class UpdateTest : public testing::TestWithParam<Stage2Kind> {
 protected:
  void SetUp() override {
    middle_ = Add(state_.root, 0);
    low_ = Add(middle_, 2);
    Put(low_, 2, Page(8));
    Put(low_, 3, Page(9));
  }
  void TearDown() override { rcu_.barrier(); }

  static Entry Page(Pfn pfn) { return Entry::Leaf(pfn, true, {}); }
  auto& Word(Pfn table, Gfn gfn) {
    return tables_.At(table).entries[G::Index(gfn, tables_.At(table).level.load())];
  }
  void Put(Pfn table, Gfn gfn, Entry entry) {
    Word(table, gfn).initialize(entry);
    state_.Get(table);
  }
  Pfn Add(Pfn parent, Gfn gfn) {
    const int level = tables_.At(parent).level.load();
    const Pfn child = state_.NewTable(level - 1, G::Align(gfn, level));
    Put(parent, gfn, tables_.LinkTo(child));
    return child;
  }
  Context At(Pfn table, Gfn gfn, bool shared) {
    const int level = tables_.At(table).level.load();
    return {.table = table,
            .level = level,
            .gfn = G::Align(gfn, level),
            .old = Word(table, gfn).peek(),
            .flags = shared ? uint32_t{kWalkShared} : 0};
  }
  int32_t References(Pfn table) { return tables_.At(table).references.peek(); }
  bool IsAlive(Pfn table) { return tables_.Peek(table)->life.alive(); }
  // What was flushed since the last call.
  std::vector<Range> Flushed() {
    std::vector<Range> flushed = environment_.dropped(0);
    environment_.BeginGuest(0);
    environment_.EndGuest(0);
    return flushed;
  }
  // How more than a page is flushed.
  static Range Many(Gfn first, Gfn last) { return FlushOfMany<G>(GetParam().options, first, last); }

  FakeEnvironment environment_{1};
  Vcpu<P> vcpu_{0};
  Stage2Tables<P, G> tables_{100, 32};
  P::Rcu rcu_{"test"};
  Stage2State<P, G> state_{environment_,       tables_,           rcu_, {&vcpu_},
                           GetParam().variant, GetParam().options};
  Stage2Walker<P, G> walker_{state_};
  Stage2Update<P, G> update_{state_, walker_};
  Pfn middle_ = kNoPfn;
  Pfn low_ = kNoPfn;
};

TEST_P(UpdateTest, ABrokenEntryIsLockedFlushedAndNotCounted) {
  for (const bool shared : {false, true}) {
    const Context at = At(low_, 3, shared);
    EXPECT_EQ(References(low_), 3);
    ASSERT_TRUE(update_.TryBreak(at));
    EXPECT_TRUE(Word(low_, 3).peek().locked());
    EXPECT_EQ(References(low_), 2);
    EXPECT_THAT(Flushed(), ElementsAre(Range{3, 3}));
    update_.Make(at, Page(11));
    EXPECT_EQ(Word(low_, 3).peek(), Page(11));
    EXPECT_EQ(References(low_), 3);
    EXPECT_THAT(Flushed(), IsEmpty()) << "nothing can have been cached";
  }
}

TEST_P(UpdateTest, AnEmptyEntryHasNothingToFlush) {
  const Context at = At(state_.root, 4, true);
  ASSERT_TRUE(update_.TryBreak(at));
  EXPECT_THAT(Flushed(), IsEmpty());
  EXPECT_EQ(References(state_.root), 2);
  update_.Make(at, Entry{});
  EXPECT_EQ(References(state_.root), 2);
}

TEST_P(UpdateTest, ADonatedEntryIsCountedButNotFlushed) {
  Put(middle_, 0, Entry::Donated());
  EXPECT_EQ(References(middle_), 3);
  ASSERT_TRUE(update_.TryBreak(At(middle_, 0, false)));
  EXPECT_THAT(Flushed(), IsEmpty());
  EXPECT_EQ(References(middle_), 2);
}

TEST_P(UpdateTest, ATableIsFlushedAsFarAsItReaches) {
  ASSERT_TRUE(update_.TryBreak(At(middle_, 2, true)));
  EXPECT_THAT(Flushed(), ElementsAre(Many(2, 3)));
  ASSERT_TRUE(update_.TryBreak(At(state_.root, 0, true)));
  EXPECT_THAT(Flushed(), ElementsAre(Many(0, 3)));
}

TEST_P(UpdateTest, WhoeverComesSecondDoesNothing) {
  const Context at = At(low_, 3, true);
  const Context other = at;
  ASSERT_TRUE(update_.TryBreak(at));
  Flushed();
  EXPECT_FALSE(update_.TryBreak(other)) << "it is not what it was";
  EXPECT_FALSE(update_.TryBreak(At(low_, 3, true))) << "it is somebody's";
  EXPECT_FALSE(update_.TryReplace(other, Page(11)));
  EXPECT_FALSE(update_.TryAttributes(other, other.old.without(pte_bits::kAccessed)));
  EXPECT_THAT(Flushed(), IsEmpty());
  EXPECT_EQ(References(low_), 2);
  EXPECT_TRUE(Word(low_, 3).peek().locked());
  update_.Make(at, Page(9));
}

// Only the hardware changes anything then, and what it notes may be lost.
TEST_P(UpdateTest, WithTheExclusiveLockAStoreDoes) {
  Context at = At(low_, 3, false);
  Word(low_, 3).initialize(at.old.without(pte_bits::kAccessed));
  EXPECT_TRUE(update_.TryAttributes(at, at.old.without(pte_bits::kWrite)));
  EXPECT_EQ(Word(low_, 3).peek(), at.old.without(pte_bits::kWrite));
  at = At(low_, 3, true);
  Word(low_, 3).initialize(at.old.without(pte_bits::kAccessed));
  EXPECT_FALSE(update_.TryAttributes(at, at.old.with(pte_bits::kWrite)));
  EXPECT_TRUE(update_.TryAttributes(At(low_, 3, true), Word(low_, 3).peek())) << "nothing to do";
}

TEST_P(UpdateTest, AttributesAreTheCallersToFlush) {
  for (const bool shared : {false, true}) {
    const Context at = At(low_, 2, shared);
    EXPECT_TRUE(update_.TryAttributes(at, at.old.without(pte_bits::kWrite)));
    EXPECT_TRUE(update_.TryAttributes(At(low_, 2, shared), at.old));
  }
  EXPECT_THAT(Flushed(), IsEmpty());
  EXPECT_EQ(References(low_), 3);
}

TEST_P(UpdateTest, AReplacedEntryKeepsItsReference) {
  const Context at = At(low_, 3, true);
  ASSERT_TRUE(update_.TryReplace(at, at.old.without(pte_bits::kWrite)));
  EXPECT_THAT(Flushed(), ElementsAre(Range{3, 3}));
  EXPECT_EQ(References(low_), 3);
}

TEST_P(UpdateTest, ALinkMakesTheMissingTable) {
  EXPECT_EQ(update_.Link(At(state_.root, 4, true)), WalkResult::kDone);
  const Entry link = Word(state_.root, 4).peek();
  ASSERT_TRUE(link.table());
  EXPECT_EQ(References(link.pfn()), 1);
  EXPECT_EQ(tables_.At(link.pfn()).level.load(), 2);
  EXPECT_EQ(tables_.At(link.pfn()).base.load(), 4u);
  EXPECT_EQ(References(state_.root), 3);
}

TEST_P(UpdateTest, ALinkThatComesTooLateFreesItsTable) {
  const Context late = At(state_.root, 4, true);
  ASSERT_EQ(update_.Link(late), WalkResult::kDone);
  const Entry link = Word(state_.root, 4).peek();
  EXPECT_EQ(update_.Link(late), WalkResult::kAgain);
  EXPECT_EQ(Word(state_.root, 4).peek(), link);
  EXPECT_EQ(References(state_.root), 3);
  EXPECT_FALSE(IsAlive(link.pfn() + 1)) << "pages come in order";
}

TEST_P(UpdateTest, AFilledTableMapsWhatTheBlockMapped) {
  Put(middle_, 0, Page(20));
  const Pfn child = state_.NewTable(1, 0);
  update_.Fill(child, At(middle_, 0, true));
  EXPECT_EQ(Word(child, 0).peek(), Page(20));
  EXPECT_EQ(Word(child, 1).peek(), Page(21));
  EXPECT_EQ(References(child), 3);
  update_.FreeUnused(child);
  EXPECT_FALSE(IsAlive(child));
  EXPECT_THAT(Flushed(), IsEmpty()) << "nobody has seen it";
}

// All of it goes, at once or with a grace period; what the block's design says.
TEST_P(UpdateTest, ASubtreeIsFreedWithAllBelow) {
  for (const bool shared : {false, true}) {
    if (shared && GetParam().variant.design == SubtreeDesign::kRwlock) return;
    const Context at = At(state_.root, 0, shared);
    ASSERT_TRUE(update_.TryBreak(at));
    update_.Make(at, Entry{});
    Flushed();
    rcu_.read_lock();
    update_.FreeSubtree(at.old, 2, 0, shared);
    EXPECT_EQ(IsAlive(middle_), shared) << "whoever walks in it may go on";
    EXPECT_EQ(IsAlive(low_), shared);
    const bool locks = shared && GetParam().variant.design == SubtreeDesign::kLockSubtree;
    if (shared) {
      EXPECT_EQ(Word(low_, 3).peek().locked(), locks);
      EXPECT_EQ(Word(middle_, 0).peek().locked(), locks) << "empty ones too";
    }
    rcu_.read_unlock();
    rcu_.barrier();
    EXPECT_FALSE(IsAlive(middle_));
    EXPECT_FALSE(IsAlive(low_));
    EXPECT_EQ(References(state_.root), 1);
    EXPECT_THAT(Flushed(), IsEmpty()) << "that was done before";
    if (!shared) SetUp();
  }
}

// A walker that is below when the table goes leaves something there, and it is found.
TEST_P(UpdateTest, WhatLateWalkersLeaveIsFreedToo) {
  if (GetParam().variant.design != SubtreeDesign::kDeferToCallback) return;
  const Context at = At(state_.root, 0, true);
  ASSERT_TRUE(update_.TryBreak(at));
  rcu_.read_lock();
  update_.FreeSubtree(at.old, 2, 0, true);
  EXPECT_EQ(update_.Link(At(middle_, 0, true)), WalkResult::kDone);
  const Pfn late = Word(middle_, 0).peek().pfn();
  Put(late, 0, Page(12));
  rcu_.read_unlock();
  rcu_.barrier();
  EXPECT_FALSE(IsAlive(late));
  EXPECT_FALSE(IsAlive(middle_));
  update_.Make(at, Entry{});
}

TEST_P(UpdateTest, LateWalkersFindALockedSubtree) {
  if (GetParam().variant.design != SubtreeDesign::kLockSubtree) return;
  const Context at = At(state_.root, 0, true);
  ASSERT_TRUE(update_.TryBreak(at));
  rcu_.read_lock();
  const Context late = At(middle_, 0, true);
  update_.FreeSubtree(at.old, 2, 0, true);
  EXPECT_EQ(update_.Link(late), WalkResult::kAgain) << "it was empty";
  EXPECT_EQ(update_.Link(At(middle_, 0, true)), WalkResult::kAgain);
  rcu_.read_unlock();
  update_.Make(at, Entry{});
}

// --- Blocks and tables. ---

using BlocksTest = UpdateTest;

TEST_P(BlocksTest, ACoalescedTableIsFlushedOnce) {
  Stage2Blocks<P, G> blocks(state_, walker_, update_);
  const bool rwlock = GetParam().variant.design == SubtreeDesign::kRwlock;
  if (rwlock) {
    EXPECT_EQ(blocks.Coalesce(At(middle_, 2, true), Page(8)), WalkResult::kExclusive);
    EXPECT_THAT(Flushed(), IsEmpty()) << "nothing has happened";
  }
  ASSERT_EQ(blocks.Coalesce(At(middle_, 2, !rwlock), Page(8)), WalkResult::kDone);
  EXPECT_EQ(Word(middle_, 2).peek(), Page(8));
  EXPECT_EQ(References(middle_), 2);
  EXPECT_THAT(Flushed(), ElementsAre(Many(2, 3)));
  rcu_.barrier();
  EXPECT_FALSE(IsAlive(low_));
}

TEST_P(BlocksTest, ASplitBlockIsFlushedOnce) {
  Stage2Blocks<P, G> blocks(state_, walker_, update_);
  Put(middle_, 0, Page(20));
  ASSERT_EQ(blocks.SplitOne(At(middle_, 0, true)), WalkResult::kDone);
  EXPECT_THAT(Flushed(), ElementsAre(Many(0, 1)));
  const Entry link = Word(middle_, 0).peek();
  ASSERT_TRUE(link.table());
  EXPECT_EQ(Word(link.pfn(), 1).peek(), Page(21));
  EXPECT_EQ(References(link.pfn()), 3);
  EXPECT_EQ(References(middle_), 3);
  EXPECT_EQ(blocks.SplitOne(At(low_, 2, true)), WalkResult::kDone) << "a page is left alone";
  EXPECT_EQ(blocks.SplitOne(At(middle_, 0, true)), WalkResult::kDone) << "a table too";
}

TEST_P(BlocksTest, ALostRaceLeavesTheBlockAndNoTable) {
  Stage2Blocks<P, G> blocks(state_, walker_, update_);
  Put(middle_, 0, Page(20));
  const Context at = At(middle_, 0, true);
  Word(middle_, 0).initialize(Page(20).without(pte_bits::kWrite));
  EXPECT_EQ(blocks.SplitOne(at), WalkResult::kAgain);
  EXPECT_EQ(Word(middle_, 0).peek(), Page(20).without(pte_bits::kWrite));
  EXPECT_EQ(References(middle_), 3);
  EXPECT_FALSE(IsAlive(low_ + 1)) << "pages come in order";
  EXPECT_THAT(Flushed(), IsEmpty());
}

using UpdateDeathTest = UpdateTest;

TEST_P(UpdateDeathTest, OnlyWhoeverLockedAnEntryMakesIt) {
  EXPECT_DEATH(update_.Make(At(low_, 3, true), Page(1)), "that it has not locked");
}

TEST_P(UpdateDeathTest, WithTheExclusiveLockNoEntryIsLocked) {
  Word(low_, 3).initialize(Entry::Locked());
  EXPECT_DEATH(static_cast<void>(update_.TryBreak(At(low_, 3, false))), "meets a locked entry");
}

TEST_P(UpdateDeathTest, ATableInUseIsNotLetGo) {
  EXPECT_DEATH(state_.PutLast(low_), "while something still refers to it");
}

INSTANTIATE_TEST_SUITE_P(Kinds, UpdateTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);
INSTANTIATE_TEST_SUITE_P(Kinds, BlocksTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);
INSTANTIATE_TEST_SUITE_P(Kinds, UpdateDeathTest, testing::Values(kStage2Kinds[0]),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);

}  // namespace
}  // namespace racewalk::update_test
