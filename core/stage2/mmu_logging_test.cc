// Goal: of a slot whose writes are logged the stage-2 MMU reports each page that
// was written since the last harvest, and only pages that a write has touched.
// Method: one thread at the real size, for every design; accesses go through a
// TLB that keeps what a fault has found, so that a missing flush shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/stage2/native_vm.h"

namespace racewalk::mmu_logging_test {
namespace {

using Vm = Stage2Vm<Geometry<4, 9>>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Gfn kPages = 70;  // a word and a bit
constexpr Gfn kOther = 4096;

class Stage2LoggingTest : public testing::TestWithParam<Stage2Kind> {
 protected:
  // Slot 0, all of it written, is logged; slot 1 is not.
  void SetUp() override {
    ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, kPages - 1, 0));
    ASSERT_TRUE(vm_.mmu->AddSlot(1, kOther, kOther + 9, 8192));
    for (Gfn gfn = 0; gfn < kPages; ++gfn) ASSERT_TRUE(Write(gfn));
    ASSERT_TRUE(Write(kOther));
    ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  }
  void TearDown() override {
    EXPECT_TRUE(vm_.BooksAreRight());
    vm_.Destroy();
    EXPECT_EQ(vm_.LiveTablePages(), 0);
  }

  bool Write(Gfn gfn) { return vm_.Access(0, gfn, true); }
  bool Read(Gfn gfn) { return vm_.Access(0, gfn, false); }
  std::vector<Gfn> Harvest() { return vm_.Harvest(0); }
  bool IsGuarded(Gfn gfn) { return !vm_.Lookup(0, gfn).writable(); }

  Vm vm_{
      1,
      {.variant = GetParam().variant, .options = GetParam().options, .slot_of_everything = false}};
};

TEST_P(Stage2LoggingTest, BeginsWithEveryPageGuardedAndFlushed) {
  for (Gfn gfn = 0; gfn < kPages; ++gfn) EXPECT_TRUE(IsGuarded(gfn)) << gfn;
  EXPECT_FALSE(IsGuarded(kOther));
  EXPECT_TRUE(vm_.FlushIsDue(0));
  EXPECT_EQ(vm_.Recount().pages(), kPages + 1) << "all stay mapped";
  EXPECT_THAT(Harvest(), IsEmpty());
}

TEST_P(Stage2LoggingTest, AHarvestReportsWhatWasWrittenSinceTheLast) {
  for (const Gfn gfn : {Gfn{0}, Gfn{63}, Gfn{64}, Gfn{69}}) EXPECT_TRUE(Write(gfn));
  EXPECT_TRUE(Read(5));
  EXPECT_TRUE(Write(kOther));
  EXPECT_THAT(Harvest(), ElementsAre(0, 63, 64, 69));
  EXPECT_TRUE(Write(63)) << "the TLB had it writable, and has forgotten it";
  EXPECT_THAT(Harvest(), ElementsAre(63));
  EXPECT_THAT(Harvest(), IsEmpty());
}

TEST_P(Stage2LoggingTest, AHarvestGuardsAndFlushesOnlyWhatItReports) {
  EXPECT_TRUE(Write(2));
  EXPECT_TRUE(Write(66));
  EXPECT_FALSE(IsGuarded(2));
  EXPECT_THAT(Harvest(), ElementsAre(2, 66));
  EXPECT_TRUE(IsGuarded(2) && IsGuarded(66));
  EXPECT_TRUE(vm_.FlushIsDue(0));
  EXPECT_TRUE(Read(2));
  EXPECT_THAT(Harvest(), IsEmpty());
  EXPECT_FALSE(vm_.FlushIsDue(0)) << "nothing was changed";
}

TEST_P(Stage2LoggingTest, AReadMapsForReadingOnly) {
  vm_.TakeBack(0, 9);
  EXPECT_TRUE(Read(3));
  EXPECT_TRUE(IsGuarded(3));
  EXPECT_THAT(Harvest(), IsEmpty());
  EXPECT_TRUE(Write(3)) << "although the TLB has it read-only";
  EXPECT_THAT(Harvest(), ElementsAre(3));
}

TEST_P(Stage2LoggingTest, AnAgedPageIsReportedWhenItIsWritten) {
  EXPECT_TRUE(Write(3));
  EXPECT_THAT(Harvest(), ElementsAre(3));
  EXPECT_TRUE(vm_.mmu->Young(0, kPages - 1, true));
  vm_.environment.FlushOwnTlb(0);
  EXPECT_TRUE(Read(3));
  EXPECT_THAT(Harvest(), IsEmpty()) << "the access flag gives no W";
  EXPECT_TRUE(IsGuarded(3));
  EXPECT_TRUE(Write(3));
  EXPECT_THAT(Harvest(), ElementsAre(3));
}

TEST_P(Stage2LoggingTest, MarksOutliveTheirMappings) {
  EXPECT_TRUE(Write(4));
  vm_.TakeBack(0, kPages - 1);
  vm_.mmu->ZapAll();
  EXPECT_TRUE(Write(5));
  EXPECT_THAT(Harvest(), ElementsAre(4, 5));
}

TEST_P(Stage2LoggingTest, WritesForTheGuestAreReported) {
  vm_.mmu->Protect(7, 7);
  EXPECT_EQ(vm_.Fault(0, 7, true), FaultResult::kEmulate);
  EXPECT_THAT(Harvest(), IsEmpty()) << "not yet written";
  EXPECT_TRUE(Write(7));
  EXPECT_THAT(Harvest(), ElementsAre(7));
}

TEST_P(Stage2LoggingTest, TurnedOffItReportsNothing) {
  EXPECT_TRUE(Write(1));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, false));
  EXPECT_TRUE(Write(2));
  EXPECT_FALSE(IsGuarded(2));
  ASSERT_TRUE(vm_.mmu->SetLogging(0, true));
  EXPECT_THAT(Harvest(), IsEmpty());
  EXPECT_TRUE(Write(2));
  EXPECT_THAT(Harvest(), ElementsAre(2));
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stage2LoggingTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);

}  // namespace
}  // namespace racewalk::mmu_logging_test
