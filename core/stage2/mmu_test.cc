// Goal: each operation of the stage-2 MMU does what it promises and flushes
// what it must and no more; tables go when they are empty, and nothing is left.
// Method: one thread at the real size, for every design; references and tables
// are recounted, and the fake environment says what was flushed.
#include "core/stage2/mmu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

#include "core/stage2/native_vm.h"

namespace racewalk::mmu_test {
namespace {

using G = Geometry<4, 9>;
using Vm = Stage2Vm<G>;
using Count = Vm::Count;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Range = std::pair<Gfn, Gfn>;

constexpr Gfn kLast = G::kFrames - 1;
constexpr Gfn kBlock = G::Span(2);

class Stage2MmuTest : public testing::TestWithParam<Stage2Kind> {
 protected:
  void TearDown() override {
    if (vm_.mmu == nullptr) return;
    ExpectBooksAreRight();
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
  }
  void ExpectBooksAreRight() {
    const Count count = vm_.Recount();
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(count.wrong + count.taken, 0) << count;
    EXPECT_EQ(vm_.LiveTablePages(), count.tables + count.roots) << count;
  }

  static bool HardwareSetsAf() { return GetParam().options.hardware_af; }
  static Range Many(Gfn first, Gfn last) { return FlushOfMany<G>(GetParam().options, first, last); }
  Pte<NativePlatform> Lookup(Gfn gfn) { return vm_.Lookup(0, gfn); }
  void Map(Gfn gfn, bool write = true) {
    EXPECT_EQ(vm_.Fault(0, gfn, write), FaultResult::kFixed) << gfn;
    EXPECT_EQ(Lookup(gfn).pfn(), vm_.environment.PageOf(gfn)) << gfn;
  }
  FaultResult FaultWith(GuestFault fault) { return vm_.mmu->Fault(vm_.vcpu(0), fault); }

  Vm vm_{2, {.variant = GetParam().variant, .options = GetParam().options, .table_pages = 64}};
};

TEST_P(Stage2MmuTest, AVmThatDidNothingHasARoot) {
  EXPECT_EQ(vm_.LiveTablePages(), 1);
  EXPECT_EQ(vm_.Recount(), (Count{.roots = 1}));
}

// --- Faults. ---

TEST_P(Stage2MmuTest, AFaultMapsOnePageAndTheTablesOnTheWay) {
  const auto flushed = vm_.FlushedBy(0, [&] { Map(0); });
  EXPECT_THAT(flushed, IsEmpty()) << "nothing was there";
  EXPECT_EQ(vm_.Recount(), (Count{.roots = 1, .tables = G::kLevels - 1, .mapped = {1}}));
  EXPECT_TRUE(vm_.BooksAreRight());
  Map(kLast);
  EXPECT_EQ(vm_.Recount().tables, 2 * (G::kLevels - 1));
  EXPECT_EQ(vm_.environment.references(), 0) << "a mapping holds none";
}

TEST_P(Stage2MmuTest, AFaultThatComesTooLateChangesNothing) {
  Map(1);
  EXPECT_EQ(FaultWith({.gfn = 1, .write = true}), FaultResult::kSpurious);
  EXPECT_THAT(vm_.FlushedBy(0, [&] { FaultWith({.gfn = 1, .write = false}); }), IsEmpty());
}

TEST_P(Stage2MmuTest, AWriteIsToldToTheHostWhenThePageIsMapped) {
  Map(1);
  EXPECT_EQ(vm_.environment.dirty_marks(1), 1u);
  vm_.TakeBack(1, 1);
  EXPECT_EQ(vm_.environment.dirty_marks(1), 1u);
}

TEST_P(Stage2MmuTest, NoMemoryIsSaid) {
  vm_.environment.out_of_memory = true;
  EXPECT_EQ(vm_.Fault(0, 0, true), FaultResult::kNoMemory);
  EXPECT_EQ(vm_.Recount().tables, 0);
}

TEST_P(Stage2MmuTest, WhatTheHostDoesNotLetWriteIsDoneForTheGuest) {
  vm_.environment.writable = false;
  Map(1, false);
  EXPECT_FALSE(Lookup(1).writable());
  EXPECT_EQ(vm_.Fault(0, 1, true), FaultResult::kEmulate);
  EXPECT_TRUE(vm_.Access(0, 1, true));
  EXPECT_EQ(vm_.environment.Contents(1), 1u);
}

TEST_P(Stage2MmuTest, AFaultDuringAnInvalidationRetries) {
  Map(0);
  vm_.mmu->InvalidateStart(0, 0, true);
  EXPECT_EQ(vm_.Fault(0, 0, true), FaultResult::kRetry);
  Map(1);
  vm_.environment.TakeBack(0, 0);
  vm_.mmu->InvalidateEnd(0, 0);
  Map(0);
}

// --- Permissions. ---

TEST_P(Stage2MmuTest, ARelaxedPageStaysAndIsFlushed) {
  vm_.environment.writable = false;
  Map(1, false);
  vm_.environment.writable = true;
  const auto flushed = vm_.FlushedBy(0, [&] {
    EXPECT_EQ(FaultWith({.gfn = 1, .write = true, .present = true, .level = 1}),
              FaultResult::kFixed);
  });
  EXPECT_THAT(flushed, ElementsAre(Range{1, 1})) << "its TLB entry outlives the fault";
  EXPECT_TRUE(Lookup(1).writable());
  EXPECT_EQ(vm_.Recount().pages(), 1);
}

TEST_P(Stage2MmuTest, ARelaxationThatComesTooLateFlushesAndRetries) {
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  const auto flushed = vm_.FlushedBy(0, [&] {
    EXPECT_EQ(FaultWith({.gfn = 1, .write = true, .present = true, .level = 1}),
              FaultResult::kRetry);
  });
  EXPECT_THAT(flushed, ElementsAre(Range{1, 1}));
  EXPECT_EQ(vm_.Recount().tables, 0) << "it maps nothing";
}

TEST_P(Stage2MmuTest, ACachedPermissionDoesNotStopTheGuestForEver) {
  vm_.environment.writable = false;
  ASSERT_TRUE(vm_.Access(0, 1, false));
  vm_.environment.writable = true;
  EXPECT_TRUE(vm_.Access(0, 1, true));
  EXPECT_EQ(vm_.environment.Contents(1), 1u);
  EXPECT_TRUE(Lookup(1).writable());
}

// --- The access flag. ---

TEST_P(Stage2MmuTest, AnAgedPageIsYoungByItsNextUse) {
  ASSERT_TRUE(vm_.Access(0, 1, true));
  EXPECT_TRUE(vm_.mmu->Young(1, 1, false));
  EXPECT_TRUE(Lookup(1).accessed()) << "only asked";
  EXPECT_THAT(vm_.FlushedBy(0, [&] { EXPECT_TRUE(vm_.mmu->Young(1, 1, true)); }), IsEmpty())
      << "a stale age is no harm";
  EXPECT_FALSE(Lookup(1).accessed());
  EXPECT_TRUE(Lookup(1).writable());
  EXPECT_FALSE(vm_.mmu->Young(0, kLast, true));
  EXPECT_TRUE(vm_.Access(0, 1, false));
  EXPECT_FALSE(Lookup(1).accessed()) << "the TLB did not ask";
  vm_.environment.FlushOwnTlb(0);
  const uint64_t before = vm_.environment.lookups();
  EXPECT_TRUE(vm_.Access(0, 1, false));
  EXPECT_TRUE(vm_.mmu->Young(1, 1, true));
  EXPECT_EQ(vm_.environment.lookups(), before) << "the host has nothing to do with it";
}

TEST_P(Stage2MmuTest, OnlyItsRangeIsAged) {
  for (const Gfn gfn : {Gfn{2}, Gfn{3}, kLast}) Map(gfn);
  EXPECT_FALSE(vm_.mmu->Young(4, kLast - 1, true));
  EXPECT_TRUE(vm_.mmu->Young(3, kLast - 1, true));
  EXPECT_TRUE(Lookup(2).accessed());
  EXPECT_FALSE(Lookup(3).accessed());
  EXPECT_TRUE(Lookup(kLast).accessed());
}

TEST_P(Stage2MmuTest, AnAccessFlagFaultSetsItUnlessThePageIsGone) {
  Map(1);
  ASSERT_TRUE(vm_.mmu->Young(1, 1, true));
  const GuestFault fault{.gfn = 1, .level = 1, .access_flag = true};
  if (!HardwareSetsAf()) {
    EXPECT_EQ(vm_.Fault(0, 1, false), FaultResult::kFixed);
  } else {
    EXPECT_EQ(FaultWith(fault), FaultResult::kFixed);
  }
  EXPECT_TRUE(Lookup(1).accessed());
  vm_.TakeBack(1, 1);
  EXPECT_EQ(FaultWith(fault), FaultResult::kRetry);
  EXPECT_EQ(vm_.Recount().tables, 0);
}

// --- Unmapping. ---

TEST_P(Stage2MmuTest, AnUnmapTakesItsRangeAndNothingElse) {
  for (const Gfn gfn : {Gfn{0}, Gfn{1}, Gfn{2}, kLast}) Map(gfn);
  const auto flushed = vm_.FlushedBy(0, [&] { vm_.TakeBack(1, 2); });
  EXPECT_THAT(flushed, ElementsAre(Many(1, 2))) << "once for all pages";
  EXPECT_TRUE(Lookup(0).leaf());
  EXPECT_FALSE(Lookup(1).leaf());
  EXPECT_FALSE(Lookup(2).leaf());
  EXPECT_TRUE(Lookup(kLast).leaf());
  EXPECT_EQ(vm_.Recount().tables, 2 * (G::kLevels - 1)) << "none is empty";
  ExpectBooksAreRight();
}

TEST_P(Stage2MmuTest, AnUnmapOfNothingFlushesNothing) {
  Map(0);
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.TakeBack(1, 1); }), IsEmpty());
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.TakeBack(kBlock, kBlock + 9); }), IsEmpty());
}

TEST_P(Stage2MmuTest, TablesGoWhenTheyAreEmpty) {
  Map(0);
  Map(kBlock);
  const auto flushed = vm_.FlushedBy(0, [&] { vm_.TakeBack(0, 0, /*may_sleep=*/false); });
  EXPECT_THAT(flushed, ElementsAre(Many(0, kBlock - 1), Range{0, 0})) << "the table's at once";
  EXPECT_EQ(vm_.Recount().tables, G::kLevels - 1);
  EXPECT_EQ(vm_.LiveTablePages(), G::kLevels);
  vm_.TakeBack(kBlock, kBlock);
  EXPECT_EQ(vm_.LiveTablePages(), 1) << "up to the root";
  Map(0);
}

TEST_P(Stage2MmuTest, ZapAllLeavesTheRootWhereItIs) {
  Map(0);
  Map(kLast);
  const Pfn root = vm_.environment.root(0);
  vm_.mmu->ZapAll();
  EXPECT_EQ(vm_.LiveTablePages(), 1);
  EXPECT_EQ(vm_.environment.root(0), root);
  Map(0);
}

TEST_P(Stage2MmuTest, PagesOfThePoolAreUsedAgain) {
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(vm_.Access(0, kBlock * static_cast<Gfn>(round), true));
    vm_.mmu->ZapAll();
  }
}

// --- Collapses: of a table that cannot be a block. ---

TEST_P(Stage2MmuTest, ACollapsedTableIsFlushedOnceAndFreed) {
  for (const Gfn gfn : {Gfn{0}, Gfn{1}, kBlock}) Map(gfn);
  const auto flushed = vm_.FlushedBy(0, [&] { vm_.mmu->Collapse(0, 0); });
  EXPECT_THAT(flushed, ElementsAre(Many(0, kBlock - 1)));
  EXPECT_FALSE(Lookup(0).leaf());
  EXPECT_TRUE(Lookup(kBlock).leaf());
  ExpectBooksAreRight();
  EXPECT_EQ(vm_.LiveTablePages(), 1 + 3);
  Map(1);
  vm_.mmu->Collapse(0, kLast);
  EXPECT_EQ(vm_.LiveTablePages(), 1);
}

// --- Protection. ---

TEST_P(Stage2MmuTest, AProtectedFrameIsWrittenForTheGuest) {
  for (Gfn gfn = 0; gfn < 4; ++gfn) ASSERT_TRUE(vm_.Access(0, gfn, true));
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->Protect(1, 2); }), ElementsAre(Range{0, kLast}));
  for (Gfn gfn = 0; gfn < 4; ++gfn) EXPECT_EQ(Lookup(gfn).writable(), gfn == 0 || gfn == 3) << gfn;
  EXPECT_EQ(vm_.Fault(0, 1, true), FaultResult::kEmulate);
  EXPECT_TRUE(vm_.Access(0, 1, true));
  EXPECT_EQ(vm_.environment.Contents(1), 2u);
  vm_.mmu->ZapAll();
  EXPECT_EQ(vm_.Fault(0, 2, true), FaultResult::kEmulate);
  Map(2, false);
  EXPECT_FALSE(Lookup(2).writable());
  EXPECT_TRUE(vm_.Access(0, 3, true));
}

// --- Frames that are given away. ---

TEST_P(Stage2MmuTest, ADonatedFrameIsNotTheGuests) {
  ASSERT_TRUE(vm_.Access(0, 1, true));
  ASSERT_TRUE(vm_.Access(0, 4, true));
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->Donate(1, 3); }), ElementsAre(Range{1, 1}))
      << "of what was mapped";
  for (Gfn gfn = 1; gfn < 4; ++gfn) {
    EXPECT_TRUE(Lookup(gfn).donated());
    EXPECT_EQ(vm_.Fault(0, gfn, false), FaultResult::kNoMemorySlot);
  }
  EXPECT_TRUE(Lookup(4).leaf());
  ExpectBooksAreRight();
}

TEST_P(Stage2MmuTest, ADonationOutlivesAnUnmap) {
  Map(2);
  vm_.mmu->Donate(1, 1);
  vm_.TakeBack(0, kLast);
  vm_.mmu->ZapAll();
  vm_.mmu->Collapse(0, kLast);
  EXPECT_TRUE(Lookup(1).donated());
  EXPECT_EQ(vm_.LiveTablePages(), G::kLevels) << "the tables on the way";
  EXPECT_EQ(FaultWith({.gfn = 1, .write = true}), FaultResult::kNoMemorySlot);
  vm_.mmu->Reclaim(0, kBlock - 1);
  ExpectBooksAreRight();
  Map(1);
}

TEST_P(Stage2MmuTest, AFrameThatWasNeverMappedMayBeDonated) {
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->Donate(kLast, kLast); }), IsEmpty());
  EXPECT_TRUE(Lookup(kLast).donated());
  EXPECT_EQ(vm_.Recount().tables, G::kLevels - 1);
  vm_.mmu->Reclaim(0, 7);
  EXPECT_TRUE(Lookup(kLast).donated()) << "another one's";
}

TEST_P(Stage2MmuTest, ADonationGoesWithTheVm) {
  vm_.mmu->Donate(7, 7);
  Map(kBlock);
}

// --- The end. ---

TEST_P(Stage2MmuTest, ReleaseMayRunTwiceAtOnce) {
  for (Gfn gfn = 0; gfn < 7; ++gfn) Map(gfn * kBlock);
  vm_.Close();
  std::thread other([&] { vm_.mmu->Release(); });
  vm_.mmu->Release();
  EXPECT_EQ(vm_.Recount().pages(), 0) << "by when either returns";
  other.join();
  EXPECT_EQ(vm_.LiveTablePages(), 1);
}

TEST_P(Stage2MmuTest, TheEndTakesWhatIsStillMapped) {
  Map(0);
  Map(kLast);
  vm_.mmu->Donate(1, 1);
  vm_.Close();
  vm_.mmu->Unregistered();
  vm_.mmu->Destroy();
  vm_.mmu = nullptr;
  EXPECT_EQ(vm_.LiveTablePages(), 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stage2MmuTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);

}  // namespace
}  // namespace racewalk::mmu_test
