// Goal: blocks and tables of the stage-2 MMU turn into each other with one
// break and one flush, wherever a block says no more than its slot does.
// Method: one thread at the real size with a host of one page size at a time,
// for every design; recounts after each change, and of the flushes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/stage2/native_vm.h"

namespace racewalk {
namespace {

using G = Geometry<4, 9>;
using Vm = Stage2Vm<G>;
using Entry = Vm::Entry;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Range = std::pair<Gfn, Gfn>;
using Levels = std::array<int64_t, Vm::kMaxLeafLevel>;

constexpr Gfn kBlock = G::Span(2);
constexpr Gfn kLarge = G::Span(3);
constexpr Gfn kPages = 2 * kLarge;  // of the slot

class Stage2BlocksTest : public testing::TestWithParam<Stage2Kind> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, kPages - 1, 0));
    vm_.MapAt(2);
  }
  void TearDown() override {
    EXPECT_EQ(vm_.Recount().wrong, 0);
    EXPECT_EQ(vm_.Recount().taken, 0);
    EXPECT_TRUE(vm_.BooksAreRight());
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
  }
  void ExpectTables(int64_t tables, Levels mapped) {
    EXPECT_EQ(vm_.Recount(), (Vm::Count{.roots = 1, .tables = tables, .mapped = mapped}));
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(vm_.LiveTablePages(), 1 + tables);
  }
  Entry Lookup(Gfn gfn) { return vm_.Lookup(0, gfn); }
  void Map(Gfn gfn, int level, bool write = true) {
    EXPECT_TRUE(vm_.Access(0, gfn, write)) << gfn;
    EXPECT_EQ(vm_.LevelOf(0, gfn), level) << gfn;
  }

  static bool SplitsEarly() { return GetParam().options.eager_split; }
  static Range Many(Gfn first, Gfn last) { return FlushOfMany<G>(GetParam().options, first, last); }

  Vm vm_{
      1,
      {.variant = GetParam().variant, .options = GetParam().options, .slot_of_everything = false}};
};

TEST_P(Stage2BlocksTest, AFaultMapsABlock) {
  Map(kBlock + 5, 2);
  ExpectTables(2, {0, 1, 0});
  EXPECT_EQ(Lookup(kBlock).pfn(), vm_.environment.PageOf(kBlock));
  EXPECT_FALSE(Lookup(kBlock - 1).leaf());
  vm_.MapAt(3);
  Map(kLarge + 1000, 3);
  ExpectTables(2, {0, 1, 1});
}

TEST_P(Stage2BlocksTest, ABlockIsUnmappedAsAWholeAndAtOnce) {
  Map(5, 2);
  Map(kBlock, 2);
  const auto flushed = vm_.FlushedBy(0, [&] { vm_.TakeBack(9, 9); });
  EXPECT_THAT(flushed, ElementsAre(Many(0, kBlock - 1)));
  ExpectTables(2, {0, 1, 0});
  Map(9, 2);
  vm_.MapAt(3);
  Map(kLarge, 3);
  // A page of it is enough, in the middle of whatever piece.
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->InvalidateStart(kLarge + 700, kLarge + 700, true); }),
              ElementsAre(Many(kLarge, 2 * kLarge - 1)));
  vm_.mmu->InvalidateEnd(kLarge + 700, kLarge + 700);
  ExpectTables(2, {0, 2, 0});
}

TEST_P(Stage2BlocksTest, ASplitFlushesOnceAndKeepsTranslations) {
  Map(kBlock + 5, 2);
  Map(0, 2);
  const Entry before = Lookup(kBlock);
  const auto flushed = vm_.FlushedBy(0, [&] { vm_.mmu->Split(kBlock + 77); });
  EXPECT_THAT(flushed, ElementsAre(Many(kBlock, 2 * kBlock - 1)));
  ExpectTables(3, {512, 1, 0});
  for (Gfn page = 0; page < kBlock; ++page) EXPECT_EQ(Lookup(kBlock + page), before.Part(page));
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->Split(kBlock); }), IsEmpty()) << "nothing to split";
}

TEST_P(Stage2BlocksTest, ASplitOfAnAgedBlockMakesAgedPages) {
  Map(5, 2);
  EXPECT_TRUE(vm_.mmu->Young(500, 500, true)) << "by any of its pages";
  vm_.mmu->Split(5);
  EXPECT_FALSE(vm_.mmu->Young(0, kBlock - 1, true));
  vm_.environment.FlushOwnTlb(0);
  Map(7, 1);
  EXPECT_TRUE(vm_.mmu->Young(7, 7, false));
  EXPECT_FALSE(vm_.mmu->Young(8, kBlock - 1, true));
}

TEST_P(Stage2BlocksTest, ASplitOfALargeBlockSplitsOneOfItsParts) {
  vm_.MapAt(3);
  Map(0, 3);
  const Entry before = Lookup(0);
  const auto flushed = vm_.FlushedBy(0, [&] { vm_.mmu->Split(5 * kBlock + 3); });
  EXPECT_THAT(flushed, ElementsAre(Many(0, kLarge - 1), Many(5 * kBlock, 6 * kBlock - 1)));
  ExpectTables(3, {512, 511, 0});
  for (Gfn gfn = 0; gfn < kLarge; gfn += 61) ASSERT_EQ(Lookup(gfn), before.Part(gfn)) << gfn;
}

TEST_P(Stage2BlocksTest, ACollapseFlushesEachTableOnce) {
  vm_.MapAt(1);
  for (const Gfn gfn : {Gfn{7}, kBlock + 3, kBlock + 4, 3 * kBlock}) Map(gfn, 1);
  vm_.MapAt(2);
  auto flushed = vm_.FlushedBy(0, [&] { vm_.mmu->Collapse(kBlock + 100, kBlock + 100); });
  EXPECT_THAT(flushed, ElementsAre(Many(kBlock, 2 * kBlock - 1)));
  ExpectTables(4, {2, 1, 0});
  flushed = vm_.FlushedBy(0, [&] { vm_.mmu->Collapse(0, 4 * kBlock - 1); });
  EXPECT_THAT(flushed, ElementsAre(Many(0, kBlock - 1), Many(3 * kBlock, 4 * kBlock - 1)));
  ExpectTables(2, {0, 3, 0});
  EXPECT_FALSE(Lookup(2 * kBlock).leaf()) << "nothing was mapped there";
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->Collapse(0, 4 * kBlock - 1); }), IsEmpty());
  Map(kBlock + 200, 2);
}

TEST_P(Stage2BlocksTest, ACollapseMakesALargeBlockOfBlocks) {
  Map(0, 2);
  Map(kBlock, 2);
  vm_.MapAt(3);
  EXPECT_THAT(vm_.FlushedBy(0, [&] { vm_.mmu->Collapse(0, kLarge - 1); }),
              ElementsAre(Many(0, kLarge - 1)));
  ExpectTables(1, {0, 0, 1});
}

TEST_P(Stage2BlocksTest, ACollapseOfASplitBlockRestoresIt) {
  Map(0, 2);
  const Entry before = Lookup(0);
  vm_.mmu->Split(0);
  vm_.mmu->Collapse(0, 0);
  ExpectTables(2, {0, 1, 0});
  EXPECT_EQ(Lookup(0), before);
}

TEST_P(Stage2BlocksTest, AFaultPutsABlockInATablesPlace) {
  vm_.MapAt(1);
  for (const Gfn gfn : {Gfn{3}, Gfn{4}, kBlock}) Map(gfn, 1);
  vm_.MapAt(2);
  const auto flushed = vm_.FlushedBy(0, [&] {
    EXPECT_EQ(vm_.mmu->Fault(vm_.vcpu(0), {.gfn = 9, .write = true}), FaultResult::kFixed);
  });
  EXPECT_THAT(flushed, ElementsAre(Many(0, kBlock - 1)));
  ExpectTables(3, {1, 1, 0});
  vm_.MapAt(3);
  Map(5 * kBlock, 3);
  ExpectTables(1, {0, 0, 1});
}

TEST_P(Stage2BlocksTest, APermissionFaultAtAnotherLevelIsNoRelaxation) {
  vm_.environment.writable = false;
  Map(0, 2, false);
  vm_.environment.writable = true;
  vm_.MapAt(1);
  Map(5, 1);
  EXPECT_TRUE(Lookup(5).writable());
  ExpectTables(3, {1, 0, 0});  // what else the block had comes again when it is used
}

// --- Protected and donated frames. ---

TEST_P(Stage2BlocksTest, NoBlockIsMadeAroundAProtectedFrame) {
  vm_.mmu->Protect(5, 5);
  Map(6, 1);
  Map(kBlock, 2);
  vm_.mmu->Collapse(0, kBlock - 1);
  ExpectTables(2, {0, 1, 0});
  Map(5, 1, false);
  EXPECT_FALSE(Lookup(5).writable());
}

TEST_P(Stage2BlocksTest, ABlockAroundAProtectedFrameIsReadOnlyUntilWritten) {
  Map(6, 2);
  vm_.mmu->Protect(5, 5);
  EXPECT_EQ(vm_.LevelOf(0, 6), 2);
  EXPECT_FALSE(Lookup(6).writable());
  Map(6, 1);
  EXPECT_TRUE(Lookup(6).writable());
  EXPECT_TRUE(vm_.Access(0, 5, true)) << "done for the guest";
  EXPECT_FALSE(Lookup(5).writable());
}

TEST_P(Stage2BlocksTest, ADonationSplitsTheBlockAround) {
  Map(0, 2);
  const Entry before = Lookup(0);
  vm_.mmu->Donate(5, 6);
  ExpectTables(3, {510, 0, 0});
  EXPECT_EQ(Lookup(4), before.Part(4));
  EXPECT_TRUE(Lookup(5).donated());
}

TEST_P(Stage2BlocksTest, NoBlockIsMadeAroundADonatedFrame) {
  vm_.mmu->Donate(5, 5);
  vm_.MapAt(3);
  Map(kLarge - 1, 2);
  Map(7, 1);
  vm_.mmu->Collapse(0, kLarge - 1);
  EXPECT_TRUE(Lookup(5).donated());
  EXPECT_EQ(vm_.mmu->Fault(vm_.vcpu(0), {.gfn = 5}), FaultResult::kNoMemorySlot);
  vm_.mmu->Reclaim(5, 5);
  Map(5, 3);
  ExpectTables(1, {0, 0, 1});
}

// --- Logging. ---

TEST_P(Stage2BlocksTest, LoggingSplitsEarlyOrWithTheFirstWrite) {
  Map(0, 2);
  Map(2 * kBlock, 2);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  if (SplitsEarly()) {
    ExpectTables(4, {1024, 0, 0});
  } else {
    ExpectTables(2, {0, 2, 0});
  }
  for (Gfn gfn = 0; gfn < kBlock; ++gfn) EXPECT_FALSE(Lookup(gfn).writable()) << gfn;
  EXPECT_TRUE(vm_.Access(0, 8, false));
  Map(9, 1);
  // The rest of a block that a write has split comes again when it is used.
  EXPECT_EQ(Lookup(10).leaf(), SplitsEarly());
  Map(kBlock, 1);
  EXPECT_THAT(vm_.Harvest(0), ElementsAre(9, kBlock));
  vm_.mmu->Collapse(0, kLarge - 1);
  EXPECT_EQ(vm_.LevelOf(0, 9), 1) << "not while writes are logged";
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  Map(9, 2);
  Map(kBlock + 1, 2);
}

TEST_P(Stage2BlocksTest, LoggingSplitsLargeBlocks) {
  vm_.MapAt(3);
  Map(0, 3);
  const auto flushed = vm_.FlushedBy(0, [&] { ASSERT_TRUE(vm_.mmu->SetLogging(0, true)); });
  if (SplitsEarly()) {
    ExpectTables(2 + 512, {int64_t{kLarge}, 0, 0});
    EXPECT_THAT(flushed, SizeIs(1 + 512 + 1)) << "each block, and W of all";
  } else {
    EXPECT_THAT(flushed, Each(Range{0, G::kFrames - 1}));
    EXPECT_THAT(flushed, SizeIs(1)) << "W of all";
  }
  EXPECT_EQ(flushed.back(), (Range{0, G::kFrames - 1}));
  for (const Gfn gfn : {Gfn{0}, kLarge - 1}) Map(gfn, 1);
  EXPECT_THAT(vm_.Harvest(0), ElementsAre(0, kLarge - 1));
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stage2BlocksTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);

}  // namespace
}  // namespace racewalk
