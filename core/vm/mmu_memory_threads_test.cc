// Goal: slots, logging, ageing and blocks may change under guests that run: a
// migration that copies what harvests report loses no write, guests reach the
// pages that their slots have, and at rest the books are right and nothing is
// left. Method: real threads and a few thousand frames, operations drawn from
// fixed seeds, as many as the guests' accesses let through; run it under a
// sanitizer to see more.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/stage2/native_vm.h"
#include "core/tdp/native_vm.h"
#include "core/vm/quiescent_cases.h"
#include "core/vm/vcpu_loop.h"

namespace racewalk {
namespace {

using G = Geometry<4, 9>;
constexpr int kGuests = 2;
constexpr Gfn kBlock = G::Span(2);
constexpr Gfn kPages = 4 * kBlock;  // of slot 0, from frame and address 0
constexpr Gfn kHot = 32;            // pages at the start of each block that are used most
// Slot 1 has two blocks at one of two places.
constexpr Gfn kPlaces[] = {8 * kBlock, 16 * kBlock};
constexpr Gfn kMovingPages = 2 * kBlock;
constexpr Hva kMovingAddress = 4 * kBlock;
constexpr Hva kAddresses = kMovingAddress + kMovingPages;  // that there are

constexpr TdpKind kTdpKinds[] = {
    {"WriteProtection"},
    {"LateSplitLastPutZaps", {.last_put_zaps = true}, {.eager_split = false}},
    {"DirtyBitsAdAtZap", {.ad_at_zap = true}, {.dirty_bit_logging = true}},
    {"DirtyBitsLateSplitAsyncZap",
     {.async_zap = true},
     {.dirty_bit_logging = true, .eager_split = false}},
    {"NoAdBits", {}, {.ad_bits = false}},
    {"RangedFlushAdAtZap", {.ad_at_zap = true}, {.ranged_flush = true}}};
using Sections = NativeCasesOfBoth<NativeCasesOf<TdpVm<G>, kTdpKinds>::Types,
                                   NativeCasesOf<Stage2Vm<G>, kStage2Kinds>::Types>::Types;
using Kinds = NativeCasesOfBoth<Sections, QuiescentCases<G>>::Types;

template <typename Case>
class MmuMemoryThreadsTest : public testing::Test {
 protected:
  using Vm = typename Case::Vm;

  void SetUp() override {
    vm_.environment.visits_per_yield = 64;
    vm_.MapAt(2);
    ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, kPages - 1, 0));
    ASSERT_TRUE(AddMoving());
  }
  bool AddMoving() {
    return vm_.mmu->AddSlot(1, kPlaces[0], kPlaces[0] + kMovingPages - 1, kMovingAddress);
  }

  // Runs the guests until `body` is over, and each of `others` over and over meanwhile.
  template <typename Body, typename... Others>
  void Run(Body body, Others... others) {
    std::vector<std::thread> threads;
    std::barrier start(kGuests + 1 + static_cast<int>(sizeof...(others)));
    for (int i = 0; i < kGuests; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        Guest(i);
      });
    }
    uint64_t seed = 100;
    (threads.emplace_back([&, seed = seed++] {
      Draw draw(seed);
      start.arrive_and_wait();
      while (!over_.load(std::memory_order_relaxed)) {
        others(draw);
        AwaitAccesses(10);
      }
    }),
     ...);
    start.arrive_and_wait();
    body();
    over_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads) thread.join();
  }

  static Gfn AnyFrame(Draw& draw) {
    const Gfn blocks = kPages / kBlock + 2;
    const Gfn block = draw.Below(blocks);
    const Gfn page = draw.Below(8) == 0 ? draw.Below(kBlock) : draw.Below(kHot);
    if (block < kPages / kBlock) return block * kBlock + page;
    return kPlaces[draw.Below(2)] + (block - kPages / kBlock) * kBlock + page;
  }
  void Guest(int vcpu) {
    const VcpuLoop<typename Vm::P> loop{};
    const auto announce = [&] { loop.Announce(); };
    Draw draw(static_cast<uint64_t>(vcpu) + 1);
    while (!over_.load(std::memory_order_relaxed)) {
      if (paused_.load()) {
        resting_.fetch_add(1);
        for (; paused_.load(); announce()) std::this_thread::yield();
        resting_.fetch_sub(1);
      }
      if (!vm_.Access(vcpu, AnyFrame(draw), draw.Below(2) == 0, announce)) wrong_.fetch_add(1);
      announce();
      if (draw.Below(200) == 0) vm_.mmu->DropRoot(vm_.vcpu(vcpu));
      accesses_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  // Between the two no guest is in an access, and others soon have nothing to do.
  void Pause() {
    paused_.store(true);
    while (resting_.load() != kGuests) std::this_thread::yield();
  }
  void Resume() {
    paused_.store(false);
    while (resting_.load() != 0) std::this_thread::yield();
  }
  // Lets the guests make some; orders nothing.
  void AwaitAccesses(uint64_t count) const {
    const uint64_t until = accesses_.load(std::memory_order_relaxed) + count;
    while (accesses_.load(std::memory_order_relaxed) < until) {
      if (over_.load(std::memory_order_relaxed)) return;
      std::this_thread::yield();
    }
  }

  // --- What others do. ---

  void Age(Draw& draw) {
    const Hva first = draw.Below(kAddresses);
    vm_.mmu->Young(first, first + draw.Below(kBlock), draw.Below(4) != 0);
  }
  void Reshape(Draw& draw) {
    const Gfn gfn = AnyFrame(draw);
    if (draw.Below(2) == 0) return vm_.mmu->Split(gfn);
    vm_.mmu->Collapse(gfn, gfn + draw.Below(2 * kBlock));
  }
  void TakeBack(Draw& draw) {
    const Hva first = draw.Below(kAddresses);
    if (draw.Below(16) == 0) return vm_.MoveToLevel(1 + static_cast<int>(draw.Below(2)));
    vm_.TakeBack(first, first + draw.Below(8), draw.Below(2) == 0);
  }
  void Replace(Draw& draw) {
    switch (draw.Below(4)) {
      case 0:
        if (!vm_.mmu->DeleteSlot(1) || !AddMoving()) wrong_.fetch_add(1);
        break;
      case 1:
        if (vm_.mmu->SetLogging(1, true)) {
          vm_.mmu->Harvest(1, [](Gfn) {});
          if (!vm_.mmu->SetLogging(1, false)) wrong_.fetch_add(1);
        }
        break;
      default:
        // Where it is, it does not move to.
        if (!vm_.mmu->MoveSlot(1, kPlaces[0]) && !vm_.mmu->MoveSlot(1, kPlaces[1])) {
          wrong_.fetch_add(1);
        }
        break;
    }
  }

  // Copies slot 0 as a live migration does; says how many pages differ in the end.
  int Migrate(int harvests) {
    std::vector<uint32_t> copies(kPages);
    const auto copy = [&](Gfn gfn) { copies[gfn] = vm_.environment.Contents(gfn); };
    if (!vm_.mmu->SetLogging(0, true)) return -1;
    for (Gfn gfn = 0; gfn < kPages; ++gfn) copy(gfn);
    for (int i = 0; i < harvests; ++i) {
      AwaitAccesses(100);
      if (!vm_.mmu->Harvest(0, copy)) return -1;
    }
    Pause();
    if (!vm_.mmu->Harvest(0, copy)) return -1;
    int lost = 0;
    for (Gfn gfn = 0; gfn < kPages; ++gfn) {
      if (copies[gfn] != vm_.environment.Contents(gfn)) ++lost;
    }
    if (!vm_.mmu->SetLogging(0, false)) return -1;
    Resume();
    return lost;
  }

  void ExpectBooksAreRight() {
    EXPECT_EQ(wrong_.load(), 0) << "a guest reached a page that its slot has not";
    const typename Vm::Count count = vm_.Recount();
    EXPECT_EQ(count.wrong, 0) << count;
    EXPECT_EQ(count.taken, 0) << count;
    EXPECT_TRUE(vm_.BooksAreRight()) << count;
    EXPECT_EQ(vm_.environment.references(), 0);
    EXPECT_EQ(vm_.environment.late_marks(), 0u);
    EXPECT_EQ(vm_.mmu->state().invalidation.in_progress(), 0u);
    EXPECT_EQ(vm_.mmu->state().slots.invalidations(), 0u);
    EXPECT_EQ(vm_.LiveTablePages(), count.tables + count.roots) << count;
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    if constexpr (requires { Case::kKind.variant.ad_at_zap; }) {
      if (Case::kKind.variant.ad_at_zap) ExpectHostKnowsOfWrites();
    }
  }
  void ExpectHostKnowsOfWrites() {
    for (Hva address = 0; address < kAddresses; ++address) {
      if (vm_.environment.Contents(address) == 0 || address == kProtected) continue;
      EXPECT_NE(vm_.environment.dirty_marks(address), 0u) << address;
    }
  }

  static constexpr Gfn kProtected = kBlock + 3;

  Vm vm_{kGuests,
         {.variant = Case::kKind.variant,
          .options = Case::kKind.options,
          .slot_of_everything = false}};
  std::atomic<bool> over_{false};
  std::atomic<bool> paused_{false};
  std::atomic<int> resting_{0};
  std::atomic<uint64_t> accesses_{0};
  std::atomic<int> wrong_{0};
};

TYPED_TEST_SUITE(MmuMemoryThreadsTest, Kinds, NativeCaseName);

TYPED_TEST(MmuMemoryThreadsTest, AMigrationLosesNoWrite) {
  this->Run(
      [this] {
        for (int round = 0; round < 40; ++round) {
          EXPECT_EQ(this->Migrate(round % 4), 0) << round;
          this->AwaitAccesses(50);
        }
      },
      [this](Draw& draw) {
        if (draw.Below(8) == 0) return this->TakeBack(draw);
        draw.Below(2) == 0 ? this->Age(draw) : this->Reshape(draw);
      });
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuMemoryThreadsTest, AMigrationBesideSlotsThatComeAndGo) {
  this->Run(
      [this] {
        for (int round = 0; round < 20; ++round) {
          EXPECT_EQ(this->Migrate(2), 0) << round;
          this->AwaitAccesses(50);
        }
      },
      [this](Draw& draw) { this->Replace(draw); });
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuMemoryThreadsTest, AMigrationBesideProtection) {
  this->Run(
      [this] {
        EXPECT_EQ(this->Migrate(2), 0);
        this->vm_.mmu->Protect(this->kProtected, this->kProtected);
        for (int round = 0; round < 25; ++round) EXPECT_EQ(this->Migrate(round % 3), 0) << round;
      },
      [this](Draw& draw) { draw.Below(4) == 0 ? this->TakeBack(draw) : this->Reshape(draw); });
  for (int vcpu = 0; vcpu < kGuests; ++vcpu) {
    EXPECT_TRUE(this->vm_.Access(vcpu, this->kProtected, false));
    EXPECT_FALSE(this->vm_.Lookup(vcpu, this->kProtected).writable());
    EXPECT_EQ(this->vm_.Fault(vcpu, this->kProtected, true), FaultResult::kEmulate);
  }
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuMemoryThreadsTest, SlotsComeAndGoBesideTheHost) {
  this->Run(
      [this] {
        Draw draw(7);
        for (int i = 0; i < 150; ++i) {
          this->Replace(draw);
          this->AwaitAccesses(20);
        }
      },
      [this](Draw& draw) { draw.Below(2) == 0 ? this->TakeBack(draw) : this->Age(draw); });
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuMemoryThreadsTest, BlocksComeAndGo) {
  this->Run(
      [this] {
        Draw draw(7);
        for (int i = 0; i < 1500; ++i) {
          this->Reshape(draw);
          this->AwaitAccesses(10);
        }
      },
      [this](Draw& draw) { draw.Below(2) == 0 ? this->TakeBack(draw) : this->Age(draw); });
  this->ExpectBooksAreRight();
}

}  // namespace
}  // namespace racewalk
