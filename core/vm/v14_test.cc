// Goal: with the notifier of 2008 each entry holds a reference to its page, and
// to nothing that has no count; guesses leave neither a page nor a lock behind.
// Method: one thread at the real size, in designs of both MMUs; a fake
// environment that counts references.
#include <gtest/gtest.h>

#include "core/stage2/native_vm.h"
#include "core/tdp/native_vm.h"

namespace racewalk::v14_test {
namespace {

using G = Geometry<4, 9>;

constexpr auto kV14 = NotifierDesign::kV14;
constexpr TdpKind kTdpKinds[] = {{"Owned", {.notifier = kV14}, {}},
                                 {"LastPutZaps", {.last_put_zaps = true, .notifier = kV14}, {}}};
constexpr Stage2Kind kStage2V14Kinds[] = {
    {"Defer", {.design = SubtreeDesign::kDeferToCallback, .notifier = kV14}, {}},
    {"LockSubtree", {.design = SubtreeDesign::kLockSubtree, .notifier = kV14}, {}},
    {"Rwlock", {.design = SubtreeDesign::kRwlock, .notifier = kV14}, {}}};
using Kinds = NativeCasesOfBoth<NativeCasesOf<TdpVm<G>, kTdpKinds>::Types,
                                NativeCasesOf<Stage2Vm<G>, kStage2V14Kinds>::Types>::Types;

template <typename Case>
class V14Test : public testing::Test {
 protected:
  void TearDown() override {
    if (vm_.mmu != nullptr) vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
  }
  void Map(Gfn gfn) { EXPECT_EQ(vm_.Fault(0, gfn, true), FaultResult::kFixed) << gfn; }
  // As the host does it: the page table first, then the callback.
  void TakeBack(Hva first, Hva last) {
    vm_.environment.TakeBack(first, last);
    vm_.mmu->Invalidate(first, last, /*may_yield=*/true);
  }
  FaultResult Prefetch(Gfn gfn) {
    vm_.mmu->PrepareEntry(vm_.vcpu(0));
    return vm_.mmu->Fault(vm_.vcpu(0), {.gfn = gfn, .prefetch = true});
  }
  // Nobody holds the MMU lock.
  void ExpectLockIsFree() {
    vm_.mmu->state().mmu_lock.lock();
    vm_.mmu->state().mmu_lock.unlock();
  }

  typename Case::Vm vm_{1, {.variant = Case::kKind.variant, .options = Case::kKind.options}};
};
TYPED_TEST_SUITE(V14Test, Kinds, NativeCaseName);

TYPED_TEST(V14Test, AnEntryHoldsTheReferenceToItsPage) {
  this->Map(3);
  this->Map(700);
  EXPECT_EQ(this->vm_.environment.references(), 2);
  this->TakeBack(3, 3);
  EXPECT_EQ(this->vm_.environment.references(), 1);
  EXPECT_EQ(this->vm_.Recount().pages(), 1);
  EXPECT_EQ(this->vm_.Recount().wrong, 0);
}

TYPED_TEST(V14Test, ASecondFaultForTheSamePageTakesNoOther) {
  EXPECT_EQ(this->vm_.Fault(0, 3, false), FaultResult::kFixed);
  // By what is there already, or by giving it more permissions.
  EXPECT_NE(this->vm_.Fault(0, 3, true), FaultResult::kRetry);
  EXPECT_TRUE(this->vm_.Lookup(0, 3).writable());
  EXPECT_EQ(this->vm_.environment.references(), 1);
}

TYPED_TEST(V14Test, ZappingEverythingGivesAllBack) {
  for (Gfn gfn = 0; gfn < 2000; gfn += 100) this->Map(gfn);
  EXPECT_EQ(this->vm_.environment.references(), 20);
  this->vm_.mmu->ZapAll();
  this->vm_.Close();
  EXPECT_EQ(this->vm_.environment.references(), 0);
}

TYPED_TEST(V14Test, ADevicesMemoryIsNotCounted) {
  this->vm_.environment.device = 3;
  this->Map(3);
  this->Map(4);
  EXPECT_EQ(this->vm_.environment.references(), 1);
  this->TakeBack(3, 4);
  EXPECT_EQ(this->vm_.environment.references(), 0);
}

TYPED_TEST(V14Test, TheCallbackMovesTheSequenceAndCountsNothing) {
  auto& invalidation = this->vm_.mmu->state().invalidation;
  const uint64_t before = invalidation.Snapshot();
  this->TakeBack(3, 4);
  EXPECT_TRUE(invalidation.HasEnded(before));
  EXPECT_FALSE(invalidation.HasEnded(invalidation.Snapshot()));
  EXPECT_EQ(invalidation.in_progress(), 0u);
}

TYPED_TEST(V14Test, AGuessIsMappedAndLeavesNothingBehind) {
  EXPECT_EQ(this->Prefetch(3), FaultResult::kFixed);
  EXPECT_FALSE(this->vm_.vcpu(0).stash.has_value());
  EXPECT_EQ(this->vm_.environment.references(), 1);
  EXPECT_TRUE(this->vm_.Lookup(0, 3).leaf());
  this->ExpectLockIsFree();
}

TYPED_TEST(V14Test, AGuessOfNothingLeavesNothingBehind) {
  this->vm_.environment.out_of_memory = true;
  EXPECT_EQ(this->Prefetch(3), FaultResult::kNoMemory);
  EXPECT_FALSE(this->vm_.vcpu(0).stash.has_value());
  this->ExpectLockIsFree();
}

TYPED_TEST(V14Test, TheLastCallbackMayComeTwice) {
  this->Map(3);
  this->vm_.Close();
  this->vm_.mmu->ReleaseHook();
  EXPECT_EQ(this->vm_.environment.references(), 0);
  EXPECT_TRUE(this->vm_.mmu->state().slots.Peek().empty());
  this->vm_.mmu->ReleaseHook();
  EXPECT_TRUE(this->vm_.mmu->state().slots.Peek().empty());
  this->TakeBack(3, 3);
  EXPECT_FALSE(this->vm_.WriteFor(3));
}

}  // namespace
}  // namespace racewalk::v14_test
