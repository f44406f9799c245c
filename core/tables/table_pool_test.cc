// Goal: a table that is followed is the one that was meant, if the platform
// checks; what is no bug of the core is told by every platform.
// Method: one thread, and a platform that is the native one without its checks.
#include "core/tables/table_pool.h"

#include <gtest/gtest.h>

#include "core/platform/native.h"
#include "core/tdp/table.h"
#include "core/tdp/view.h"
#include "core/vm/lean_environment.h"

namespace racewalk {
namespace {

// As an embedder has it, who builds with NDEBUG.
struct Unchecked : NativePlatform {
  static constexpr bool kChecks = false;
  static void Check(bool /*condition*/, ViolationKind /*kind*/, const char* /*invariant*/,
                    const char* /*what*/, Location /*loc*/ = Location::current()) {}
};
static_assert(Platform<Unchecked> && NativePlatform::kChecks);

using G = Geometry<4, 9>;

TEST(TablePoolTest, FollowsALinkToTheTableThatWasMade) {
  TdpTables<NativePlatform, G> tables(1, 2);
  const Pfn pfn = tables.Allocate(2, 512, nullptr);
  EXPECT_EQ(&tables.Follow(tables.LinkTo(pfn), 2, 512), tables.Peek(pfn));
  EXPECT_EQ(tables.At(pfn).level.load(), 2);
}

TEST(TablePoolDeathTest, AnotherLevelOrAddressIsABadMapping) {
  TdpTables<NativePlatform, G> tables(1, 2);
  const Pfn pfn = tables.Allocate(2, 512, nullptr);
  EXPECT_DEATH(tables.Follow(tables.LinkTo(pfn), 1, 512), "bad-mapping L5");
  EXPECT_DEATH(tables.Follow(tables.LinkTo(pfn), 2, 0), "bad-mapping L5");
  EXPECT_DEATH(tables.At(2), "bad-mapping S3");
  tables.FreeUnused(pfn);
  EXPECT_DEATH(tables.At(pfn), "use-after-free L1");
}

TEST(TablePoolTest, WithoutChecksNothingIsLookedAt) {
  TdpTables<Unchecked, G> tables(1, 2);
  const Pfn pfn = tables.Allocate(2, 512, nullptr);
  EXPECT_EQ(&tables.Follow(tables.LinkTo(pfn), 1, 0), tables.Peek(pfn));
  tables.FreeUnused(pfn);
  EXPECT_EQ(&tables.At(pfn), tables.Peek(pfn));
}

template <typename P>
void AllocateTwice() {
  TdpTables<P, G> tables(1, 1);
  tables.Allocate(1, 0, nullptr);
  tables.Allocate(1, 0, nullptr);
}
TEST(TablePoolDeathTest, AnEmptyPoolIsToldInAnyCase) {
  EXPECT_DEATH(AllocateTwice<NativePlatform>(), "the pool of table pages is empty");
  EXPECT_DEATH(AllocateTwice<Unchecked>(), "the pool of table pages is empty");
}

// The direct calls and the checks left out change nothing of what a fault does.
struct Embedded : Unchecked {
  using Environment = LeanEnvironment;
};
TEST(EmbedderTest, AFaultMapsThePage) {
  LeanEnvironment environment;
  TdpTables<Embedded, G> tables(1, 16);
  Embedded::Rcu rcu{"tables"};
  Vcpu<Embedded> vcpu(0);
  TdpView<Embedded, G>::Mmu mmu(environment, tables, rcu, {&vcpu}, TdpVariant{}, TdpOptions{});
  mmu.AddSlot(0, 0, 511, 0);
  mmu.PrepareEntry(vcpu);
  EXPECT_EQ(mmu.Fault(vcpu, {.gfn = 7, .write = true}), FaultResult::kFixed);
  EXPECT_EQ(mmu.Fault(vcpu, {.gfn = 7, .write = true}), FaultResult::kSpurious);
  EXPECT_EQ(mmu.state().mapped_pages[0].peek(), 1);
  EXPECT_EQ(mmu.state().table_pages.peek(), 3);
  mmu.DropRoot(vcpu);
  mmu.Release();
  mmu.Unregistered();
  mmu.Destroy();
  rcu.barrier();
}

}  // namespace
}  // namespace racewalk
