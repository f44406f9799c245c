// Goal: on real threads every operation may run beside every other: guests
// reach the host's pages only, and at rest the books are right and nothing
// is left. Method: bounded rounds of operations drawn from fixed seeds, for
// every MMU and design, at the real size; run it under a sanitizer to see more.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/stage2/native_vm.h"
#include "core/tdp/native_vm.h"
#include "core/vm/quiescent_cases.h"
#include "core/vm/vcpu_loop.h"

namespace racewalk::mmu_threads_test {
namespace {

using G = Geometry<4, 9>;
using Sections = NativeCasesOfBoth<NativeCasesOf<TdpVm<G>, kTdpDesigns>::Types,
                                   NativeCasesOf<Stage2Vm<G>, kStage2Kinds>::Types>::Types;
using Kinds = NativeCasesOfBoth<Sections, QuiescentCases<G>>::Types;

constexpr int kVcpus = 4;
constexpr int kAccesses = 10'000;  // of each vCPU
constexpr int kHostOperations = 500;
// One operation of the host's while the guests make so many accesses.
constexpr int kAccessesPerOperation = kVcpus * kAccesses / kHostOperations;
constexpr Gfn kShared = 8;                // frames that all vCPUs use
constexpr Gfn kOwn = 3 * G::Span(2) - 4;  // where a vCPU's own frames begin: across two tables

template <typename Case>
class MmuThreadsTest : public testing::Test {
 protected:
  using Vm = typename Case::Vm;

  // Runs body(i) on `count` threads that start together.
  template <typename F>
  void OnThreads(int count, F body) {
    vm_.environment.visits_per_yield = 64;
    std::barrier start(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        body(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  void ExpectBooksAreRight() {
    EXPECT_EQ(wrong_.load(), 0) << "a guest reached a page that the host had taken back";
    const typename Vm::Count count = vm_.Recount();
    EXPECT_EQ(count.wrong, 0) << "a page is mapped that the host has taken back";
    EXPECT_EQ(count.taken, 0);
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(vm_.environment.references(), 0);
    EXPECT_EQ(vm_.environment.late_marks(), 0u);
    EXPECT_EQ(vm_.mmu->state().invalidation.in_progress(), 0u);
    EXPECT_EQ(vm_.LiveTablePages(), count.tables + count.roots);
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
  }

  void Guest(int vcpu, uint64_t seed) {
    Draw draw(seed);
    const VcpuLoop<typename Vm::P> loop{};
    for (int i = 0; i < kAccesses; ++i) {
      const Gfn own = kOwn * static_cast<Gfn>(vcpu + 1) + draw.Below(8);
      const Gfn gfn = draw.Below(2) == 0 ? draw.Below(kShared) : own;
      if (!vm_.Access(vcpu, gfn, draw.Below(2) == 0, [&] { loop.Announce(); })) wrong_.fetch_add(1);
      accesses_.fetch_add(1, std::memory_order_relaxed);
      if (draw.Below(100) == 0) vm_.mmu->DropRoot(vm_.vcpu(vcpu));
      loop.Announce();
    }
  }
  // Keeps the host from being done before the guests have begun; orders nothing.
  void AwaitGuests(int operation) const {
    while (accesses_.load(std::memory_order_relaxed) < operation * kAccessesPerOperation) {
      std::this_thread::yield();
    }
  }
  // The host's notifier.
  void Host(uint64_t seed) {
    Draw draw(seed);
    for (int i = 0; i < kHostOperations; ++i) {
      AwaitGuests(i);
      const Gfn first = draw.Below(2) * kOwn * (draw.Below(kVcpus) + 1) + draw.Below(4);
      vm_.TakeBack(first, first + draw.Below(4), draw.Below(2) == 0);
    }
  }
  void Vmm(uint64_t seed) {
    Draw draw(seed);
    for (int i = 0; i < kHostOperations; ++i) {
      AwaitGuests(i);
      switch (draw.Below(16)) {
        case 0:
          vm_.mmu->ZapAll();
          break;
        case 1:
        case 2:
          if constexpr (requires { vm_.mmu->InvalidateRoots(); }) vm_.mmu->InvalidateRoots();
          break;
        case 3:
        case 4:
          vm_.mmu->Collapse(0, kOwn * (kVcpus + 1));
          break;
        default:
          vm_.mmu->Collapse(0, draw.Below(2) * kOwn * 2);
          break;
      }
    }
    // Whatever InvalidateRoots has left behind.
    vm_.mmu->ZapAll();
  }

  Vm vm_{kVcpus, {.variant = Case::kKind.variant, .options = Case::kKind.options}};
  std::atomic<int> wrong_{0};
  std::atomic<int> accesses_{0};
};

TYPED_TEST_SUITE(MmuThreadsTest, Kinds, NativeCaseName);

TYPED_TEST(MmuThreadsTest, DisjointFaultsBuildOneTable) {
  this->OnThreads(kVcpus, [&](int vcpu) {
    for (Gfn gfn = 0; gfn < 600; ++gfn) {
      if (!this->vm_.Access(vcpu, gfn * kVcpus + static_cast<Gfn>(vcpu), true))
        this->wrong_.fetch_add(1);
    }
  });
  EXPECT_EQ(this->vm_.Recount().pages(), 600 * kVcpus);
  EXPECT_EQ(this->vm_.Recount().roots, 1);
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuThreadsTest, SameFaultsMapEachPageOnce) {
  this->OnThreads(kVcpus, [&](int vcpu) {
    for (Gfn gfn = 0; gfn < 600; ++gfn) {
      if (!this->vm_.Access(vcpu, gfn, gfn % 2 == 0)) this->wrong_.fetch_add(1);
    }
  });
  EXPECT_EQ(this->vm_.Recount().pages(), 600);
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuThreadsTest, FaultsBesideUnmaps) {
  this->OnThreads(kVcpus + 1, [&](int i) {
    i < kVcpus ? this->Guest(i, 1 + static_cast<uint64_t>(i)) : this->Host(7);
  });
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuThreadsTest, FaultsBesideCollapsesAndZaps) {
  this->OnThreads(kVcpus + 1, [&](int i) {
    i < kVcpus ? this->Guest(i, 11 + static_cast<uint64_t>(i)) : this->Vmm(17);
  });
  this->ExpectBooksAreRight();
}

TYPED_TEST(MmuThreadsTest, EverythingBesideEverything) {
  this->OnThreads(kVcpus + 4, [&](int i) {
    const uint64_t seed = 21 + static_cast<uint64_t>(i);
    if (i < kVcpus) {
      this->Guest(i, seed);
    } else if (i % 2 == 0) {
      this->Host(seed);
    } else {
      this->Vmm(seed);
    }
  });
  this->ExpectBooksAreRight();
}

}  // namespace
}  // namespace racewalk::mmu_threads_test
