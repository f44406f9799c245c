#include "ci/decode.h"

#include "core/platform/event.h"
#include "core/stage2/pte.h"
#include "core/tables/life.h"
#include "core/tdp/spte.h"
#include "core/vcpu/vcpu.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only

constexpr uint64_t kPage3 = uint64_t{3} << kPfnShift;

TEST(DecodeValue, NumbersAndFlags) {
  EXPECT_EQ(DecodeValue(ValueType::kNumber, 42), "42");
  EXPECT_EQ(DecodeValue(ValueType::kBool, 0), "false");
  EXPECT_EQ(DecodeValue(ValueType::kBool, 1), "true");
  EXPECT_EQ(DecodeValue(ValueType::kBool, 2), "0x2");
}

TEST(DecodeValue, EveryStateOfATdpEntry) {
  EXPECT_EQ(DecodeValue(ValueType::kSpte, 0), "empty");
  EXPECT_EQ(DecodeValue(ValueType::kSpte, kFrozen), "frozen");
  EXPECT_EQ(DecodeValue(ValueType::kSpte, kFrozen & ~kDirty), "non-present 0x5a0");
  EXPECT_EQ(DecodeValue(ValueType::kSpte, kPresent | kRead | kWrite | kExec | kPage3), "table 3");
  constexpr uint64_t kReadOnly = kPresent | kLeaf | kRead | kExec | kPage3;
  EXPECT_EQ(DecodeValue(ValueType::kSpte, kReadOnly | kAccessed), "page 3 r-x A");
  EXPECT_EQ(DecodeValue(ValueType::kSpte,
                        kReadOnly | kWrite | kHostWritable | kMmuWritable | kAccessed | kDirty),
            "page 3 rwx A D");
  EXPECT_EQ(DecodeValue(ValueType::kSpte, kReadOnly | kHostWritable | kMmuWritable),
            "page 3 r-x host-w mmu-w");
  EXPECT_EQ(DecodeValue(ValueType::kSpte, kReadOnly | kWrite), "page 3 rwx host-ro mmu-ro");
}

TEST(DecodeFields, PartsOfEntries) {
  const auto fields = DecodeFields(ValueType::kSpte, kPresent | kLeaf | kRead | kDirty | kPage3);
  ASSERT_EQ(fields.size(), 11u);
  EXPECT_EQ(fields[0].name, "pfn");
  EXPECT_EQ(fields[0].value, "3");
  EXPECT_EQ(fields[2].name, "read");
  EXPECT_EQ(fields[2].value, "yes");
  EXPECT_EQ(fields[3].name, "write");
  EXPECT_EQ(fields[3].value, "no");
  EXPECT_EQ(fields[6].name, "dirty");
  EXPECT_EQ(fields[6].value, "yes");
  EXPECT_EQ(DecodeFields(ValueType::kPte, pte_bits::kValid | pte_bits::kWrite | kPage3).size(), 5u);
  EXPECT_EQ(DecodeFields(ValueType::kPte, pte_bits::kValid | pte_bits::kTable).size(), 2u);
  for (uint64_t none : {uint64_t{0}, kFrozen}) {
    EXPECT_TRUE(DecodeFields(ValueType::kSpte, none).empty());
  }
  EXPECT_TRUE(DecodeFields(ValueType::kNumber, 3).empty());
}

TEST(DecodeValue, HostEntries) {
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 0), "empty");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 5), "page 5");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 1ULL << 32 | 5), "page 5, huge");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 1ULL << 33), "empty, held");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 1ULL << 40), "0x10000000000");
}

TEST(DecodeValue, LivesOfPagesAndObjects) {
  const auto text = [](uint32_t generation, bool alive) {
    return DecodeValue(ValueType::kLife, LifeState{generation, alive}.bits());
  };
  EXPECT_EQ(text(0, false), "never used");
  EXPECT_EQ(text(1, true), "in use");
  EXPECT_EQ(text(1, false), "freed");
  EXPECT_EQ(text(2, true), "in use again");
  EXPECT_EQ(text(2, false), "freed again");
}

TEST(DecodeValue, VcpuWords) {
  EXPECT_EQ(DecodeValue(ValueType::kMode, 0), "outside");
  EXPECT_EQ(DecodeValue(ValueType::kMode, 1), "in-guest");
  EXPECT_EQ(DecodeValue(ValueType::kRequests, 0), "none");
  EXPECT_EQ(DecodeValue(ValueType::kRequests, kRequestFlush), "flush");
  EXPECT_EQ(DecodeValue(ValueType::kRequests, kRequestFlush | kRequestFreeObsoleteRoot),
            "flush+free-obsolete-root");
  EXPECT_EQ(DecodeValue(ValueType::kRequests, 4), "0x4");
}

}  // namespace
}  // namespace racewalk
