#include "ci/decode.h"

#include "core/platform/event.h"
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

TEST(DecodeValue, HostEntries) {
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 0), "empty");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 5), "page 5");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 1ULL << 32 | 5), "page 5, huge");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 1ULL << 33), "empty, held");
  EXPECT_EQ(DecodeValue(ValueType::kHostEntry, 1ULL << 40), "0x10000000000");
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
