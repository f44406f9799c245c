// Goal: an entry is exactly one of empty, leaf, table, locked and given away,
// and keeps what was put into it. Method: known values and all extremes.
#include "core/stage2/pte.h"

#include <gtest/gtest.h>

#include "core/platform/native.h"

namespace racewalk {
namespace {

using Entry = Pte<NativePlatform>;

static_assert(sizeof(Entry) == sizeof(uint64_t), "natively an entry is one word");

constexpr Pfn kFrames[] = {Pfn{1}, Pfn{0x12345}, ~Pfn{0}};

int States(const Entry& entry) {
  return (entry.raw == 0 ? 1 : 0) + (entry.leaf() ? 1 : 0) + (entry.table() ? 1 : 0) +
         (entry.locked() ? 1 : 0) + (entry.donated() ? 1 : 0);
}
// The hardware must not translate by it, whatever it may write to entries.
void ExpectInvalid(const Entry& entry) {
  EXPECT_EQ(States(entry), 1);
  EXPECT_FALSE(entry.valid());
  EXPECT_FALSE(entry.Translates(false));
  EXPECT_FALSE(entry.Translates(true));
}

TEST(PteTest, EmptyLockedAndDonatedAreInvalidForTheHardware) {
  ExpectInvalid(Entry{});
  ExpectInvalid(Entry::Locked());
  ExpectInvalid(Entry::Donated());
}

// A1 depends on it: whoever locks an entry drops the reference of what was there.
TEST(PteTest, AllButEmptyAndLockedIsCounted) {
  EXPECT_FALSE(Entry{}.counted());
  EXPECT_FALSE(Entry::Locked().counted());
  EXPECT_TRUE(Entry::Donated().counted());
  EXPECT_TRUE(Entry::Leaf(1, false, {}).counted());
  EXPECT_TRUE(Entry::Table(1, {}).counted());
}

TEST(PteTest, ALockedOrDonatedEntryThatChangesABitShows) {
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t mask = uint64_t{1} << bit;
    EXPECT_FALSE((Entry{Entry::Locked().raw ^ mask, {}}.locked())) << bit;
    EXPECT_FALSE((Entry{Entry::Donated().raw ^ mask, {}}.donated())) << bit;
  }
}

TEST(PteTest, TablesKeepTheirFrame) {
  for (const Pfn pfn : kFrames) {
    const Entry table = Entry::Table(pfn, {});
    EXPECT_EQ(States(table), 1);
    EXPECT_TRUE(table.table());
    EXPECT_EQ(table.pfn(), pfn);
    EXPECT_TRUE(table.Translates(false)) << "tables have no access flag";
  }
}

TEST(PteTest, LeavesKeepWhatTheyWereMadeOf) {
  for (const Pfn pfn : kFrames) {
    for (const bool writable : {false, true}) {
      const Entry leaf = Entry::Leaf(pfn, writable, {});
      EXPECT_EQ(States(leaf), 1);
      EXPECT_TRUE(leaf.leaf());
      EXPECT_EQ(leaf.pfn(), pfn);
      EXPECT_EQ(leaf.writable(), writable);
      EXPECT_TRUE(leaf.accessed()) << "no walk needs to write to it at once";
      EXPECT_TRUE(leaf.Translates(false));
    }
  }
}

TEST(PteTest, WithoutAccessFlagOnlyHardwareThatSetsItTranslates) {
  const Entry old = Entry::Leaf(7, true, {}).without(pte_bits::kAccessed);
  EXPECT_EQ(States(old), 1) << "of a leaf, the flag is no lock";
  EXPECT_FALSE(old.Translates(false));
  EXPECT_TRUE(old.Translates(true));
  for (const bool write : {false, true}) {
    EXPECT_EQ(old.Noted(write, false), old);
    EXPECT_EQ(old.Noted(write, true), Entry::Leaf(7, true, {}));
  }
}

TEST(PteTest, WComesAndGoesAlone) {
  const Entry leaf = Entry::Leaf(~Pfn{0}, true, {});
  const Entry guarded = leaf.without(pte_bits::kWrite);
  EXPECT_EQ(guarded, Entry::Leaf(~Pfn{0}, false, {}));
  EXPECT_EQ(guarded.with(pte_bits::kWrite), leaf);
}

TEST(PteTest, PartsAndWholesKeepTheBits) {
  const Entry block = Entry::Leaf(0x1000, true, {});
  for (const Gfn page : {Gfn{0}, Gfn{1}, Gfn{511}}) {
    EXPECT_EQ(block.Part(page), Entry::Leaf(static_cast<Pfn>(0x1000 + page), true, {}));
    EXPECT_EQ(block.Part(page).Whole(512), block);
  }
  EXPECT_EQ(Entry::Leaf(0x1234, false, {}).Whole(16).pfn(), 0x1230u);
  EXPECT_EQ(Entry::Leaf(~Pfn{0}, true, {}).Whole(1 << 18).pfn(), ~Pfn{0} - 0x3FFFF);
}

}  // namespace
}  // namespace racewalk
