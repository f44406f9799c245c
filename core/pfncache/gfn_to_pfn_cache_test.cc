// Goal: a page cache has the page that the host has there or none, is refreshed
// when that went, and maps and unmaps in balance.
// Method: calls in sequence, with what the host does in between done from inside
// of its own lookup; then users, refreshers and a host on real threads.
#include "core/pfncache/gfn_to_pfn_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/platform/native.h"
#include "core/tdp/native_vm.h"
#include "core/vm/fake_environment.h"

namespace racewalk {
namespace {

using P = NativePlatform;
using G = Geometry<3, 3>;
using Cache = GfnToPfnCache<P>;

constexpr Gfn kFrames = 16;

class GfnToPfnCacheTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, kFrames - 1, kAddress)); }
  void TearDown() override {
    cache_.Deactivate();
    EXPECT_TRUE(vm_.mmu->state().caches.empty());
    EXPECT_EQ(host().mappings(), 0);
    EXPECT_EQ(host().references(), 0);
    EXPECT_EQ(host().late_writes(), 0u);
    EXPECT_EQ(host().late_marks(), 0u);
  }

  FakeEnvironment& host() { return vm_.environment; }
  uint32_t Contents(Gfn gfn) { return host().Contents(kAddress + gfn); }
  bool Use(Gfn gfn) {
    return cache_.Use(gfn, [this](HostMapping mapping) { host().WriteMapping(mapping); });
  }
  // The host takes back what it has at [first, last] of the slot.
  void TakeBack(Gfn first, Gfn last) {
    vm_.mmu->InvalidateStart(kAddress + first, kAddress + last, /*may_yield=*/true);
    host().TakeBack(kAddress + first, kAddress + last);
    vm_.mmu->InvalidateEnd(kAddress + first, kAddress + last);
  }
  bool HasPageOf(Gfn gfn) {
    return cache_.valid() && cache_.address() == kAddress + gfn &&
           cache_.pfn() == host().PageOf(kAddress + gfn);
  }

  static constexpr Hva kAddress = 64;
  TdpVm<G> vm_{1, {.slot_of_everything = false}};
  Cache cache_{vm_.mmu->state().caches};
};

TEST_F(GfnToPfnCacheTest, AnInactiveCacheIsNeitherUsedNorRefreshed) {
  EXPECT_FALSE(Use(0));
  EXPECT_FALSE(cache_.Refresh(0));
  EXPECT_EQ(host().lookups(), 0u);
  ASSERT_TRUE(cache_.Activate(0));
  cache_.Deactivate();
  EXPECT_FALSE(Use(0));
  EXPECT_FALSE(cache_.Refresh(0));
  EXPECT_EQ(Contents(0), 0u);
}

TEST_F(GfnToPfnCacheTest, AnActiveCacheWritesItsPageAndHoldsNoReference) {
  ASSERT_TRUE(cache_.Activate(3));
  EXPECT_TRUE(HasPageOf(3));
  EXPECT_FALSE(vm_.mmu->state().caches.empty());
  EXPECT_TRUE(Use(3));
  EXPECT_TRUE(Use(3));
  EXPECT_EQ(Contents(3), 2u);
  EXPECT_EQ(host().lookups(), 1u) << "what is valid is not looked up again";
  EXPECT_EQ(host().mappings(), 1);
  EXPECT_EQ(host().references(), 0);
  EXPECT_EQ(host().dirty_marks(kAddress + 3), 1u) << "the host must know that it is written";
}

TEST_F(GfnToPfnCacheTest, AnotherFrameTakesThePlaceOfTheFirst) {
  ASSERT_TRUE(cache_.Activate(3));
  EXPECT_TRUE(cache_.Refresh(4));
  EXPECT_TRUE(HasPageOf(4));
  EXPECT_EQ(host().mappings(), 1);
  EXPECT_TRUE(Use(3)) << "a use points it at its own frame";
  EXPECT_TRUE(HasPageOf(3));
  EXPECT_TRUE(cache_.Activate(5)) << "an active cache stays on the list once";
  EXPECT_TRUE(HasPageOf(5));
}

TEST_F(GfnToPfnCacheTest, AnInvalidationMakesOnlyWhatItCoversInvalid) {
  ASSERT_TRUE(cache_.Activate(3));
  TakeBack(4, 7);
  EXPECT_TRUE(HasPageOf(3));
  vm_.mmu->InvalidateStart(kAddress, kAddress + 3, /*may_yield=*/true);
  EXPECT_FALSE(cache_.valid());
  EXPECT_EQ(host().mappings(), 1) << "it is unmapped by whoever comes next";
  host().TakeBack(kAddress, kAddress + 3);
  vm_.mmu->InvalidateEnd(kAddress, kAddress + 3);
  EXPECT_FALSE(cache_.valid());
  EXPECT_TRUE(Use(3));
  EXPECT_TRUE(HasPageOf(3));
  EXPECT_EQ(Contents(3), 1u);
}

// Its slot may have been deleted and another may have its frame.
TEST_F(GfnToPfnCacheTest, AfterAChangeOfSlotsItIsRefreshedOrRefused) {
  ASSERT_TRUE(cache_.Activate(3));
  ASSERT_TRUE(vm_.mmu->MoveSlot(0, kFrames));
  EXPECT_FALSE(Use(3));
  EXPECT_TRUE(Use(kFrames + 3)) << "the host's address is the same";
  ASSERT_TRUE(vm_.mmu->DeleteSlot(0));
  EXPECT_FALSE(Use(kFrames + 3));
  EXPECT_FALSE(cache_.valid());
  EXPECT_TRUE(cache_.active());
  ASSERT_TRUE(vm_.mmu->AddSlot(1, 0, kFrames - 1, kAddress));
  EXPECT_TRUE(Use(3));
}

TEST_F(GfnToPfnCacheTest, WhatItWritesIsLogged) {
  ASSERT_TRUE(cache_.Activate(3));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  EXPECT_TRUE(vm_.Harvest(0).empty());
  EXPECT_TRUE(Use(3));
  EXPECT_EQ(vm_.Harvest(0), std::vector<Gfn>{3});
  EXPECT_TRUE(vm_.Harvest(0).empty());
}

TEST_F(GfnToPfnCacheTest, WithoutAPageItIsActiveAndInvalid) {
  host().out_of_memory = true;
  EXPECT_FALSE(cache_.Activate(3));
  EXPECT_FALSE(Use(3));
  host().out_of_memory = false;
  EXPECT_TRUE(Use(3));
  TakeBack(3, 3);
  host().writable = false;
  EXPECT_FALSE(Use(3)) << "it is for writing";
  host().writable = true;
}

TEST_F(GfnToPfnCacheTest, DestroyedWithTheVmItCanBeLeftInactive) {
  ASSERT_TRUE(cache_.Activate(3));
  cache_.Deactivate();
  cache_.Deactivate();
  EXPECT_EQ(host().mappings(), 0);
}

// The rest is judged by TearDown: no write and no mark came after its page had
// been taken back, and every mapping is gone.
TEST_F(GfnToPfnCacheTest, UsersRefreshersAndAHostOnRealThreads) {
  constexpr uint64_t kRounds = 400;
  constexpr uint64_t kThreads = 3;
  host().visits_per_yield = 2;
  ASSERT_TRUE(cache_.Activate(0));
  std::atomic<uint64_t> used{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Draw draw(i);
      while (!over.load(std::memory_order_relaxed)) {
        const Gfn gfn = draw.Below(2);
        switch (draw.Below(8)) {
          case 0:
            cache_.Refresh(gfn);
            break;
          case 1:
            cache_.Deactivate();
            cache_.Activate(gfn);
            break;
          default:
            if (Use(gfn)) used.fetch_add(1, std::memory_order_relaxed);
            break;
        }
      }
    });
  }
  Draw draw(kThreads);
  for (uint64_t round = 0; round < kRounds; ++round) {
    const Gfn first = draw.Below(2);
    TakeBack(first, first + draw.Below(2));
    // Another use, so that the rounds do not end before the threads have begun.
    const uint64_t before = used.load(std::memory_order_relaxed);
    while (used.load(std::memory_order_relaxed) == before) std::this_thread::yield();
    if (round % 64 == 0) {
      EXPECT_TRUE(vm_.mmu->SetLogging(0, round % 128 == 0));
    }
  }
  over.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
  uint64_t written = 0;
  for (Gfn gfn = 0; gfn < 3; ++gfn) written += Contents(gfn);
  EXPECT_EQ(written, used.load());
}

}  // namespace
}  // namespace racewalk
