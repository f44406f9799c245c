// Goal: an entry is exactly one of non-present, leaf, table and frozen, and
// keeps what was put into it. Method: known values and all extremes.
#include "core/tdp/spte.h"

#include <gtest/gtest.h>

#include "core/platform/native.h"

namespace racewalk {
namespace {

using Entry = Spte<NativePlatform>;

static_assert(sizeof(Entry) == sizeof(uint64_t), "natively an entry is one word");

int States(const Entry& entry) {
  return (entry.leaf() ? 1 : 0) + (entry.table() ? 1 : 0) + (entry.frozen() ? 1 : 0);
}

TEST(SpteTest, EmptyIsNothing) {
  const Entry empty;
  EXPECT_EQ(States(empty), 0);
  EXPECT_FALSE(empty.present());
  EXPECT_FALSE(empty.writable());
  EXPECT_EQ(empty.bits(), 0u);
}

TEST(SpteTest, FrozenIsPresentToNobody) {
  const Entry frozen = Entry::Frozen();
  EXPECT_TRUE(frozen.frozen());
  EXPECT_EQ(States(frozen), 1);
  EXPECT_FALSE(frozen.present());
  // The hardware looks at these three only.
  EXPECT_EQ(frozen.raw & (spte_bits::kRead | spte_bits::kWrite | spte_bits::kExec), 0u);
}

TEST(SpteTest, AFrozenEntryThatLosesABitShows) {
  for (int bit = 0; bit < 64; ++bit) {
    Entry changed = Entry::Frozen();
    changed.raw ^= uint64_t{1} << bit;
    EXPECT_FALSE(changed.frozen()) << bit;
  }
}

TEST(SpteTest, TablesKeepTheirFrame) {
  for (const Pfn pfn : {Pfn{1}, Pfn{0x12345}, ~Pfn{0}}) {
    const Entry table = Entry::Table(pfn, {});
    EXPECT_TRUE(table.table());
    EXPECT_EQ(States(table), 1);
    EXPECT_EQ(table.pfn(), pfn);
  }
}

TEST(SpteTest, LeavesKeepWhatTheyWereMadeOf) {
  for (const Pfn pfn : {Pfn{1}, Pfn{0x12345}, ~Pfn{0}}) {
    for (const bool writable : {false, true}) {
      for (const bool dirty : {false, true}) {
        const Entry leaf = Entry::Leaf(pfn, writable, dirty, {});
        EXPECT_TRUE(leaf.leaf());
        EXPECT_EQ(States(leaf), 1);
        EXPECT_EQ(leaf.pfn(), pfn);
        EXPECT_EQ(leaf.writable(), writable);
        EXPECT_EQ(leaf.dirty(), dirty);
        EXPECT_TRUE(leaf.accessed()) << "no walk needs to write to it at once";
      }
    }
  }
}

TEST(SpteTest, HardwareBitsChangeNothingElse) {
  const Entry leaf = Entry::Leaf(7, true, false, {});
  const Entry written = leaf.with(spte_bits::kDirty);
  EXPECT_TRUE(written.dirty());
  EXPECT_TRUE(written.leaf());
  EXPECT_EQ(written.pfn(), 7u);
  EXPECT_FALSE(written == leaf);
  EXPECT_TRUE(written == Entry::Leaf(7, true, true, {}));
}

TEST(SpteTest, AWritableLeafMayLoseAndGetBackW) {
  const Entry leaf = Entry::Leaf(7, true, false, {});
  EXPECT_TRUE(leaf.mmu_writable());
  EXPECT_TRUE(leaf.without(spte_bits::kWrite).mmu_writable());
  EXPECT_TRUE(leaf.without(spte_bits::kWrite).with(spte_bits::kWrite) == leaf);
  EXPECT_FALSE(Entry::Leaf(7, false, false, {}).mmu_writable());
}

TEST(SpteTest, ATrackedLeafLetsNothingThrough) {
  for (const bool writable : {false, true}) {
    const Entry leaf = Entry::Leaf(~Pfn{0}, writable, false, {});
    EXPECT_FALSE(leaf.tracked());
    const Entry tracked = leaf.Track();
    EXPECT_TRUE(tracked.tracked());
    EXPECT_TRUE(tracked.leaf());
    EXPECT_EQ(States(tracked), 1);
    EXPECT_EQ(tracked.raw & (spte_bits::kRead | spte_bits::kWrite | spte_bits::kExec), 0u);
    EXPECT_EQ(tracked.pfn(), leaf.pfn());
    EXPECT_EQ(tracked.mmu_writable(), writable);
    const Entry restored = tracked.Restore();
    EXPECT_FALSE(restored.tracked());
    EXPECT_TRUE(restored == leaf.without(spte_bits::kWrite)) << "W must be earned anew";
  }
}

TEST(SpteTest, NeitherEmptyNorFrozenNorTableIsTracked) {
  EXPECT_FALSE(Entry{}.tracked());
  EXPECT_FALSE(Entry::Frozen().tracked());
  EXPECT_FALSE(Entry::Table(7, {}).tracked());
}

TEST(SpteTest, PartsAndWholesKeepTheBits) {
  const Entry block = Entry::Leaf(0x1000, true, true, {});
  for (const Gfn page : {Gfn{0}, Gfn{1}, Gfn{511}}) {
    const Entry part = block.Part(page);
    EXPECT_EQ(part.pfn(), 0x1000 + page);
    EXPECT_TRUE(part == Entry::Leaf(static_cast<Pfn>(0x1000 + page), true, true, {}));
    EXPECT_TRUE(part.Whole(512) == block);
    EXPECT_TRUE(part.Track().Whole(512) == block.Track());
  }
  EXPECT_EQ(Entry::Leaf(0x1234, false, false, {}).Whole(1).pfn(), 0x1234u);
  EXPECT_EQ(Entry::Leaf(0x1234, false, false, {}).Whole(16).pfn(), 0x1230u);
  EXPECT_EQ(Entry::Leaf(~Pfn{0}, true, false, {}).Whole(1 << 18).pfn(), ~Pfn{0} - 0x3FFFF);
}

}  // namespace
}  // namespace racewalk
