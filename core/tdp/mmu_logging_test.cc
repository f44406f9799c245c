// Goal: dirty logging reports what was written since the last harvest, all of
// it, and nothing that was not made writable; write access that it took away
// comes back without asking the host.
// Method: one thread at the real size, for both ways to log, with blocks split
// early or late and with hardware that has no A and D; the guest's accesses go
// through a TLB, so that a missing flush shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "core/tdp/native_vm.h"

namespace racewalk {
namespace {

using G = Geometry<4, 9>;
using Vm = TdpVm<G>;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr Gfn kFirst = 512;
constexpr Gfn kPages = 130;  // two words and a bit
constexpr Hva kAddress = 10240;
constexpr Gfn kOther = 4096;  // where the slot without logging begins

class MmuLoggingTest : public testing::TestWithParam<TdpKind> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(vm_.mmu->AddSlot(0, kFirst, kFirst + kPages - 1, kAddress));
    ASSERT_TRUE(vm_.mmu->AddSlot(1, kOther, kOther + 63, 0));
  }
  void TearDown() override {
    EXPECT_TRUE(vm_.BooksAreRight());
    EXPECT_EQ(vm_.Recount().wrong, 0);
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
    EXPECT_EQ(vm_.environment.references(), 0);
    EXPECT_EQ(vm_.environment.late_marks(), 0u);
  }

  static bool ByDirtyBits() { return GetParam().options.dirty_bit_logging; }
  static bool HasAdBits() { return GetParam().options.ad_bits; }

  // The guest's accesses to frames of the slot, counted from its first.
  void Write(std::initializer_list<Gfn> pages, int vcpu = 0) {
    for (const Gfn page : pages) EXPECT_TRUE(vm_.Access(vcpu, kFirst + page, true)) << page;
  }
  void Read(std::initializer_list<Gfn> pages, int vcpu = 0) {
    for (const Gfn page : pages) EXPECT_TRUE(vm_.Access(vcpu, kFirst + page, false)) << page;
  }
  void WriteAll() {
    for (Gfn page = 0; page < kPages; ++page) Write({page});
  }
  // Turns logging on for a slot that is mapped writable, all of it written.
  void Begin() {
    WriteAll();
    ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
    EXPECT_TRUE(vm_.BooksAreRight());
  }
  // The pages that a harvest reports.
  std::vector<Gfn> Harvest() {
    std::vector<Gfn> pages = vm_.Harvest(0);
    for (Gfn& gfn : pages) gfn -= kFirst;
    EXPECT_TRUE(vm_.BooksAreRight());
    return pages;
  }
  Spte<NativePlatform> Lookup(Gfn page) { return vm_.Lookup(0, kFirst + page); }
  // The next write to the page does not go by unnoticed.
  bool IsGuarded(Gfn page) {
    return ByDirtyBits() ? !Lookup(page).dirty() : !Lookup(page).writable();
  }

  Vm vm_{
      2,
      {.variant = GetParam().variant, .options = GetParam().options, .slot_of_everything = false}};
};

TEST_P(MmuLoggingTest, IsOnOrOff) {
  auto& mmu = *vm_.mmu;
  int visits = 0;
  const auto visit = [&](Gfn) { ++visits; };
  EXPECT_FALSE(mmu.SetLogging(0, false)) << "it is off";
  EXPECT_FALSE(mmu.SetLogging(7, true)) << "there is none";
  EXPECT_FALSE(mmu.Harvest(0, visit));
  EXPECT_FALSE(mmu.Harvest(7, visit));
  EXPECT_TRUE(mmu.SetLogging(0, true));
  EXPECT_FALSE(mmu.SetLogging(0, true)) << "it is on";
  EXPECT_TRUE(mmu.Harvest(0, visit));
  EXPECT_FALSE(mmu.Harvest(1, visit)) << "the other is not";
  EXPECT_TRUE(mmu.SetLogging(1, true));
  EXPECT_TRUE(mmu.Harvest(1, visit));
  EXPECT_TRUE(mmu.SetLogging(0, false));
  EXPECT_FALSE(mmu.Harvest(0, visit));
  EXPECT_TRUE(mmu.SetLogging(0, true)) << "again";
  EXPECT_TRUE(mmu.Harvest(0, visit));
  EXPECT_EQ(visits, 0);
}

TEST_P(MmuLoggingTest, BeginsWithNothingWrittenAndEveryPageGuarded) {
  WriteAll();
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  ASSERT_EQ(vm_.vcpu(0).pending(), 0u);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  EXPECT_NE(vm_.vcpu(0).pending(), 0u) << "TLBs know nothing of it";
  for (Gfn page = 0; page < kPages; ++page) {
    EXPECT_TRUE(IsGuarded(page)) << page;
    EXPECT_TRUE(Lookup(page).mmu_writable()) << page;
    EXPECT_EQ(Lookup(page).writable(), ByDirtyBits()) << page;
  }
  EXPECT_EQ(vm_.Recount().pages(), kPages) << "all stay mapped";
  EXPECT_THAT(Harvest(), IsEmpty());
  Read({0, 64, 129});
  EXPECT_THAT(Harvest(), IsEmpty());
}

// An age that was taken without a flush may have left no entry to change.
TEST_P(MmuLoggingTest, BeginsWithAFlushEvenIfNothingIsWritable) {
  Write({3});
  EXPECT_TRUE(vm_.mmu->Young(kAddress, kAddress + kPages - 1, true));
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  Write({3});
  EXPECT_THAT(Harvest(), ElementsAre(3));
}

TEST_P(MmuLoggingTest, AHarvestReportsWhatWasWrittenSinceTheLast) {
  Begin();
  Write({0, 5, 63, 64, 127, 128, 129});
  Read({1, 6, 65});
  Write({5, 64});
  EXPECT_THAT(Harvest(), ElementsAre(0, 5, 63, 64, 127, 128, 129));
  EXPECT_THAT(Harvest(), IsEmpty());
  // The TLB still had these writable, and has forgotten it.
  Write({5, 129});
  EXPECT_THAT(Harvest(), ElementsAre(5, 129));
  Write({5});
  Write({6});
  EXPECT_THAT(Harvest(), ElementsAre(5, 6));
  EXPECT_THAT(Harvest(), IsEmpty());
  WriteAll();
  std::vector<Gfn> all;
  for (Gfn page = 0; page < kPages; ++page) all.push_back(page);
  EXPECT_THAT(Harvest(), ElementsAreArray(all));
}

TEST_P(MmuLoggingTest, AHarvestGuardsWhatItReports) {
  Begin();
  Write({2, 70});
  EXPECT_FALSE(IsGuarded(2));
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  EXPECT_THAT(Harvest(), ElementsAre(2, 70));
  EXPECT_TRUE(IsGuarded(2));
  EXPECT_TRUE(IsGuarded(70));
  EXPECT_NE(vm_.vcpu(0).pending(), 0u);
  vm_.mmu->PrepareEntry(vm_.vcpu(0));
  EXPECT_THAT(Harvest(), IsEmpty());
  EXPECT_EQ(vm_.vcpu(0).pending(), 0u) << "nothing was changed";
}

TEST_P(MmuLoggingTest, APageThatBecomesWritableIsReported) {
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  Write({9, 64});
  EXPECT_TRUE(Lookup(9).writable());
  EXPECT_THAT(Harvest(), ElementsAre(9, 64));
  EXPECT_TRUE(IsGuarded(9));
  // A page that a read maps may be written without another fault.
  EXPECT_EQ(vm_.Fault(0, kFirst + 10, false), FaultResult::kFixed);
  EXPECT_TRUE(Lookup(10).writable());
  EXPECT_THAT(Harvest(), ElementsAre(10));
  vm_.environment.writable = false;
  EXPECT_EQ(vm_.Fault(0, kFirst + 11, false), FaultResult::kFixed);
  EXPECT_THAT(Harvest(), IsEmpty()) << "it was mapped read-only";
}

TEST_P(MmuLoggingTest, PagesThatComeAgainAreReported) {
  Begin();
  Write({4});
  vm_.TakeBack(kAddress, kAddress + 9);
  EXPECT_THAT(Harvest(), ElementsAre(4)) << "a mark outlives its mapping";
  Write({4, 5});
  EXPECT_THAT(Harvest(), ElementsAre(4, 5));
  vm_.mmu->ZapAll();
  Write({6});
  EXPECT_THAT(Harvest(), ElementsAre(6));
}

TEST_P(MmuLoggingTest, WriteAccessComesBackWithoutTheHost) {
  Begin();
  uint64_t before = vm_.environment.lookups();
  if (ByDirtyBits()) {
    EXPECT_EQ(vm_.Fault(0, kFirst + 3, true), FaultResult::kSpurious) << "it never went";
  } else {
    EXPECT_EQ(vm_.Fault(0, kFirst + 3, true), FaultResult::kFixed);
    EXPECT_THAT(Harvest(), ElementsAre(3));
    EXPECT_EQ(vm_.Fault(0, kFirst + 3, true), FaultResult::kFixed);
    EXPECT_TRUE(Lookup(3).writable());
    EXPECT_EQ(vm_.Fault(0, kFirst + 3, true), FaultResult::kSpurious) << "by another vCPU's";
    EXPECT_THAT(Harvest(), ElementsAre(3));
    EXPECT_EQ(vm_.environment.lookups(), before);
    EXPECT_EQ(vm_.Fault(0, kFirst + 4, false), FaultResult::kSpurious) << "a read needs nothing";
    EXPECT_FALSE(Lookup(4).writable());
    EXPECT_THAT(Harvest(), IsEmpty());
    before = vm_.environment.lookups();
  }
  Write({3, 4});
  EXPECT_EQ(vm_.environment.lookups(), before);
  EXPECT_THAT(Harvest(), ElementsAre(3, 4));
}

TEST_P(MmuLoggingTest, WhatIsWrittenForTheGuestIsReported) {
  Begin();
  EXPECT_TRUE(vm_.WriteFor(kFirst + 77));
  EXPECT_TRUE(vm_.WriteFor(kOther));
  EXPECT_THAT(Harvest(), ElementsAre(77));
  EXPECT_EQ(vm_.environment.Contents(kAddress + 77), 2u);
}

TEST_P(MmuLoggingTest, TheLogIsDrainedIntoBitmapsThatThereAre) {
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  for (const Gfn gfn : {kFirst + 1, kFirst + 129, kOther + 1, Gfn{1}, kFirst + 130}) {
    vm_.environment.Log(0, gfn);
  }
  vm_.mmu->HandleExit(vm_.vcpu(1));
  EXPECT_THAT(Harvest(), IsEmpty()) << "another vCPU's";
  vm_.mmu->HandleExit(vm_.vcpu(0));
  if (ByDirtyBits()) {
    EXPECT_THAT(Harvest(), ElementsAre(1, 129));
  } else {
    EXPECT_THAT(Harvest(), IsEmpty()) << "there is no log";
  }
  vm_.mmu->HandleExit(vm_.vcpu(0));
  EXPECT_THAT(Harvest(), IsEmpty());
}

TEST_P(MmuLoggingTest, OtherSlotsAreLeftAlone) {
  for (Gfn gfn = kOther; gfn < kOther + 8; ++gfn) ASSERT_TRUE(vm_.Access(0, gfn, true));
  Begin();
  for (Gfn gfn = kOther; gfn < kOther + 8; ++gfn) {
    EXPECT_TRUE(vm_.Lookup(0, gfn).writable()) << gfn;
    EXPECT_EQ(vm_.Lookup(0, gfn).dirty(), HasAdBits()) << gfn;
    EXPECT_TRUE(vm_.Access(0, gfn, true));
  }
  EXPECT_THAT(Harvest(), IsEmpty());
  EXPECT_FALSE(vm_.mmu->Harvest(1, [](Gfn) {}));
}

TEST_P(MmuLoggingTest, EveryRootIsGuarded) {
  vm_.vcpu(1).role = 1;
  for (const int vcpu : {0, 1}) Write({1, 2, 3}, vcpu);
  ASSERT_EQ(vm_.Recount().roots, 2);
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  Write({1}, 0);
  Write({2}, 1);
  EXPECT_THAT(Harvest(), ElementsAre(1, 2));
  Write({2}, 0);
  Write({1}, 1);
  EXPECT_THAT(Harvest(), ElementsAre(1, 2)) << "each in the other root";
  Write({1, 2}, 1);
  EXPECT_THAT(Harvest(), ElementsAre(1, 2));
}

TEST_P(MmuLoggingTest, TurnedOffItReportsNothing) {
  Begin();
  Write({1});
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  EXPECT_TRUE(vm_.BooksAreRight());
  EXPECT_EQ(vm_.Recount().pages(), kPages) << "all stay mapped";
  const uint64_t before = vm_.environment.lookups();
  Write({1, 2});
  EXPECT_EQ(vm_.environment.lookups(), before) << "W comes back as before";
  EXPECT_TRUE(Lookup(2).writable());
  EXPECT_EQ(vm_.environment.Contents(kAddress + 2), 2u);
  // What was written meanwhile is no business of the next one's.
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  EXPECT_THAT(Harvest(), IsEmpty());
  Write({2});
  EXPECT_THAT(Harvest(), ElementsAre(2));
}

// A dirty bit that logging takes away is the host's to know, if it was not
// told when the page was mapped.
TEST_P(MmuLoggingTest, TheHostIsToldBeforeDirtyBitsGo) {
  const bool at_zap = GetParam().variant.ad_at_zap;
  const auto marks = [&] { return vm_.environment.dirty_marks(kAddress + 1); };
  const uint32_t told_early = at_zap && !ByDirtyBits() ? 0 : 1;
  Begin();
  EXPECT_EQ(marks(), told_early);
  Write({1});
  EXPECT_THAT(Harvest(), ElementsAre(1));
  EXPECT_EQ(marks(), at_zap && ByDirtyBits() ? 2u : told_early);
  vm_.TakeBack(kAddress, kAddress + kPages - 1);
  EXPECT_EQ(marks(), at_zap && ByDirtyBits() ? 2u : 1u);
}

constexpr TdpKind kKinds[] = {
    {"WriteProtection"},
    {"LateSplit", {}, {.eager_split = false}},
    {"DirtyBits", {}, {.dirty_bit_logging = true}},
    {"NoAdBits", {}, {.ad_bits = false}},
    {"WriteProtectionLastPutZaps", {.last_put_zaps = true}},
    {"DirtyBitsAsyncZap", {.async_zap = true}, {.dirty_bit_logging = true}},
    {"WriteProtectionAdAtZap", {.ad_at_zap = true}},
    {"DirtyBitsAdAtZap", {.ad_at_zap = true}, {.dirty_bit_logging = true}}};

INSTANTIATE_TEST_SUITE_P(Kinds, MmuLoggingTest, testing::ValuesIn(kKinds),
                         NameOfKind<testing::TestParamInfo<TdpKind>>);

}  // namespace
}  // namespace racewalk
