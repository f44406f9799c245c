// Goal: the guest has what its memory slots say, from when they say it and no
// longer, and the host's notifier finds it there.
// Method: one thread at the real size, in each variant; a fake environment,
// recounts of the tables after each change.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/tdp/native_vm.h"

namespace racewalk {
namespace {

using G = Geometry<4, 9>;
using Vm = NativeVm<G>;
using Slot = Vm::Slot;
using ::testing::TestParamInfo;

std::string NameOf(const TestParamInfo<TdpVariant>& info) {
  if (info.param.last_put_zaps) return "LastPutZaps";
  if (info.param.async_zap) return "AsyncZap";
  return info.param.ad_at_zap ? "AdAtZap" : "Owned";
}

class MmuSlotsTest : public testing::TestWithParam<TdpVariant> {
 protected:
  // Slot 0 is guest frames 100 to 199 at 5000, slot 1 is 400 to 409 at 7000.
  void SetUp() override {
    ASSERT_TRUE(vm_.mmu->AddSlot(0, 100, 199, 5000));
    ASSERT_TRUE(vm_.mmu->AddSlot(1, 400, 409, 7000));
  }
  void TearDown() override {
    ExpectBooksAreRight();
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
    EXPECT_EQ(vm_.environment.late_marks(), 0u);
  }

  void ExpectBooksAreRight() {
    EXPECT_TRUE(vm_.StatisticsAreRight());
    EXPECT_EQ(vm_.Recount().wrong, 0);
    EXPECT_EQ(vm_.Recount().frozen, 0);
    EXPECT_EQ(vm_.mmu->state().invalidation.in_progress(), 0u);
    EXPECT_EQ(vm_.mmu->state().slots.invalidations(), 0u);
  }
  // Faults gfn in and expects to find the page that the host has at `address`.
  void Map(Gfn gfn, Hva address) {
    EXPECT_EQ(vm_.Fault(0, gfn, true), FaultResult::kFixed) << gfn;
    EXPECT_EQ(vm_.Lookup(0, gfn).pfn(), vm_.environment.PageOf(address)) << gfn;
  }
  void ExpectNothingAt(Gfn gfn) {
    EXPECT_EQ(vm_.Fault(0, gfn, false), FaultResult::kNoMemorySlot) << gfn;
    EXPECT_FALSE(vm_.WriteFor(gfn)) << gfn;
    EXPECT_FALSE(vm_.Lookup(0, gfn).leaf()) << gfn;
  }
  // As a deletion leaves the slots half-way.
  void MakeInvalid(uint32_t id) {
    auto& state = vm_.mmu->state();
    state.slots_lock.lock();
    std::vector<Slot> slots = state.slots.Current();
    for (Slot& slot : slots) slot.invalid = slot.id == id;
    state.slots.Replace(std::move(slots));
    state.slots_lock.unlock();
  }

  Vm vm_{2, {.variant = GetParam(), .slot_of_everything = false}};
};

TEST_P(MmuSlotsTest, ASlotMustFit) {
  auto& mmu = *vm_.mmu;
  EXPECT_FALSE(mmu.AddSlot(0, 1000, 1001, 0)) << "there is a slot 0";
  EXPECT_FALSE(mmu.AddSlot(2, 0, 100, 0));
  EXPECT_FALSE(mmu.AddSlot(2, 199, 300, 0));
  EXPECT_FALSE(mmu.AddSlot(2, 120, 130, 0));
  EXPECT_FALSE(mmu.AddSlot(2, 0, 1000, 0));
  EXPECT_FALSE(mmu.AddSlot(2, 11, 10, 0));
  EXPECT_FALSE(mmu.AddSlot(2, G::kFrames - 1, G::kFrames, 0));
  // A write to a page of two slots would be logged for one of them only.
  EXPECT_FALSE(mmu.AddSlot(2, 0, 99, 5099));
  EXPECT_FALSE(mmu.AddSlot(2, 0, 99, 4901));
  EXPECT_FALSE(mmu.AddSlot(2, 200, 200, 7005));
  EXPECT_EQ(mmu.state().slots.Peek().size(), 2u);
  EXPECT_TRUE(mmu.AddSlot(2, 0, 99, 5100));
  EXPECT_TRUE(mmu.AddSlot(3, 200, 200, 4999));
  EXPECT_TRUE(mmu.AddSlot(4, G::kFrames - 1, G::kFrames - 1, 0));
  EXPECT_EQ(mmu.state().slots.Peek().size(), 5u);
  Map(199, 5099);
  Map(99, 5199);
  Map(200, 4999);
  Map(G::kFrames - 1, 0);
}

TEST_P(MmuSlotsTest, TheGuestHasWhatIsInASlot) {
  for (const Gfn gfn : {Gfn{0}, Gfn{99}, Gfn{200}, Gfn{399}, Gfn{410}, Gfn{5000}}) {
    ExpectNothingAt(gfn);
    EXPECT_TRUE(vm_.Access(0, gfn, true)) << "a device's business";
  }
  EXPECT_EQ(vm_.environment.lookups(), 0u);
  EXPECT_EQ(vm_.Recount().tables, 0);
  Map(100, 5000);
  Map(199, 5099);
  Map(400, 7000);
  EXPECT_TRUE(vm_.WriteFor(401));
  EXPECT_EQ(vm_.environment.Contents(7001), 1u);
  EXPECT_TRUE(vm_.Access(0, 150, true));
  EXPECT_EQ(vm_.environment.Contents(5050), 1u);
  EXPECT_EQ(vm_.Recount().pages(), 4);
}

TEST_P(MmuSlotsTest, ADeletedSlotIsUnmapped) {
  Map(100, 5000);
  Map(199, 5099);
  EXPECT_EQ(vm_.Fault(1, 100, true), FaultResult::kSpurious);
  EXPECT_FALSE(vm_.mmu->DeleteSlot(7));
  EXPECT_EQ(vm_.Recount().pages(), 2) << "nothing has happened";
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  EXPECT_EQ(vm_.Recount().pages(), 0);
  EXPECT_NE(vm_.vcpu(0).pending(), 0u);
  EXPECT_NE(vm_.vcpu(1).pending(), 0u);
  ExpectBooksAreRight();
  ExpectNothingAt(100);
  EXPECT_FALSE(vm_.mmu->DeleteSlot(0)) << "it is gone";
  Map(400, 7000);
  EXPECT_TRUE(vm_.mmu->AddSlot(0, 150, 410 - 11, 9000)) << "its number and its place are free";
  Map(150, 9000);
  ExpectNothingAt(100);
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  EXPECT_TRUE(vm_.mmu->DeleteSlot(1));
  ExpectNothingAt(400);
}

TEST_P(MmuSlotsTest, AMovedSlotKeepsItsMemory) {
  ASSERT_TRUE(vm_.Access(0, 110, true));
  auto& mmu = *vm_.mmu;
  EXPECT_FALSE(mmu.MoveSlot(7, 1000)) << "there is none";
  EXPECT_FALSE(mmu.MoveSlot(0, 100)) << "it is there";
  EXPECT_FALSE(mmu.MoveSlot(0, 301)) << "the other one is in the way";
  EXPECT_FALSE(mmu.MoveSlot(0, 409));
  EXPECT_FALSE(mmu.MoveSlot(0, G::kFrames - 99));
  EXPECT_EQ(vm_.Recount().pages(), 1) << "nothing has happened";
  EXPECT_TRUE(mmu.MoveSlot(0, 150)) << "it may overlap where it was";
  EXPECT_EQ(vm_.Recount().pages(), 0);
  ExpectBooksAreRight();
  ExpectNothingAt(110);
  ExpectNothingAt(149);
  ExpectNothingAt(250);
  Map(160, 5010);
  Map(249, 5099);
  EXPECT_EQ(vm_.environment.Contents(5010), 1u);
  EXPECT_TRUE(mmu.MoveSlot(0, G::kFrames - 100));
  Map(G::kFrames - 1, 5099);
  EXPECT_TRUE(mmu.MoveSlot(0, 300));
  Map(300, 5000);
  Map(400, 7000);
}

// From when a slot is on its way out nothing is mapped through it, but what is
// mapped is still found.
TEST_P(MmuSlotsTest, AnInvalidSlotIsForNotifiersOnly) {
  Map(100, 5000);
  Map(400, 7000);
  MakeInvalid(0);
  const uint64_t before = vm_.environment.lookups();
  EXPECT_EQ(vm_.Fault(0, 101, true), FaultResult::kRetry);
  EXPECT_EQ(vm_.Fault(0, 100, true), FaultResult::kRetry);
  EXPECT_EQ(vm_.mmu->Fault(vm_.vcpu(0), {.gfn = 101, .prefetch = true}), FaultResult::kRetry);
  EXPECT_FALSE(vm_.WriteFor(100));
  EXPECT_EQ(vm_.environment.lookups(), before);
  EXPECT_EQ(vm_.Fault(0, 400, true), FaultResult::kSpurious) << "another slot";
  EXPECT_TRUE(vm_.mmu->Young(5000, 5000, false));
  vm_.TakeBack(5000, 5000);
  EXPECT_FALSE(vm_.Lookup(0, 100).leaf());
  ExpectBooksAreRight();
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  ExpectNothingAt(100);
}

TEST_P(MmuSlotsTest, APrefetchMapsAhead) {
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  const GuestFault ahead{.gfn = 105, .prefetch = true};
  EXPECT_EQ(vm_.mmu->Fault(vm_.vcpu(0), ahead), FaultResult::kFixed);
  EXPECT_EQ(vm_.Lookup(0, 105).pfn(), vm_.environment.PageOf(5005));
  EXPECT_EQ(vm_.mmu->Fault(vm_.vcpu(0), ahead), FaultResult::kSpurious);
}

TEST_P(MmuSlotsTest, TheHostTakesBackByAddress) {
  // Its addresses are the guest frames of slot 0 and the other way round.
  ASSERT_TRUE(vm_.mmu->AddSlot(2, 5000, 5099, 100));
  Map(110, 5010);
  Map(111, 5011);
  Map(5010, 110);
  Map(400, 7000);
  vm_.TakeBack(110, 111);
  EXPECT_FALSE(vm_.Lookup(0, 5010).leaf());
  EXPECT_EQ(vm_.Recount().pages(), 3);
  ExpectBooksAreRight();
  Map(5010, 110);
  vm_.TakeBack(5010, 5010);
  EXPECT_FALSE(vm_.Lookup(0, 110).leaf());
  EXPECT_EQ(vm_.Recount().pages(), 3);
  ExpectBooksAreRight();
  Map(110, 5010);
  vm_.TakeBack(5011, 7000, /*may_sleep=*/false);
  EXPECT_FALSE(vm_.Lookup(0, 111).leaf());
  EXPECT_FALSE(vm_.Lookup(0, 400).leaf()) << "of both slots";
  EXPECT_EQ(vm_.Recount().pages(), 2);
  ExpectBooksAreRight();
}

TEST_P(MmuSlotsTest, OnlyFaultsOnWhatTheHostTakesWait) {
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  // Of no slot.
  vm_.mmu->InvalidateStart(100, 400, true);
  EXPECT_EQ(vm_.mmu->state().slots.invalidations(), 1u);
  EXPECT_EQ(vm_.mmu->state().invalidation.in_progress(), 0u);
  Map(100, 5000);
  vm_.mmu->InvalidateEnd(100, 400);
  // Of one.
  vm_.mmu->InvalidateStart(5010, 5019, true);
  EXPECT_EQ(vm_.Fault(0, 110, false), FaultResult::kRetry);
  EXPECT_EQ(vm_.Fault(0, 119, false), FaultResult::kRetry);
  Map(109, 5009);
  Map(120, 5020);
  Map(400, 7000);
  vm_.mmu->InvalidateEnd(5010, 5019);
  // Of both.
  vm_.mmu->InvalidateStart(5050, 7004, true);
  EXPECT_EQ(vm_.Fault(0, 150, false), FaultResult::kRetry);
  EXPECT_EQ(vm_.Fault(0, 404, false), FaultResult::kRetry);
  Map(101, 5001);
  Map(405, 7005);
  vm_.mmu->InvalidateEnd(5050, 7004);
  Map(150, 5050);
  ExpectBooksAreRight();
}

TEST_P(MmuSlotsTest, AgeIsAskedByAddress) {
  Map(110, 5010);
  EXPECT_FALSE(vm_.mmu->Young(110, 110, false));
  EXPECT_FALSE(vm_.mmu->Young(5000, 5009, false));
  EXPECT_TRUE(vm_.mmu->Young(5010, 5010, false));
  EXPECT_TRUE(vm_.mmu->Young(0, 5010, true));
  EXPECT_FALSE(vm_.mmu->Young(0, ~Hva{0} >> 1, false));
}

// A slot's bitmap goes where the slot goes; a sanitizer says whether it is freed.
TEST_P(MmuSlotsTest, ALoggedSlotMovesWithItsMarks) {
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  ASSERT_TRUE(vm_.Access(0, 110, true));
  EXPECT_TRUE(vm_.mmu->MoveSlot(0, 200));
  EXPECT_TRUE(vm_.mmu->state().slots.FindId(0)->logging());
  ASSERT_TRUE(vm_.Access(0, 220, true));
  EXPECT_EQ(vm_.Harvest(0), (std::vector<Gfn>{210, 220}));
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  EXPECT_FALSE(vm_.mmu->SetLogging(0, false));
  ASSERT_TRUE(vm_.mmu->SetLogging(1, true)) << "it goes with the VM";
}

TEST_P(MmuSlotsTest, CollapsesAndSplitsKeepToSlots) {
  Map(100, 5000);
  Map(400, 7000);
  // Their common table is not all in one slot.
  vm_.mmu->Collapse(0, G::kFrames - 1);
  vm_.mmu->Split(100);
  vm_.mmu->Split(300);
  EXPECT_EQ(vm_.Recount().pages(), 2);
  EXPECT_TRUE(vm_.mmu->DeleteSlot(0));
  vm_.mmu->Collapse(0, G::kFrames - 1);
  ExpectBooksAreRight();
}

INSTANTIATE_TEST_SUITE_P(Variants, MmuSlotsTest,
                         testing::Values(TdpVariant{}, TdpVariant{.last_put_zaps = true},
                                         TdpVariant{.ad_at_zap = true},
                                         TdpVariant{.async_zap = true}),
                         NameOf);

}  // namespace
}  // namespace racewalk
