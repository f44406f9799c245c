// Goal: from when a frame is protected the guest does not write it itself, by
// whatever way its mapping comes or comes back; it is done for the guest.
// Method: one thread at the real size, pages and blocks, with a TLB between.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/tdp/native_vm.h"

namespace racewalk::mmu_protect_test {
namespace {

using G = Geometry<4, 9>;
using Vm = TdpVm<G>;
using Entry = Vm::Entry;
using ::testing::TestParamInfo;

constexpr Gfn kBlock = G::Span(2);

class MmuProtectTest : public testing::TestWithParam<TdpOptions> {
 protected:
  void SetUp() override { ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, 4 * kBlock - 1, 0)); }
  void TearDown() override {
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(vm_.Recount().wrong, 0);
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
  }

  Entry Lookup(Gfn gfn, int vcpu = 0) { return vm_.Lookup(vcpu, gfn); }
  // A write that is done for the guest, and leaves the frame as protected as it was.
  void ExpectEmulated(Gfn gfn, int vcpu = 0) {
    EXPECT_EQ(vm_.Fault(vcpu, gfn, true), FaultResult::kEmulate) << gfn;
    EXPECT_TRUE(Lookup(gfn, vcpu).leaf()) << gfn;
    EXPECT_FALSE(Lookup(gfn, vcpu).tracked()) << gfn;
    EXPECT_FALSE(Lookup(gfn, vcpu).writable()) << gfn;
    EXPECT_FALSE(Lookup(gfn, vcpu).mmu_writable()) << gfn;
    const uint32_t before = vm_.environment.Contents(gfn);
    EXPECT_TRUE(vm_.Access(vcpu, gfn, true)) << gfn;
    EXPECT_EQ(vm_.environment.Contents(gfn), before + 1) << gfn;
    EXPECT_FALSE(Lookup(gfn, vcpu).writable()) << gfn;
  }

  Vm vm_{2, {.options = GetParam(), .slot_of_everything = false}};
};

TEST_P(MmuProtectTest, AMappedFrameLosesWForGood) {
  for (Gfn gfn = 0; gfn < 5; ++gfn) ASSERT_TRUE(vm_.Access(0, gfn, true));
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  vm_.mmu->Protect(1, 3);
  EXPECT_NE(vm_.vcpu(0).pending(), 0u) << "TLBs know nothing of it";
  for (Gfn gfn = 0; gfn < 5; ++gfn) {
    const bool writable = gfn < 1 || gfn > 3;
    EXPECT_EQ(Lookup(gfn).writable(), writable) << gfn;
    EXPECT_EQ(Lookup(gfn).mmu_writable(), writable) << gfn;
  }
  EXPECT_EQ(vm_.Recount().pages(), 5) << "all stay mapped";
  for (Gfn gfn = 1; gfn < 4; ++gfn) {
    EXPECT_TRUE(vm_.Access(0, gfn, false));
    ExpectEmulated(gfn);
  }
  EXPECT_TRUE(vm_.Access(0, 4, true));
  // The same again has nothing to take away.
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  vm_.mmu->Protect(1, 3);
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u);
}

TEST_P(MmuProtectTest, AProtectedFrameIsMappedReadOnly) {
  vm_.mmu->Protect(1, 2);
  ExpectEmulated(1);
  EXPECT_EQ(vm_.Fault(0, 2, false), FaultResult::kFixed);
  ExpectEmulated(2);
  EXPECT_EQ(vm_.Fault(0, 3, true), FaultResult::kFixed);
  EXPECT_TRUE(Lookup(3).writable());
}

TEST_P(MmuProtectTest, ItStaysProtectedWhateverComes) {
  ASSERT_TRUE(vm_.Access(0, 1, true));
  vm_.mmu->Protect(1, 1);
  vm_.TakeBack(0, 7);
  ExpectEmulated(1);
  vm_.mmu->ZapAll();
  ExpectEmulated(1);
  vm_.mmu->Collapse(0, 0);
  ExpectEmulated(1);
  EXPECT_TRUE(vm_.mmu->Young(1, 1, true));
  ExpectEmulated(1);
  EXPECT_TRUE(vm_.Access(0, 1, false));
  EXPECT_TRUE(vm_.mmu->Young(1, 1, true));
  EXPECT_TRUE(vm_.Access(0, 1, false));
  ExpectEmulated(1);
  vm_.vcpu(1).role = 1;
  ExpectEmulated(1, 1);
}

TEST_P(MmuProtectTest, EveryRootIsProtected) {
  vm_.vcpu(1).role = 1;
  for (const int vcpu : {0, 1}) ASSERT_TRUE(vm_.Access(vcpu, 1, true));
  ASSERT_EQ(vm_.Recount().roots, 2);
  vm_.mmu->Protect(1, 1);
  for (const int vcpu : {0, 1}) ExpectEmulated(1, vcpu);
}

// An aged entry has lost W without a flush, so a TLB may still have it.
TEST_P(MmuProtectTest, AnAgedFrameIsFlushed) {
  ASSERT_TRUE(vm_.Access(0, 1, true));
  ASSERT_TRUE(vm_.mmu->Young(1, 1, true));
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u);
  vm_.mmu->Protect(1, 1);
  EXPECT_NE(vm_.vcpu(0).pending(), 0u);
  ExpectEmulated(1);
}

TEST_P(MmuProtectTest, WritesForTheGuestAreLogged) {
  ASSERT_TRUE(vm_.Access(0, 1, true));
  ASSERT_TRUE(vm_.Access(0, 2, true));
  vm_.mmu->Protect(1, 1);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  EXPECT_EQ(vm_.Fault(0, 1, true), FaultResult::kEmulate);
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{})) << "not yet written";
  EXPECT_TRUE(vm_.Access(0, 1, true));
  EXPECT_TRUE(vm_.Access(0, 2, true));
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{1, 2}));
  ExpectEmulated(1);
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{1}));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  ExpectEmulated(1);
}

TEST_P(MmuProtectTest, WhatTheHostDoesNotLetWriteIsDoneForTheGuest) {
  vm_.environment.writable = false;
  ExpectEmulated(1);
  EXPECT_TRUE(vm_.Access(0, 1, false));
  ExpectEmulated(1);
}

// --- Blocks. ---

TEST_P(MmuProtectTest, ABlockAroundAProtectedFrameIsReadOnlyUntilWritten) {
  vm_.MapAt(2);
  ASSERT_TRUE(vm_.Access(0, 5, true));
  ASSERT_TRUE(vm_.Access(0, kBlock, true));
  vm_.mmu->Protect(5, 5);
  EXPECT_EQ(vm_.LevelOf(0, 5), 2);
  EXPECT_FALSE(Lookup(6).writable());
  EXPECT_FALSE(Lookup(6).mmu_writable()) << "or a fault would give it back for all of it";
  EXPECT_TRUE(Lookup(kBlock).writable());
  EXPECT_EQ(vm_.Fault(0, 6, true), FaultResult::kFixed);
  EXPECT_EQ(vm_.Recount().mapped, (std::array<int64_t, 3>{512, 1, 0}));
  EXPECT_TRUE(vm_.BooksAreRight());
  EXPECT_TRUE(Lookup(6).writable());
  ExpectEmulated(5);
  EXPECT_TRUE(vm_.Access(0, 7, true));
  EXPECT_TRUE(Lookup(7).writable());
}

TEST_P(MmuProtectTest, NoBlockIsMadeAroundAProtectedFrame) {
  vm_.mmu->Protect(5, 5);
  vm_.MapAt(2);
  EXPECT_EQ(vm_.Fault(0, 6, true), FaultResult::kFixed);
  EXPECT_EQ(vm_.LevelOf(0, 6), 1);
  EXPECT_EQ(vm_.Fault(0, kBlock, true), FaultResult::kFixed);
  EXPECT_EQ(vm_.LevelOf(0, kBlock), 2) << "elsewhere it is";
  ExpectEmulated(5);
  EXPECT_EQ(vm_.LevelOf(0, 5), 1);
  // A collapse removes what it must not turn into a block.
  vm_.mmu->Collapse(0, 2 * kBlock - 1);
  EXPECT_EQ(vm_.Recount().mapped, (std::array<int64_t, 3>{0, 1, 0}));
  ExpectEmulated(5);
  EXPECT_EQ(vm_.LevelOf(0, 5), 1);
  // And the end of logging leaves it alone.
  ASSERT_TRUE(vm_.Access(0, 6, true));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  EXPECT_EQ(vm_.Recount().mapped, (std::array<int64_t, 3>{2, 1, 0}));
  ExpectEmulated(5);
}

INSTANTIATE_TEST_SUITE_P(Options, MmuProtectTest,
                         testing::Values(TdpOptions{}, TdpOptions{.ad_bits = false},
                                         TdpOptions{.dirty_bit_logging = true}),
                         [](const TestParamInfo<TdpOptions>& info) {
                           if (!info.param.ad_bits) return "NoAdBits";
                           return info.param.dirty_bit_logging ? "DirtyBits" : "WriteProtection";
                         });

}  // namespace
}  // namespace racewalk::mmu_protect_test
