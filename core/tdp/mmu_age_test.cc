// Goal: the host learns which pages were used since it last asked, with A bits
// and without, and nobody pays for that but the next access.
// Method: one thread at the real size. Without A bits an aged entry lets
// nothing through and the next fault gives it back what it had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/tdp/native_vm.h"

namespace racewalk::mmu_age_test {
namespace {

using G = Geometry<4, 9>;
using Vm = TdpVm<G>;
using Entry = Vm::Entry;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Gfn kBlock = G::Span(2);

class MmuAgeTest : public testing::Test {
 protected:
  explicit MmuAgeTest(TdpOptions options) : vm_(2, {.options = options}) {}
  void TearDown() override {
    EXPECT_TRUE(vm_.BooksAreRight());
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
  }

  // Whether a page was used since the last call.
  bool WasUsed(Hva first, Hva last) { return vm_.mmu->Young(first, last, true); }
  bool WasUsed(Hva address) { return WasUsed(address, address); }
  Entry Lookup(Gfn gfn) { return vm_.Lookup(0, gfn); }

  Vm vm_;
};

class MmuTrackedAgeTest : public MmuAgeTest {
 protected:
  MmuTrackedAgeTest() : MmuAgeTest({.ad_bits = false}) {}
};

class MmuBitAgeTest : public MmuAgeTest {
 protected:
  MmuBitAgeTest() : MmuAgeTest({}) {}
};

TEST_F(MmuTrackedAgeTest, AnEntryHasNoAdBits) {
  ASSERT_TRUE(vm_.Access(0, 3, true));
  EXPECT_FALSE(Lookup(3).accessed());
  EXPECT_FALSE(Lookup(3).dirty());
  EXPECT_FALSE(Lookup(3).tracked());
  EXPECT_TRUE(Lookup(3).writable());
}

TEST_F(MmuTrackedAgeTest, AgeingTakesAllAccessAway) {
  ASSERT_TRUE(vm_.Access(0, 3, true));
  EXPECT_TRUE(vm_.mmu->Young(3, 3, false));
  EXPECT_FALSE(Lookup(3).tracked()) << "only asked";
  EXPECT_TRUE(WasUsed(3));
  EXPECT_TRUE(Lookup(3).tracked());
  EXPECT_FALSE(Lookup(3).writable());
  EXPECT_TRUE(Lookup(3).mmu_writable());
  EXPECT_EQ(Lookup(3).pfn(), vm_.environment.PageOf(3));
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u) << "nobody flushes for an age";
  EXPECT_EQ(vm_.Recount().pages(), 1) << "it is still mapped";
  EXPECT_FALSE(WasUsed(3));
  EXPECT_FALSE(vm_.mmu->Young(3, 3, false));
}

TEST_F(MmuTrackedAgeTest, AReadGivesAllBackButW) {
  ASSERT_TRUE(vm_.Access(0, 3, true));
  ASSERT_TRUE(WasUsed(3));
  const uint64_t before = vm_.environment.lookups();
  EXPECT_EQ(vm_.Fault(0, 3, false), FaultResult::kFixed);
  EXPECT_FALSE(Lookup(3).tracked());
  EXPECT_FALSE(Lookup(3).writable());
  EXPECT_EQ(vm_.Fault(0, 3, false), FaultResult::kSpurious);
  EXPECT_EQ(vm_.Fault(0, 3, true), FaultResult::kFixed) << "W for the asking";
  EXPECT_TRUE(Lookup(3).writable());
  EXPECT_EQ(vm_.Fault(0, 3, true), FaultResult::kSpurious);
  EXPECT_EQ(vm_.environment.lookups(), before) << "all of it without the host";
  EXPECT_TRUE(WasUsed(3));
}

TEST_F(MmuTrackedAgeTest, AWriteGivesAllBackAtOnce) {
  ASSERT_TRUE(vm_.Access(0, 3, true));
  const Entry mapped = Lookup(3);
  ASSERT_TRUE(WasUsed(3));
  const uint64_t before = vm_.environment.lookups();
  EXPECT_EQ(vm_.Fault(0, 3, true), FaultResult::kFixed);
  EXPECT_EQ(Lookup(3), mapped) << "as it was";
  EXPECT_EQ(vm_.environment.lookups(), before);
}

TEST_F(MmuTrackedAgeTest, AReadOnlyPageComesBackReadOnly) {
  vm_.environment.writable = false;
  ASSERT_TRUE(vm_.Access(0, 3, false));
  ASSERT_TRUE(WasUsed(3));
  EXPECT_EQ(vm_.Fault(0, 3, false), FaultResult::kFixed);
  EXPECT_FALSE(Lookup(3).writable());
  ASSERT_TRUE(WasUsed(3));
  EXPECT_EQ(vm_.Fault(0, 3, true), FaultResult::kEmulate);
  EXPECT_FALSE(Lookup(3).tracked());
  EXPECT_FALSE(Lookup(3).writable());
}

// The TLB still lets through what the entry no longer does: that is all right
// for an age, but not for the host that takes the page.
TEST_F(MmuTrackedAgeTest, AnAgedPageIsTakenBackFromTlbsToo) {
  ASSERT_TRUE(vm_.Access(0, 3, true));
  ASSERT_TRUE(WasUsed(3));
  EXPECT_TRUE(vm_.Access(0, 3, true));
  EXPECT_TRUE(Lookup(3).tracked()) << "it was not asked";
  EXPECT_FALSE(WasUsed(3));
  vm_.TakeBack(3, 3);
  EXPECT_FALSE(Lookup(3).leaf());
  EXPECT_TRUE(vm_.Access(0, 3, true));
  EXPECT_EQ(vm_.Recount().wrong, 0);
}

TEST_F(MmuTrackedAgeTest, OnlyItsRangeIsAged) {
  for (const Gfn gfn : {Gfn{2}, Gfn{3}, Gfn{4}, G::kFrames - 1}) {
    ASSERT_TRUE(vm_.Access(0, gfn, true));
  }
  EXPECT_FALSE(WasUsed(5, 1000));
  EXPECT_TRUE(WasUsed(3));
  EXPECT_FALSE(Lookup(2).tracked());
  EXPECT_TRUE(Lookup(3).tracked());
  EXPECT_FALSE(Lookup(4).tracked());
  EXPECT_TRUE(WasUsed(0, G::kFrames - 1));
  EXPECT_FALSE(WasUsed(0, G::kFrames - 1));
  EXPECT_EQ(vm_.Fault(0, 4, false), FaultResult::kFixed);
  EXPECT_TRUE(WasUsed(0, G::kFrames - 1)) << "one of them was";
}

TEST_F(MmuTrackedAgeTest, EveryRootIsAged) {
  vm_.vcpu(1).role = 1;
  for (const int vcpu : {0, 1}) ASSERT_TRUE(vm_.Access(vcpu, 3, true));
  EXPECT_TRUE(WasUsed(3));
  EXPECT_TRUE(vm_.Lookup(0, 3).tracked());
  EXPECT_TRUE(vm_.Lookup(1, 3).tracked());
  EXPECT_EQ(vm_.Fault(1, 3, false), FaultResult::kFixed);
  EXPECT_TRUE(vm_.Lookup(0, 3).tracked());
  EXPECT_TRUE(WasUsed(3));
}

TEST_F(MmuTrackedAgeTest, UnderLoggingOnlyAWriteMarks) {
  for (const Gfn gfn : {Gfn{3}, Gfn{4}}) ASSERT_TRUE(vm_.Access(0, gfn, true));
  // A bitmap of 64 Gi pages is too much of a good thing.
  ASSERT_TRUE(vm_.mmu->DeleteSlot(0));
  ASSERT_TRUE(vm_.mmu->AddSlot(1, 0, 63, 0));
  ASSERT_TRUE(vm_.mmu->SetLogging(1, true));
  for (const Gfn gfn : {Gfn{3}, Gfn{4}}) ASSERT_TRUE(vm_.Access(0, gfn, true));
  EXPECT_THAT(vm_.Harvest(1), ElementsAre(3, 4));
  ASSERT_TRUE(WasUsed(0, 63));
  EXPECT_EQ(vm_.Fault(0, 3, false), FaultResult::kFixed);
  EXPECT_THAT(vm_.Harvest(1), IsEmpty());
  EXPECT_EQ(vm_.Fault(0, 4, true), FaultResult::kFixed);
  EXPECT_THAT(vm_.Harvest(1), ElementsAre(4));
  // An aged entry has lost W without a flush; the mark says that a TLB may have it.
  ASSERT_TRUE(vm_.Access(0, 4, true));
  ASSERT_TRUE(WasUsed(0, 63));
  EXPECT_THAT(vm_.Harvest(1), ElementsAre(4));
  ASSERT_TRUE(vm_.Access(0, 4, true));
  EXPECT_THAT(vm_.Harvest(1), ElementsAre(4));
}

TEST_F(MmuTrackedAgeTest, ABlockIsAgedAsAWhole) {
  vm_.MapAt(2);
  ASSERT_TRUE(vm_.Access(0, kBlock + 5, true));
  ASSERT_EQ(vm_.LevelOf(0, kBlock + 5), 2);
  EXPECT_TRUE(WasUsed(kBlock + 500)) << "by any of its pages";
  EXPECT_TRUE(Lookup(kBlock).tracked());
  EXPECT_FALSE(WasUsed(kBlock, 2 * kBlock - 1));
  EXPECT_EQ(vm_.Fault(0, kBlock + 7, false), FaultResult::kFixed);
  EXPECT_EQ(vm_.LevelOf(0, kBlock + 7), 2);
  EXPECT_FALSE(Lookup(kBlock + 5).tracked());
  EXPECT_TRUE(WasUsed(kBlock, 2 * kBlock - 1));
}

TEST_F(MmuTrackedAgeTest, AnAgedBlockIsSplitIntoAgedPages) {
  vm_.MapAt(2);
  ASSERT_TRUE(vm_.Access(0, kBlock, true));
  ASSERT_TRUE(WasUsed(kBlock));
  vm_.mmu->Split(kBlock);
  EXPECT_TRUE(vm_.BooksAreRight());
  for (Gfn gfn = kBlock; gfn < 2 * kBlock; ++gfn) {
    ASSERT_EQ(vm_.LevelOf(0, gfn), 1) << gfn;
    EXPECT_TRUE(Lookup(gfn).tracked()) << gfn;
    EXPECT_EQ(Lookup(gfn).pfn(), vm_.environment.PageOf(gfn)) << gfn;
  }
  EXPECT_FALSE(WasUsed(kBlock, 2 * kBlock - 1));
  EXPECT_EQ(vm_.Fault(0, kBlock + 9, true), FaultResult::kFixed);
  EXPECT_TRUE(Lookup(kBlock + 9).writable());
  EXPECT_TRUE(Lookup(kBlock + 8).tracked());
  vm_.mmu->Collapse(kBlock, kBlock);
  EXPECT_TRUE(vm_.BooksAreRight());
  EXPECT_EQ(vm_.LevelOf(0, kBlock + 9), 2);
  EXPECT_TRUE(vm_.Access(0, kBlock + 9, true));
}

// Under logging it is not W alone that a write to an aged block must earn.
TEST_F(MmuTrackedAgeTest, AWriteToAnAgedBlockUnderLoggingSplitsIt) {
  Vm vm(1, {.options = {.ad_bits = false, .eager_split = false}, .slot_of_everything = false});
  ASSERT_TRUE(vm.mmu->AddSlot(0, 0, kBlock - 1, 0));
  vm.MapAt(2);
  ASSERT_TRUE(vm.Access(0, 1, true));
  ASSERT_TRUE(vm.mmu->Young(1, 1, true));
  ASSERT_TRUE(vm.mmu->SetLogging(0, true));
  ASSERT_EQ(vm.LevelOf(0, 1), 2);
  EXPECT_EQ(vm.Fault(0, 1, false), FaultResult::kFixed);
  EXPECT_EQ(vm.LevelOf(0, 1), 2) << "for a read it may stay";
  EXPECT_FALSE(vm.Lookup(0, 1).writable());
  ASSERT_TRUE(vm.mmu->Young(1, 1, true));
  EXPECT_EQ(vm.Fault(0, 1, true), FaultResult::kFixed);
  EXPECT_EQ(vm.LevelOf(0, 1), 1);
  EXPECT_TRUE(vm.Lookup(0, 1).writable());
  EXPECT_FALSE(vm.Lookup(0, 2).writable());
  EXPECT_TRUE(vm.Lookup(0, 2).tracked());
  EXPECT_TRUE(vm.BooksAreRight());
  EXPECT_THAT(vm.Harvest(0), ElementsAre(1));
}

TEST_F(MmuBitAgeTest, AgeingClearsABitAndNothingElse) {
  ASSERT_TRUE(vm_.Access(0, 3, true));
  const Entry mapped = Lookup(3);
  ASSERT_TRUE(mapped.accessed());
  EXPECT_TRUE(vm_.mmu->Young(3, 3, false));
  EXPECT_EQ(Lookup(3), mapped) << "only asked";
  EXPECT_TRUE(WasUsed(3));
  EXPECT_EQ(Lookup(3), mapped.without(spte_bits::kAccessed));
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u) << "nobody flushes for an age";
  EXPECT_FALSE(WasUsed(3));
  EXPECT_TRUE(vm_.Access(0, 3, false));
  EXPECT_FALSE(WasUsed(3)) << "the TLB still has it";
  vm_.environment.FlushOwnTlb(0);
  EXPECT_TRUE(vm_.Access(0, 3, false));
  EXPECT_TRUE(WasUsed(3)) << "the hardware has noted it";
}

TEST_F(MmuBitAgeTest, BlocksHaveABitToo) {
  vm_.MapAt(3);
  ASSERT_TRUE(vm_.Access(0, 5, false));
  ASSERT_EQ(vm_.LevelOf(0, 5), 3);
  EXPECT_TRUE(WasUsed(G::Span(3) - 1));
  EXPECT_FALSE(Lookup(5).accessed());
  EXPECT_FALSE(WasUsed(5));
}

}  // namespace
}  // namespace racewalk::mmu_age_test
