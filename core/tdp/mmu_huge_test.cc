// Goal: what the host backs by huge pages is mapped by blocks wherever a block
// says no more than its slot does; blocks and tables turn into each other
// without a translation being lost or changed.
// Method: one thread at the real size with a host of one page size at a time,
// in each variant; a recount of the tables after each change.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/tdp/native_vm.h"

namespace racewalk {
namespace {

using G = Geometry<4, 9>;
using Vm = TdpVm<G>;
using Count = Vm::Count;
using Entry = Vm::Entry;
using ::testing::TestParamInfo;

constexpr Gfn kBlock = G::Span(2);
constexpr Gfn kLarge = G::Span(3);

class MmuHugeTest : public testing::TestWithParam<TdpKind> {
 protected:
  // The only slot.
  void UseSlot(Gfn first, Gfn last, Hva address) {
    ASSERT_TRUE(vm_.mmu->AddSlot(0, first, last, address));
    address_ = address;
    first_ = first;
  }
  void SetUp() override { vm_.MapAt(2); }
  void TearDown() override {
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(vm_.Recount().wrong, 0);
    EXPECT_EQ(vm_.Recount().taken, 0);
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
    EXPECT_EQ(vm_.environment.late_marks(), 0u);
  }

  Hva AddressOf(Gfn gfn) const { return address_ + (gfn - first_); }
  Entry Lookup(Gfn gfn) { return vm_.Lookup(0, gfn); }
  // Faults gfn in and expects that it is then mapped at that level.
  void Map(Gfn gfn, int level, bool write = true) {
    EXPECT_EQ(vm_.Fault(0, gfn, write), FaultResult::kFixed) << gfn;
    EXPECT_EQ(vm_.LevelOf(0, gfn), level) << gfn;
    EXPECT_EQ(Lookup(gfn).pfn(), vm_.environment.PageOf(AddressOf(gfn))) << gfn;
  }
  void ExpectMapped(Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) {
      ASSERT_EQ(Lookup(gfn).pfn(), vm_.environment.PageOf(AddressOf(gfn))) << gfn;
    }
  }
  // What is reachable, with the statistics saying the same.
  void ExpectTables(int64_t tables, std::array<int64_t, Vm::kMaxLeafLevel> mapped) {
    EXPECT_EQ(vm_.Recount(), (Count{.roots = 1, .tables = tables, .mapped = mapped}));
    EXPECT_TRUE(vm_.BooksAreRight());
  }

  Vm vm_{1, {.variant = GetParam().variant, .slot_of_everything = false}};
  Hva address_ = 0;
  Gfn first_ = 0;
};

TEST_P(MmuHugeTest, AFaultMapsABlock) {
  UseSlot(0, 4 * kLarge - 1, 0);
  Map(kBlock + 5, 2);
  ExpectTables(2, {0, 1, 0});
  ExpectMapped(kBlock, 2 * kBlock - 1);
  EXPECT_FALSE(Lookup(kBlock - 1).leaf());
  EXPECT_FALSE(Lookup(2 * kBlock).leaf());
  EXPECT_EQ(vm_.Fault(0, 2 * kBlock - 1, true), FaultResult::kSpurious) << "it has the rest";
  EXPECT_EQ(vm_.environment.references(), 0);
  Map(0, 2);
  ExpectTables(2, {0, 2, 0});
}

TEST_P(MmuHugeTest, AFaultMapsALargeBlock) {
  UseSlot(0, 4 * kLarge - 1, 0);
  vm_.MapAt(3);
  Map(2 * kLarge + 1000, 3);
  ExpectTables(1, {0, 0, 1});
  EXPECT_EQ(Lookup(2 * kLarge).pfn() % kLarge, 0u);
  EXPECT_EQ(Lookup(3 * kLarge - 1).pfn(), vm_.environment.PageOf(kLarge - 1));
  EXPECT_FALSE(Lookup(3 * kLarge).leaf());
}

TEST_P(MmuHugeTest, NothingIsMappedAtTheRoot) {
  UseSlot(0, G::kFrames - 1, 0);
  vm_.environment.MapAt(4, kLarge);
  Map(5, 3);
  ExpectTables(1, {0, 0, 1});
}

TEST_P(MmuHugeTest, ABlockKeepsToItsSlot) {
  // One frame is missing at either end of a large block.
  UseSlot(kLarge + 1, 3 * kLarge - 2, kLarge + 1);
  vm_.MapAt(3);
  Map(kLarge + 1, 1);
  Map(kLarge + kBlock - 1, 1);
  Map(kLarge + kBlock, 2);
  Map(2 * kLarge - 1, 2);
  Map(3 * kLarge - kBlock - 1, 2);
  Map(3 * kLarge - kBlock, 1);
  Map(3 * kLarge - 2, 1);
  EXPECT_EQ(vm_.Fault(0, kLarge, false), FaultResult::kNoMemorySlot);
  EXPECT_EQ(vm_.Fault(0, 3 * kLarge - 1, false), FaultResult::kNoMemorySlot);
  // Both large blocks' tables are of blocks and, one each, of pages.
  ExpectTables(1 + 2 + 2, {4, 3, 0});
}

TEST_P(MmuHugeTest, ABlockIsAlignedForGuestAndHost) {
  UseSlot(0, kLarge - 1, 1);
  vm_.MapAt(3);
  Map(kBlock, 1);
  ExpectTables(3, {1, 0, 0});
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  // Aligned as the smaller blocks are, in a different place of the larger.
  UseSlot(0, 2 * kLarge - 1, 3 * kBlock);
  Map(kBlock, 2);
  ExpectTables(2, {0, 1, 0});
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  // Not where the slot begins, but in its middle.
  UseSlot(7, 2 * kBlock, kLarge + 7);
  Map(kBlock + 1, 2);
  Map(7, 1);
  ExpectTables(3, {1, 1, 0});
}

TEST_P(MmuHugeTest, TheHostTakesBlocksBack) {
  UseSlot(0, kLarge - 1, 0);
  Map(5, 2);
  Map(kBlock + 5, 2);
  const Pfn before = Lookup(5).pfn();
  vm_.TakeBack(9, 9);
  EXPECT_FALSE(Lookup(5).leaf());
  ExpectTables(2, {0, 1, 0});
  Map(5, 2);
  EXPECT_NE(Lookup(5).pfn(), before);
  // Even of a part: what it says of the rest is no longer to be relied on.
  vm_.mmu->InvalidateStart(kBlock + 9, kBlock + 9, true);
  EXPECT_FALSE(Lookup(kBlock + 5).leaf());
  EXPECT_EQ(vm_.Fault(0, kBlock + 9, false), FaultResult::kRetry);
  vm_.mmu->InvalidateEnd(kBlock + 9, kBlock + 9);
  ExpectTables(2, {0, 1, 0});
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  EXPECT_EQ(vm_.Recount().mapped, (Count{}.mapped));
}

TEST_P(MmuHugeTest, ASplitKeepsTranslationsAndBits) {
  UseSlot(0, kLarge - 1, 0);
  ASSERT_TRUE(vm_.Access(0, kBlock + 5, true));
  ASSERT_TRUE(vm_.Access(0, 5, false));
  ASSERT_TRUE(vm_.mmu->Young(0, 0, true));
  const Entry dirty = Lookup(kBlock);
  const Entry old = Lookup(0);
  ASSERT_TRUE(dirty.dirty() && dirty.accessed() && dirty.writable());
  ASSERT_TRUE(!old.dirty() && !old.accessed());
  vm_.mmu->Split(kBlock + 77);
  ExpectTables(3, {512, 1, 0});
  vm_.mmu->Split(0);
  ExpectTables(4, {1024, 0, 0});
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u) << "all translations stay";
  ExpectMapped(0, 2 * kBlock - 1);
  for (Gfn page = 0; page < kBlock; ++page) {
    EXPECT_EQ(Lookup(page), old.Part(page)) << page;
    EXPECT_EQ(Lookup(kBlock + page), dirty.Part(page)) << page;
  }
  vm_.mmu->Split(0);
  vm_.mmu->Split(7 * kBlock);
  ExpectTables(4, {1024, 0, 0});  // there was nothing to split
}

TEST_P(MmuHugeTest, ASplitOfALargeBlockSplitsOneOfItsParts) {
  UseSlot(0, kLarge - 1, 0);
  vm_.MapAt(3);
  Map(0, 3);
  const Entry before = Lookup(0);
  vm_.mmu->Split(5 * kBlock + 3);
  ExpectTables(3, {512, 511, 0});
  EXPECT_EQ(vm_.LevelOf(0, 5 * kBlock), 1);
  EXPECT_EQ(vm_.LevelOf(0, 4 * kBlock), 2);
  for (Gfn gfn = 0; gfn < kLarge; gfn += 61) ASSERT_EQ(Lookup(gfn), before.Part(gfn)) << gfn;
  vm_.mmu->Collapse(0, kLarge - 1);
  ExpectTables(1, {0, 0, 1});
  for (Gfn gfn = 0; gfn < kLarge; gfn += 61) ASSERT_EQ(Lookup(gfn).pfn(), before.Part(gfn).pfn());
}

TEST_P(MmuHugeTest, ACollapseMakesABlock) {
  UseSlot(0, kLarge - 1, 0);
  vm_.MapAt(1);
  for (const Gfn gfn : {Gfn{7}, kBlock + 3, kBlock + 4, 3 * kBlock}) Map(gfn, 1);
  ASSERT_EQ(vm_.LiveTablePages(), 1 + 2 + 3);
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  vm_.MapAt(2);
  vm_.mmu->Collapse(kBlock + 100, kBlock + 100);
  ExpectTables(4, {2, 1, 0});
  EXPECT_NE(vm_.vcpu(0).pending(), 0u) << "the table that went may still be walked";
  EXPECT_EQ(vm_.LiveTablePages(), 1 + 2 + 2);
  ExpectMapped(kBlock, 2 * kBlock - 1);
  EXPECT_TRUE(Lookup(kBlock).writable());
  EXPECT_EQ(vm_.LevelOf(0, 7), 1);
  vm_.mmu->Collapse(0, 4 * kBlock - 1);
  ExpectTables(2, {0, 3, 0});
  ExpectMapped(0, kBlock - 1);
  ExpectMapped(3 * kBlock, 4 * kBlock - 1);
  EXPECT_FALSE(Lookup(2 * kBlock).leaf()) << "nothing was mapped there";
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  vm_.mmu->Collapse(0, 4 * kBlock - 1);
  ExpectTables(2, {0, 3, 0});
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u) << "nothing to do";
  // The largest table in its range decides: it cannot be a block, so it goes, with its blocks.
  vm_.mmu->Collapse(0, kLarge - 1);
  ExpectTables(1, {0, 0, 0});
}

TEST_P(MmuHugeTest, ACollapseRemovesTablesThatCannotBeBlocks) {
  UseSlot(0, 2 * kBlock - 2, 0);
  vm_.MapAt(1);
  Map(0, 1);
  Map(kBlock, 1);
  vm_.mmu->Collapse(0, G::kFrames - 1);
  // The second table has a frame that is not in the slot.
  ExpectTables(3, {1, 0, 0});
  EXPECT_FALSE(Lookup(0).leaf());
  vm_.MapAt(2);
  vm_.mmu->Collapse(0, G::kFrames - 1);
  Map(0, 2);
  EXPECT_EQ(vm_.LevelOf(0, kBlock), 1);
}

TEST_P(MmuHugeTest, AFaultPutsABlockInATablesPlace) {
  UseSlot(0, kLarge - 1, 0);
  vm_.MapAt(1);
  ASSERT_TRUE(vm_.Access(0, 3, true));
  ASSERT_TRUE(vm_.Access(0, kBlock + 3, true));
  ExpectTables(4, {2, 0, 0});
  vm_.MapAt(2);
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u);
  Map(4, 2);
  EXPECT_NE(vm_.vcpu(0).pending(), 0u) << "the table that went may still be walked";
  ExpectTables(3, {1, 1, 0});
  ExpectMapped(0, kBlock - 1);
  vm_.MapAt(3);
  Map(5 * kBlock, 3);
  ExpectTables(1, {0, 0, 1});
  EXPECT_EQ(vm_.LiveTablePages(), 2);
}

// --- Logging. ---

TEST_P(MmuHugeTest, LoggingSplitsBlocks) {
  UseSlot(0, 4 * kBlock - 1, 0);
  Map(0, 2);
  Map(2 * kBlock, 2);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  ExpectTables(4, {1024, 0, 0});
  for (Gfn gfn = 0; gfn < kBlock; ++gfn) EXPECT_FALSE(Lookup(gfn).writable()) << gfn;
  ASSERT_TRUE(vm_.Access(0, 9, true));
  Map(kBlock, 1);  // while it is on there are none
  vm_.mmu->Collapse(0, 4 * kBlock - 1);
  ExpectTables(5, {1025, 0, 0});
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{9, kBlock}));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  ExpectTables(2, {0, 3, 0});
  ExpectMapped(0, 3 * kBlock - 1);
  ASSERT_TRUE(vm_.Access(0, 10, true));
  ExpectTables(2, {0, 3, 0});
  EXPECT_TRUE(Lookup(11).writable()) << "of the whole block";
}

TEST_P(MmuHugeTest, LoggingSplitsLargeBlocks) {
  UseSlot(0, kLarge - 1, 0);
  vm_.MapAt(3);
  Map(0, 3);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  ExpectTables(2 + 512, {int64_t{kLarge}, 0, 0});
  for (const Gfn gfn : {Gfn{0}, kLarge - 1}) ASSERT_TRUE(vm_.Access(0, gfn, true));
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{0, kLarge - 1}));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  ExpectTables(2, {0, 512, 0});
  vm_.mmu->Collapse(0, kLarge - 1);
  ExpectTables(1, {0, 0, 1});
}

INSTANTIATE_TEST_SUITE_P(Variants, MmuHugeTest, testing::ValuesIn(kTdpDesigns),
                         NameOfKind<TestParamInfo<TdpKind>>);

// Blocks stay when logging begins, and the first write to each splits it.
class MmuLateSplitTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, 4 * kBlock - 1, 0));
    vm_.MapAt(2);
    ASSERT_TRUE(vm_.Access(0, 5, true));
    ASSERT_TRUE(vm_.Access(0, kBlock + 5, true));
    ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  }

  Vm vm_{1,
         {.options = {.dirty_bit_logging = GetParam(), .eager_split = false},
          .slot_of_everything = false}};
};

TEST_P(MmuLateSplitTest, BlocksArePresentButNotWritable) {
  EXPECT_EQ(vm_.Recount().mapped, (std::array<int64_t, 3>{0, 2, 0}));
  EXPECT_FALSE(vm_.Lookup(0, 0).writable());
  EXPECT_TRUE(vm_.Access(0, 6, false));
  EXPECT_EQ(vm_.LevelOf(0, 6), 2) << "to read, a block does";
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{}));
}

TEST_P(MmuLateSplitTest, AWriteSplitsItsBlock) {
  EXPECT_EQ(vm_.Fault(0, 6, true), FaultResult::kFixed);
  EXPECT_EQ(vm_.Recount().mapped, (std::array<int64_t, 3>{512, 1, 0}));
  EXPECT_TRUE(vm_.BooksAreRight());
  for (Gfn gfn = 0; gfn < kBlock; ++gfn) {
    EXPECT_EQ(vm_.Lookup(0, gfn).writable(), gfn == 6) << gfn;
    EXPECT_EQ(vm_.Lookup(0, gfn).pfn(), vm_.environment.PageOf(gfn)) << gfn;
  }
  EXPECT_EQ(vm_.LevelOf(0, kBlock), 2);
  ASSERT_TRUE(vm_.Access(0, 7, true));
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{6, 7}));
  for (const Gfn gfn : {Gfn{6}, Gfn{7}, Gfn{8}, kBlock + 5}) {
    ASSERT_TRUE(vm_.Access(0, gfn, true));
  }
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{6, 7, 8, kBlock + 5}));
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{}));
}

TEST_P(MmuLateSplitTest, ABlockThatWasNotWrittenGetsWBackAfterwards) {
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  const uint64_t before = vm_.environment.lookups();
  EXPECT_EQ(vm_.Fault(0, 6, true), FaultResult::kFixed);
  EXPECT_EQ(vm_.environment.lookups(), before) << "without the host";
  EXPECT_EQ(vm_.Recount().mapped, (std::array<int64_t, 3>{0, 2, 0}));
  EXPECT_TRUE(vm_.Lookup(0, 7).writable());
  EXPECT_TRUE(vm_.BooksAreRight());
}

INSTANTIATE_TEST_SUITE_P(Kinds, MmuLateSplitTest, testing::Bool(),
                         [](const TestParamInfo<bool>& info) {
                           return info.param ? "DirtyBits" : "WriteProtection";
                         });

// A table that goes takes with it what was cached of it, and nothing else.
TEST(MmuRangedFlushTest, ATableIsFlushedAsFarAsItReaches) {
  Vm vm(2, {.options = {.ranged_flush = true}, .slot_of_everything = false});
  ASSERT_TRUE(vm.mmu->AddSlot(0, 0, 4 * kBlock - 1, 0));
  for (const Gfn gfn : {Gfn{3}, kBlock - 1, kBlock, 2 * kBlock + 5}) {
    ASSERT_TRUE(vm.Access(0, gfn, true));
  }
  const uint64_t before = vm.environment.lookups();
  vm.mmu->Collapse(0, 0);  // removes it
  vm.MapAt(2);
  EXPECT_EQ(vm.Fault(1, 2 * kBlock, false), FaultResult::kFixed);  // puts a block in its place
  EXPECT_EQ(vm.LevelOf(0, 2 * kBlock + 5), 2);
  EXPECT_EQ(vm.vcpu(0).pending(), 0u) << "nobody was interrupted for good";
  EXPECT_EQ(vm.environment.lookups(), before + 1);
  ASSERT_TRUE(vm.Access(0, kBlock, true));
  EXPECT_EQ(vm.environment.lookups(), before + 1) << "it is where it was";
  for (const Gfn gfn : {Gfn{3}, kBlock - 1}) {
    ASSERT_TRUE(vm.Access(0, gfn, true));
    EXPECT_EQ(vm.LevelOf(0, gfn), 2) << gfn << " came again";
  }
  EXPECT_EQ(vm.environment.lookups(), before + 2);
  EXPECT_EQ(vm.Recount().wrong, 0);
  EXPECT_TRUE(vm.BooksAreRight());
}

// --- What the hardware has noted, where it reaches the host with a zap. ---

class MmuHugeAdTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, 4 * kBlock - 1, 0)); }
  // How often the host was told that pages of [first, last] are dirty, one for all of them.
  void ExpectMarks(Gfn first, Gfn last, uint32_t marks) {
    for (Gfn gfn = first; gfn <= last; ++gfn) {
      ASSERT_EQ(vm_.environment.dirty_marks(gfn), marks) << gfn;
    }
  }

  Vm vm_{1, {.variant = {.ad_at_zap = true}, .slot_of_everything = false}};
};

TEST_F(MmuHugeAdTest, ADirtyBlockIsDirtyInEveryPage) {
  vm_.MapAt(2);
  ASSERT_TRUE(vm_.Access(0, 5, true));
  ASSERT_TRUE(vm_.Access(0, kBlock + 5, false));
  ExpectMarks(0, 2 * kBlock - 1, 0);
  vm_.TakeBack(0, 2 * kBlock - 1);
  ExpectMarks(0, kBlock - 1, 1);
  ExpectMarks(kBlock, 2 * kBlock - 1, 0);
  EXPECT_EQ(vm_.environment.late_marks(), 0u);
}

TEST_F(MmuHugeAdTest, APartOfADirtyBlockIsDirty) {
  vm_.MapAt(2);
  ASSERT_TRUE(vm_.Access(0, 5, true));
  vm_.mmu->Split(0);
  ExpectMarks(0, kBlock - 1, 0);
  vm_.TakeBack(0, kBlock - 1);
  ExpectMarks(0, kBlock - 1, 1);
}

TEST_F(MmuHugeAdTest, PagesThatGiveWayToABlockTellTheHost) {
  for (const Gfn gfn : {Gfn{3}, Gfn{4}}) ASSERT_TRUE(vm_.Access(0, gfn, false));
  for (const Gfn gfn : {Gfn{5}, Gfn{6}}) ASSERT_TRUE(vm_.Access(0, gfn, true));
  vm_.MapAt(2);
  vm_.mmu->Collapse(0, 0);
  ASSERT_EQ(vm_.LevelOf(0, 5), 2);
  ExpectMarks(0, 4, 0);
  ExpectMarks(5, 6, 1);
  ExpectMarks(7, kBlock - 1, 0);
  // By a fault, too.
  vm_.MapAt(1);
  ASSERT_TRUE(vm_.Access(0, kBlock + 5, true));
  vm_.MapAt(2);
  EXPECT_EQ(vm_.Fault(0, kBlock + 6, false), FaultResult::kFixed);
  ASSERT_EQ(vm_.LevelOf(0, kBlock + 5), 2);
  ExpectMarks(kBlock + 5, kBlock + 5, 1);
  ExpectMarks(kBlock + 6, kBlock + 6, 0);
}

}  // namespace
}  // namespace racewalk
