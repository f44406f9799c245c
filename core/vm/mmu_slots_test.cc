// Goal: the guest has what its memory slots say, from when they say it and no
// longer, and the host's notifier finds it there.
// Method: one thread at the real size, in each design; a fake environment,
// recounts of the tables after each change.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "core/stage2/native_vm.h"
#include "core/tdp/native_vm.h"

namespace racewalk::mmu_slots_test {
namespace {

using G = Geometry<4, 9>;
using Kinds = NativeCasesOfBoth<NativeCasesOf<TdpVm<G>, kTdpDesigns>::Types,
                                NativeCasesOf<Stage2Vm<G>, kStage2Kinds>::Types>::Types;

template <typename Case>
class MmuSlotsTest : public testing::Test {
 protected:
  using Vm = typename Case::Vm;
  using Slot = typename Vm::Slot;
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
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(vm_.Recount().wrong, 0);
    EXPECT_EQ(vm_.Recount().taken, 0);
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
  // A write that found nothing, although by now there is something.
  FaultResult Again(int vcpu, Gfn gfn) {
    vm_.mmu->PrepareEntry(vm_.vcpu(vcpu));
    return vm_.mmu->Fault(vm_.vcpu(vcpu), {.gfn = gfn, .write = true});
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

  Vm vm_{2,
         {.variant = Case::kKind.variant,
          .options = Case::kKind.options,
          .slot_of_everything = false}};
};
TYPED_TEST_SUITE(MmuSlotsTest, Kinds, NativeCaseName);

TYPED_TEST(MmuSlotsTest, ASlotMustFit) {
  auto& mmu = *this->vm_.mmu;
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
  this->Map(199, 5099);
  this->Map(99, 5199);
  this->Map(200, 4999);
  this->Map(G::kFrames - 1, 0);
}

TYPED_TEST(MmuSlotsTest, TheGuestHasWhatIsInASlot) {
  for (const Gfn gfn : {Gfn{0}, Gfn{99}, Gfn{200}, Gfn{399}, Gfn{410}, Gfn{5000}}) {
    this->ExpectNothingAt(gfn);
    EXPECT_TRUE(this->vm_.Access(0, gfn, true)) << "a device's business";
  }
  EXPECT_EQ(this->vm_.environment.lookups(), 0u);
  EXPECT_EQ(this->vm_.Recount().tables, 0);
  this->Map(100, 5000);
  this->Map(199, 5099);
  this->Map(400, 7000);
  EXPECT_TRUE(this->vm_.WriteFor(401));
  EXPECT_EQ(this->vm_.environment.Contents(7001), 1u);
  EXPECT_TRUE(this->vm_.Access(0, 150, true));
  EXPECT_EQ(this->vm_.environment.Contents(5050), 1u);
  EXPECT_EQ(this->vm_.Recount().pages(), 4);
}

TYPED_TEST(MmuSlotsTest, ADeletedSlotIsUnmapped) {
  this->Map(100, 5000);
  this->Map(199, 5099);
  EXPECT_EQ(this->Again(1, 100), FaultResult::kSpurious);
  EXPECT_FALSE(this->vm_.mmu->DeleteSlot(7));
  EXPECT_EQ(this->vm_.Recount().pages(), 2) << "nothing has happened";
  EXPECT_TRUE(this->vm_.mmu->DeleteSlot(0));
  EXPECT_EQ(this->vm_.Recount().pages(), 0);
  EXPECT_TRUE(this->vm_.FlushIsDue(0));
  EXPECT_TRUE(this->vm_.FlushIsDue(1));
  this->ExpectBooksAreRight();
  this->ExpectNothingAt(100);
  EXPECT_FALSE(this->vm_.mmu->DeleteSlot(0)) << "it is gone";
  this->Map(400, 7000);
  EXPECT_TRUE(this->vm_.mmu->AddSlot(0, 150, 410 - 11, 9000))
      << "its number and its place are free";
  this->Map(150, 9000);
  this->ExpectNothingAt(100);
  EXPECT_TRUE(this->vm_.mmu->DeleteSlot(0));
  EXPECT_TRUE(this->vm_.mmu->DeleteSlot(1));
  this->ExpectNothingAt(400);
}

TYPED_TEST(MmuSlotsTest, AMovedSlotKeepsItsMemory) {
  ASSERT_TRUE(this->vm_.Access(0, 110, true));
  auto& mmu = *this->vm_.mmu;
  EXPECT_FALSE(mmu.MoveSlot(7, 1000)) << "there is none";
  EXPECT_FALSE(mmu.MoveSlot(0, 100)) << "it is there";
  EXPECT_FALSE(mmu.MoveSlot(0, 301)) << "the other one is in the way";
  EXPECT_FALSE(mmu.MoveSlot(0, 409));
  EXPECT_FALSE(mmu.MoveSlot(0, G::kFrames - 99));
  EXPECT_EQ(this->vm_.Recount().pages(), 1) << "nothing has happened";
  EXPECT_TRUE(mmu.MoveSlot(0, 150)) << "it may overlap where it was";
  EXPECT_EQ(this->vm_.Recount().pages(), 0);
  this->ExpectBooksAreRight();
  this->ExpectNothingAt(110);
  this->ExpectNothingAt(149);
  this->ExpectNothingAt(250);
  this->Map(160, 5010);
  this->Map(249, 5099);
  EXPECT_EQ(this->vm_.environment.Contents(5010), 1u);
  EXPECT_TRUE(mmu.MoveSlot(0, G::kFrames - 100));
  this->Map(G::kFrames - 1, 5099);
  EXPECT_TRUE(mmu.MoveSlot(0, 300));
  this->Map(300, 5000);
  this->Map(400, 7000);
}

// From when a slot is on its way out nothing is mapped through it, but what is
// mapped is still found.
TYPED_TEST(MmuSlotsTest, AnInvalidSlotIsForNotifiersOnly) {
  this->Map(100, 5000);
  this->Map(400, 7000);
  this->MakeInvalid(0);
  const uint64_t before = this->vm_.environment.lookups();
  EXPECT_EQ(this->vm_.Fault(0, 101, true), FaultResult::kRetry);
  EXPECT_EQ(this->vm_.Fault(0, 100, true), FaultResult::kRetry);
  EXPECT_EQ(this->vm_.mmu->Fault(this->vm_.vcpu(0), {.gfn = 101, .prefetch = true}),
            FaultResult::kRetry);
  EXPECT_FALSE(this->vm_.WriteFor(100));
  EXPECT_EQ(this->vm_.environment.lookups(), before);
  EXPECT_EQ(this->Again(0, 400), FaultResult::kSpurious) << "another slot";
  EXPECT_TRUE(this->vm_.mmu->Young(5000, 5000, false));
  this->vm_.TakeBack(5000, 5000);
  EXPECT_FALSE(this->vm_.Lookup(0, 100).leaf());
  this->ExpectBooksAreRight();
  EXPECT_TRUE(this->vm_.mmu->DeleteSlot(0));
  this->ExpectNothingAt(100);
}

TYPED_TEST(MmuSlotsTest, APrefetchMapsAhead) {
  this->vm_.mmu->PrepareEntry(this->vm_.vcpu(0));
  const GuestFault ahead{.gfn = 105, .prefetch = true};
  EXPECT_EQ(this->vm_.mmu->Fault(this->vm_.vcpu(0), ahead), FaultResult::kFixed);
  EXPECT_EQ(this->vm_.Lookup(0, 105).pfn(), this->vm_.environment.PageOf(5005));
  EXPECT_EQ(this->vm_.mmu->Fault(this->vm_.vcpu(0), ahead), FaultResult::kSpurious);
}

TYPED_TEST(MmuSlotsTest, TheHostTakesBackByAddress) {
  // Its addresses are the guest frames of slot 0 and the other way round.
  ASSERT_TRUE(this->vm_.mmu->AddSlot(2, 5000, 5099, 100));
  this->Map(110, 5010);
  this->Map(111, 5011);
  this->Map(5010, 110);
  this->Map(400, 7000);
  this->vm_.TakeBack(110, 111);
  EXPECT_FALSE(this->vm_.Lookup(0, 5010).leaf());
  EXPECT_EQ(this->vm_.Recount().pages(), 3);
  this->ExpectBooksAreRight();
  this->Map(5010, 110);
  this->vm_.TakeBack(5010, 5010);
  EXPECT_FALSE(this->vm_.Lookup(0, 110).leaf());
  EXPECT_EQ(this->vm_.Recount().pages(), 3);
  this->ExpectBooksAreRight();
  this->Map(110, 5010);
  this->vm_.TakeBack(5011, 7000, /*may_sleep=*/false);
  EXPECT_FALSE(this->vm_.Lookup(0, 111).leaf());
  EXPECT_FALSE(this->vm_.Lookup(0, 400).leaf()) << "of both slots";
  EXPECT_EQ(this->vm_.Recount().pages(), 2);
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuSlotsTest, OnlyFaultsOnWhatTheHostTakesWait) {
  this->vm_.mmu->PrepareEntry(this->vm_.vcpu(0));
  // Of no slot.
  this->vm_.mmu->InvalidateStart(100, 400, true);
  EXPECT_EQ(this->vm_.mmu->state().slots.invalidations(), 1u);
  EXPECT_EQ(this->vm_.mmu->state().invalidation.in_progress(), 0u);
  this->Map(100, 5000);
  this->vm_.mmu->InvalidateEnd(100, 400);
  // Of one.
  this->vm_.mmu->InvalidateStart(5010, 5019, true);
  EXPECT_EQ(this->vm_.Fault(0, 110, false), FaultResult::kRetry);
  EXPECT_EQ(this->vm_.Fault(0, 119, false), FaultResult::kRetry);
  this->Map(109, 5009);
  this->Map(120, 5020);
  this->Map(400, 7000);
  this->vm_.mmu->InvalidateEnd(5010, 5019);
  // Of both.
  this->vm_.mmu->InvalidateStart(5050, 7004, true);
  EXPECT_EQ(this->vm_.Fault(0, 150, false), FaultResult::kRetry);
  EXPECT_EQ(this->vm_.Fault(0, 404, false), FaultResult::kRetry);
  this->Map(101, 5001);
  this->Map(405, 7005);
  this->vm_.mmu->InvalidateEnd(5050, 7004);
  this->Map(150, 5050);
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuSlotsTest, AgeIsAskedByAddress) {
  this->Map(110, 5010);
  EXPECT_FALSE(this->vm_.mmu->Young(110, 110, false));
  EXPECT_FALSE(this->vm_.mmu->Young(5000, 5009, false));
  EXPECT_TRUE(this->vm_.mmu->Young(5010, 5010, false));
  EXPECT_TRUE(this->vm_.mmu->Young(0, 5010, true));
  EXPECT_FALSE(this->vm_.mmu->Young(0, ~Hva{0} >> 1, false));
}

// A slot's bitmap goes where the slot goes; a sanitizer says whether it is freed.
TYPED_TEST(MmuSlotsTest, ALoggedSlotMovesWithItsMarks) {
  ASSERT_TRUE(this->vm_.mmu->SetLogging(0, true));
  ASSERT_TRUE(this->vm_.Access(0, 110, true));
  EXPECT_TRUE(this->vm_.mmu->MoveSlot(0, 200));
  EXPECT_TRUE(this->vm_.mmu->state().slots.FindId(0)->logging());
  ASSERT_TRUE(this->vm_.Access(0, 220, true));
  EXPECT_EQ(this->vm_.Harvest(0), (std::vector<Gfn>{210, 220}));
  EXPECT_TRUE(this->vm_.mmu->DeleteSlot(0));
  EXPECT_FALSE(this->vm_.mmu->SetLogging(0, false));
  ASSERT_TRUE(this->vm_.mmu->SetLogging(1, true)) << "it goes with the VM";
}

TYPED_TEST(MmuSlotsTest, CollapsesAndSplitsKeepToSlots) {
  this->Map(100, 5000);
  this->Map(400, 7000);
  // Their common table is not all in one slot.
  this->vm_.mmu->Collapse(0, G::kFrames - 1);
  this->vm_.mmu->Split(100);
  this->vm_.mmu->Split(300);
  EXPECT_EQ(this->vm_.Recount().pages(), 2);
  EXPECT_TRUE(this->vm_.mmu->DeleteSlot(0));
  this->vm_.mmu->Collapse(0, G::kFrames - 1);
  this->ExpectBooksAreRight();
}

}  // namespace
}  // namespace racewalk::mmu_slots_test
