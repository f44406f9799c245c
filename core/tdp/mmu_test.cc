// Goal: each operation of the TDP MMU does what it promises, at the smallest
// and at the real size and in every variant, and leaves nothing behind.
// Method: one thread, a fake environment, recounts of the tables.
#include "core/tdp/mmu.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/tdp/native_vm.h"

namespace racewalk {
namespace {

struct Owned {
  static constexpr TdpVariant kVariant{};
};
struct LastPutZaps {
  static constexpr TdpVariant kVariant{.last_put_zaps = true};
};
struct AdAtZap {
  static constexpr TdpVariant kVariant{.ad_at_zap = true};
};
struct AsyncZap {
  static constexpr TdpVariant kVariant{.async_zap = true};
};

template <typename Shape, typename Design>
struct Setting {
  using G = Shape;
  static constexpr TdpVariant kVariant = Design::kVariant;
};

template <typename S>
class MmuTest : public testing::Test {
 protected:
  using G = typename S::G;
  static constexpr Gfn kLast = G::kFrames - 1;

  // Everything that was mapped is gone, and every page has been given back.
  void ExpectNothingIsLeft() {
    EXPECT_TRUE(vm_.BooksAreRight());
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
    EXPECT_EQ(vm_.environment.late_marks(), 0u);
  }
  // Faults `gfn` in and expects to find it as the host has it.
  void Map(int vcpu, Gfn gfn, bool write = true) {
    EXPECT_EQ(vm_.Fault(vcpu, gfn, write), FaultResult::kFixed);
    EXPECT_EQ(vm_.Lookup(vcpu, gfn).pfn(), vm_.environment.PageOf(gfn));
  }

  TdpVm<G> vm_{2, {.variant = S::kVariant, .table_pages = 64}};
};

using Settings =
    testing::Types<Setting<Geometry<3, 1>, Owned>, Setting<Geometry<3, 1>, LastPutZaps>,
                   Setting<Geometry<3, 1>, AdAtZap>, Setting<Geometry<3, 1>, AsyncZap>,
                   Setting<Geometry<4, 9>, Owned>, Setting<Geometry<4, 9>, LastPutZaps>,
                   Setting<Geometry<4, 9>, AdAtZap>, Setting<Geometry<4, 9>, AsyncZap>>;
TYPED_TEST_SUITE(MmuTest, Settings);

TYPED_TEST(MmuTest, AVmThatDidNothingLeavesNothing) { this->ExpectNothingIsLeft(); }

TYPED_TEST(MmuTest, AFaultMapsOnePageAndTheTablesOnTheWay) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  EXPECT_EQ(vm.Recount(), (typename TdpVm<typename TypeParam::G>::Count{
                              .roots = 1, .tables = TypeParam::G::kLevels - 1, .mapped = {1}}));
  EXPECT_TRUE(vm.BooksAreRight());
  EXPECT_EQ(vm.Fault(0, 0, true), FaultResult::kSpurious);
  EXPECT_EQ(vm.environment.references(), 0) << "a mapping holds no reference";
  this->Map(0, this->kLast);
  EXPECT_EQ(vm.Recount().pages(), 2);
  EXPECT_TRUE(vm.BooksAreRight());
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, AWriteIsToldToTheHost) {
  auto& vm = this->vm_;
  this->Map(0, 1, true);
  EXPECT_TRUE(vm.Lookup(0, 1).dirty());
  // With ad_at_zap the entry keeps it until it is zapped.
  EXPECT_EQ(vm.environment.dirty_marks(), TypeParam::kVariant.ad_at_zap ? 0u : 1u);
  vm.TakeBack(1, 1);
  EXPECT_EQ(vm.environment.dirty_marks(), 1u);
  EXPECT_EQ(vm.environment.late_marks(), 0u);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, ReadOnlyPagesAreMappedReadOnly) {
  auto& vm = this->vm_;
  vm.environment.writable = false;
  this->Map(0, 1, false);
  EXPECT_FALSE(vm.Lookup(0, 1).writable());
  EXPECT_EQ(vm.Fault(0, 1, false), FaultResult::kSpurious);
  // The host makes the page writable.
  vm.TakeBack(1, 1);
  vm.environment.writable = true;
  this->Map(0, 1, true);
  EXPECT_TRUE(vm.Lookup(0, 1).writable());
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, NoMemoryIsSaid) {
  auto& vm = this->vm_;
  vm.environment.out_of_memory = true;
  EXPECT_EQ(vm.Fault(0, 0, true), FaultResult::kNoMemory);
  EXPECT_EQ(vm.Recount().pages(), 0);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, AnUnmapTakesItsRangeAndNothingElse) {
  auto& vm = this->vm_;
  for (const Gfn gfn : {Gfn{0}, Gfn{1}, Gfn{2}, this->kLast}) this->Map(0, gfn);
  vm.TakeBack(1, 2);
  EXPECT_TRUE(vm.Lookup(0, 0).leaf());
  EXPECT_FALSE(vm.Lookup(0, 1).leaf());
  EXPECT_FALSE(vm.Lookup(0, 2).leaf());
  EXPECT_TRUE(vm.Lookup(0, this->kLast).leaf());
  EXPECT_EQ(vm.Recount().wrong, 0);
  EXPECT_TRUE(vm.BooksAreRight());
  // Whoever ran the guest must forget what it has cached.
  EXPECT_NE(vm.vcpu(0).pending(), 0u);
  const uint64_t flushes = vm.environment.flushes(0);
  this->Map(0, 1);
  EXPECT_EQ(vm.environment.flushes(0), flushes + 1);
  vm.TakeBack(0, this->kLast, /*may_sleep=*/false);
  EXPECT_EQ(vm.Recount().pages(), 0);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, AnUnmapOfNothingFlushesNothing) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  vm.TakeBack(this->kLast, this->kLast);
  EXPECT_EQ(vm.vcpu(0).pending(), 0u);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, AFaultDuringAnInvalidationRetries) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  vm.mmu->InvalidateStart(0, 0, true);
  EXPECT_EQ(vm.Fault(0, 0, true), FaultResult::kRetry);
  this->Map(0, 1);  // outside of the range
  vm.environment.TakeBack(0, 0);
  vm.mmu->InvalidateEnd(0, 0);
  this->Map(0, 0);
  EXPECT_EQ(vm.Recount().wrong, 0);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, ACollapseRemovesTheLargestTablesInItsRange) {
  auto& vm = this->vm_;
  using G = typename TypeParam::G;
  const Gfn other = G::Span(2);
  this->Map(0, 0);
  this->Map(0, 1);
  this->Map(0, other);
  const int64_t before = vm.Recount().tables;
  vm.mmu->Collapse(0, 0);
  EXPECT_FALSE(vm.Lookup(0, 0).leaf());
  EXPECT_FALSE(vm.Lookup(0, 1).leaf());
  EXPECT_TRUE(vm.Lookup(0, other).leaf());
  EXPECT_EQ(vm.Recount().tables, before - 1);
  EXPECT_EQ(vm.Recount().taken, 0);
  EXPECT_TRUE(vm.BooksAreRight());
  EXPECT_NE(vm.vcpu(0).pending(), 0u) << "a removed table is flushed";
  this->Map(0, 0);
  vm.mmu->Collapse(0, G::kFrames - 1);
  EXPECT_EQ(vm.Recount().tables, 0);
  EXPECT_EQ(vm.LiveTablePages(), 1) << "the root";
  this->Map(0, 0);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, ZapAllGivesUpEveryRoot) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  this->Map(0, this->kLast);
  const Pfn before = vm.environment.root(0);
  vm.mmu->ZapAll();
  EXPECT_EQ(vm.Recount().pages(), 0);
  EXPECT_TRUE(vm.BooksAreRight());
  EXPECT_EQ(vm.Recount().roots, 1) << "the vCPU still holds it";
  EXPECT_EQ(vm.mmu->Fault(vm.vcpu(0), {.gfn = 0, .write = true}), FaultResult::kRetry)
      << "nothing maps in it";
  this->Map(0, 0);
  EXPECT_EQ(vm.Recount().roots, 1);
  vm.LiveTablePages();  // waits for callbacks
  EXPECT_NE(vm.environment.root(0), kNoPfn);
  EXPECT_NE(vm.environment.root(0), before);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, InvalidRootsAreZappedByWhoeverComesNext) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  vm.mmu->InvalidateRoots();
  if (TypeParam::kVariant.async_zap) {
    vm.LiveTablePages();  // waits for the worker
    EXPECT_EQ(vm.Recount().pages(), 0) << "nobody had to come";
    EXPECT_EQ(vm.Recount().roots, 1) << "the vCPU still holds it";
    this->Map(0, 1);
    vm.LiveTablePages();
    EXPECT_EQ(vm.Recount().roots, 1);
  } else {
    EXPECT_EQ(vm.Recount().pages(), 1) << "not yet";
    this->Map(0, 1);
    EXPECT_EQ(vm.Recount().roots, 2);
  }
  EXPECT_TRUE(vm.BooksAreRight());
  vm.TakeBack(0, 0);
  EXPECT_EQ(vm.Recount().wrong, 0) << "invalid roots are unmapped too";
  vm.mmu->ZapAll();
  EXPECT_EQ(vm.Recount().pages(), 0);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, RootsAreSharedByRole) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  EXPECT_EQ(vm.Fault(1, 0, true), FaultResult::kSpurious) << "the same tables";
  EXPECT_EQ(vm.environment.root(0), vm.environment.root(1));
  vm.mmu->DropRoot(vm.vcpu(1));
  EXPECT_EQ(vm.environment.root(1), kNoPfn);
  vm.vcpu(1).role = 1;
  this->Map(1, 0);
  EXPECT_NE(vm.environment.root(0), vm.environment.root(1));
  EXPECT_EQ(vm.Recount().roots, 2);
  vm.TakeBack(0, 0);
  EXPECT_EQ(vm.Recount().pages(), 0) << "in both roots";
  this->Map(0, 0);
  this->Map(1, 0);
  vm.mmu->Collapse(0, 0);
  EXPECT_EQ(vm.Recount().pages(), 0) << "in both roots";
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, TheLastPutKeepsOrZapsARoot) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  vm.mmu->DropRoot(vm.vcpu(0));
  vm.mmu->DropRoot(vm.vcpu(0));  // of none: nothing
  const bool zaps = TypeParam::kVariant.last_put_zaps;
  EXPECT_EQ(vm.Recount().roots, zaps ? 0 : 1);
  EXPECT_EQ(vm.Recount().pages(), zaps ? 0 : 1);
  EXPECT_TRUE(vm.BooksAreRight());
  EXPECT_EQ(vm.Fault(0, 0, true), zaps ? FaultResult::kFixed : FaultResult::kSpurious);
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, PagesOfThePoolAreUsedAgain) {
  // Of 64; without reuse this needs twice as many and more.
  for (int round = 0; round < 50; ++round) {
    this->Map(0, 0);
    this->vm_.mmu->Collapse(0, this->kLast);
    this->vm_.LiveTablePages();  // waits for callbacks
  }
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, ReleaseUnmapsEverythingForGood) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  this->Map(1, this->kLast);
  vm.Close();
  vm.mmu->Release();
  EXPECT_EQ(vm.Recount().pages(), 0);
  EXPECT_TRUE(vm.BooksAreRight());
  this->ExpectNothingIsLeft();
}

// The end of the address space and the VM's own departure both come here.
TYPED_TEST(MmuTest, ReleaseMayRunTwice) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  vm.mmu->InvalidateRoots();
  this->Map(0, 1);
  vm.vcpu(1).role = 1;
  this->Map(1, this->kLast);
  vm.Close();
  for (int time = 0; time < 2; ++time) {
    vm.mmu->Release();
    EXPECT_EQ(vm.Recount().pages(), 0) << time;
    EXPECT_EQ(vm.Recount().tables, 0) << time;
    EXPECT_TRUE(vm.BooksAreRight()) << time;
  }
  this->ExpectNothingIsLeft();
}

TYPED_TEST(MmuTest, ReleaseMayRunTwiceAtOnce) {
  auto& vm = this->vm_;
  for (Gfn gfn = 0; gfn < 7; ++gfn) this->Map(0, gfn);
  this->Map(1, this->kLast);
  vm.Close();
  std::thread other([&] { vm.mmu->Release(); });
  vm.mmu->Release();
  EXPECT_EQ(vm.Recount().pages(), 0) << "by when either returns";
  other.join();
  EXPECT_TRUE(vm.BooksAreRight());
  this->ExpectNothingIsLeft();
}

// What the notifier had begun when it went does not end, and nobody waits for it.
TYPED_TEST(MmuTest, UnregisteredForgetsInvalidations) {
  auto& vm = this->vm_;
  this->Map(0, 0);
  vm.mmu->InvalidateStart(0, 0, true);
  vm.mmu->InvalidateStart(0, 1, true);
  EXPECT_EQ(vm.mmu->state().invalidation.in_progress(), 2u);
  EXPECT_EQ(vm.mmu->state().slots.invalidations(), 2u);
  vm.Close();
  vm.mmu->Release();
  vm.mmu->Unregistered();
  EXPECT_EQ(vm.mmu->state().invalidation.in_progress(), 0u);
  EXPECT_EQ(vm.mmu->state().slots.invalidations(), 0u);
  EXPECT_TRUE(vm.mmu->DeleteSlot(0)) << "it would wait for them";
  this->ExpectNothingIsLeft();
}

}  // namespace
}  // namespace racewalk
