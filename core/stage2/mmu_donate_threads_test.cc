// Goal: between its donation and its return the guest does not write a frame,
// whatever happens to the blocks and tables around it meanwhile.
// Method: guests that write, one thread that gives frames away and takes them
// back, one that ages, splits, collapses and takes back for the host; as many
// operations as are drawn from fixed seeds. A frame that is away keeps its
// contents. Run it under a sanitizer to see more.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/stage2/native_vm.h"

namespace racewalk::mmu_donate_threads_test {
namespace {

using G = Geometry<4, 9>;
using Vm = Stage2Vm<G>;

constexpr int kGuests = 2;
constexpr int kDonations = 300;
constexpr Gfn kBlock = G::Span(2);
constexpr Gfn kPages = 2 * kBlock;
constexpr Gfn kUsed = 16;  // at the start of each block

class Stage2DonateThreadsTest : public testing::TestWithParam<Stage2Kind> {
 protected:
  void SetUp() override {
    vm_.environment.visits_per_yield = 64;
    ASSERT_TRUE(vm_.mmu->AddSlot(0, 0, kPages - 1, 0));
    vm_.MapAt(2);
  }
  static Gfn AnyFrame(Draw& draw) { return draw.Below(2) * kBlock + draw.Below(kUsed); }

  void Guest(int vcpu) {
    Draw draw(static_cast<uint64_t>(vcpu) + 1);
    while (!over_.load(std::memory_order_relaxed)) {
      if (!vm_.Access(vcpu, AnyFrame(draw), draw.Below(4) != 0)) wrong_.fetch_add(1);
      accesses_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void Others() {
    Draw draw(10);
    while (!over_.load(std::memory_order_relaxed)) {
      const Gfn gfn = AnyFrame(draw);
      switch (draw.Below(4)) {
        case 0:
          vm_.mmu->Collapse(0, kPages - 1);
          break;
        case 1:
          vm_.mmu->Split(gfn);
          break;
        case 2:
          vm_.mmu->Young(gfn, gfn + kUsed, true);
          break;
        default:
          if (draw.Below(4) == 0) vm_.TakeBack(gfn, gfn);
          break;
      }
      AwaitAccesses(5);
    }
  }
  void Donor() {
    Draw draw(20);
    for (int i = 0; i < kDonations; ++i) {
      const Gfn gfn = AnyFrame(draw);
      vm_.mmu->Donate(gfn, gfn);
      const uint32_t before = vm_.environment.Contents(gfn);
      AwaitAccesses(20);
      if (vm_.environment.Contents(gfn) != before) written_.fetch_add(1);
      vm_.mmu->Reclaim(gfn, gfn);
      AwaitAccesses(5);
    }
    over_.store(true, std::memory_order_relaxed);
  }
  // Lets the guests make some; orders nothing.
  void AwaitAccesses(uint64_t count) {
    const uint64_t until = accesses_.load(std::memory_order_relaxed) + count;
    while (accesses_.load(std::memory_order_relaxed) < until && !over_.load()) {
      std::this_thread::yield();
    }
  }

  Vm vm_{
      kGuests,
      {.variant = GetParam().variant, .options = GetParam().options, .slot_of_everything = false}};
  std::atomic<bool> over_{false};
  std::atomic<uint64_t> accesses_{0};
  std::atomic<int> wrong_{0};
  std::atomic<int> written_{0};
};

TEST_P(Stage2DonateThreadsTest, ADonatedFrameIsNotWritten) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kGuests; ++i) threads.emplace_back([this, i] { Guest(i); });
  threads.emplace_back([this] { Others(); });
  Donor();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(written_.load(), 0) << "while it was away";
  EXPECT_EQ(wrong_.load(), 0);
  EXPECT_EQ(vm_.Recount().wrong, 0);
  EXPECT_EQ(vm_.Recount().taken, 0);
  EXPECT_TRUE(vm_.BooksAreRight());
  EXPECT_EQ(vm_.LiveTablePages(), vm_.Recount().tables + 1);
  vm_.Destroy();
  EXPECT_EQ(vm_.LiveTablePages(), 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Stage2DonateThreadsTest, testing::ValuesIn(kStage2Kinds),
                         NameOfKind<testing::TestParamInfo<Stage2Kind>>);

}  // namespace
}  // namespace racewalk::mmu_donate_threads_test
