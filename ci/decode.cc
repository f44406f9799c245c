#include "ci/decode.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/stage2/pte.h"
#include "core/tdp/spte.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {
namespace {

std::string Hex(uint64_t value) { return absl::StrCat("0x", absl::Hex(value)); }

// "empty", "frozen", "table 10", "page 27 rwx A D host-w mmu-w".
std::string SpteText(uint64_t raw) {
  using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only
  if (raw == 0) return "empty";
  if (raw == kFrozen) return "frozen";
  if ((raw & kPresent) == 0) return absl::StrCat("non-present ", Hex(raw));
  const uint64_t pfn = (raw & kPfnMask) >> kPfnShift;
  const std::string access =
      absl::StrCat((raw & kRead) != 0 ? "r" : "-", (raw & kWrite) != 0 ? "w" : "-",
                   (raw & kExec) != 0 ? "x" : "-");
  if ((raw & kLeaf) == 0) {
    // A table has every access; anything else is worth showing.
    return absl::StrCat("table ", pfn, access == "rwx" ? "" : " ", access == "rwx" ? "" : access);
  }
  std::string text = absl::StrCat("page ", pfn, " ", access);
  if ((raw & kAccessed) != 0) absl::StrAppend(&text, " A");
  if ((raw & kDirty) != 0) absl::StrAppend(&text, " D");
  // Said only where it differs: a writable page may be written to by both.
  const bool writable = (raw & kWrite) != 0;
  if (((raw & kHostWritable) != 0) != writable) {
    absl::StrAppend(&text, writable ? " host-ro" : " host-w");
  }
  if (((raw & kMmuWritable) != 0) != writable) {
    absl::StrAppend(&text, writable ? " mmu-ro" : " mmu-w");
  }
  return text;
}

// "empty", "locked", "donated", "table 10", "page 27 rw AF".
std::string PteText(uint64_t raw) {
  using namespace pte_bits;  // NOLINT(google-build-using-namespace): bit names only
  if (raw == 0) return "empty";
  if (raw == kLocked) return "locked";
  if (raw == kOwned) return "donated";
  if ((raw & kValid) == 0) return absl::StrCat("invalid ", Hex(raw));
  const uint64_t pfn = (raw & kPfnMask) >> kPfnShift;
  if ((raw & kTable) != 0) return absl::StrCat("table ", pfn);
  return absl::StrCat("page ", pfn, " ", (raw & kRead) != 0 ? "r" : "-",
                      (raw & kWrite) != 0 ? "w" : "-", (raw & kAccessed) != 0 ? " AF" : "");
}

std::string RequestsText(uint64_t value) {
  constexpr uint64_t kKnown = kRequestFlush | kRequestFreeObsoleteRoot;
  if (value == 0) return "none";
  if ((value & ~kKnown) != 0) return Hex(value);
  const bool flush = (value & kRequestFlush) != 0;
  const bool root = (value & kRequestFreeObsoleteRoot) != 0;
  return absl::StrCat(flush ? "flush" : "", flush && root ? "+" : "",
                      root ? "free-obsolete-root" : "");
}

struct Bit {
  const char* name;
  uint64_t mask;
};

std::vector<DecodedField> Fields(uint64_t raw, uint64_t pfn, const std::vector<Bit>& bits) {
  std::vector<DecodedField> fields = {{"pfn", absl::StrCat(pfn)}};
  for (const Bit& bit : bits) fields.push_back({bit.name, (raw & bit.mask) != 0 ? "yes" : "no"});
  return fields;
}

std::vector<DecodedField> SpteFields(uint64_t raw) {
  using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only
  if ((raw & kPresent) == 0) return {};
  return Fields(raw, (raw & kPfnMask) >> kPfnShift,
                {{"leaf", kLeaf},
                 {"read", kRead},
                 {"write", kWrite},
                 {"exec", kExec},
                 {"accessed", kAccessed},
                 {"dirty", kDirty},
                 {"host-writable", kHostWritable},
                 {"mmu-writable", kMmuWritable},
                 {"saved r", kRead << kSavedShift},
                 {"saved x", kExec << kSavedShift}});
}

std::vector<DecodedField> PteFields(uint64_t raw) {
  using namespace pte_bits;  // NOLINT(google-build-using-namespace): bit names only
  if ((raw & kValid) == 0) return {};
  const std::vector<Bit> table = {{"table", kTable}};
  const std::vector<Bit> leaf = {
      {"table", kTable}, {"read", kRead}, {"write", kWrite}, {"accessed", kAccessed}};
  return Fields(raw, (raw & kPfnMask) >> kPfnShift, (raw & kTable) != 0 ? table : leaf);
}

}  // namespace

std::vector<DecodedField> DecodeFields(ValueType type, uint64_t value) {
  if (type == ValueType::kSpte) return SpteFields(value);
  return type == ValueType::kPte ? PteFields(value) : std::vector<DecodedField>{};
}

std::string DecodeValue(ValueType type, uint64_t value) {
  switch (type) {
    case ValueType::kNumber:
      return absl::StrCat(value);
    case ValueType::kBool:
      return value > 1 ? Hex(value) : value == 0 ? "false" : "true";
    case ValueType::kSpte:
      return SpteText(value);
    case ValueType::kPte:
      return PteText(value);
    case ValueType::kMode:
      if (value == static_cast<uint64_t>(GuestMode::kOutside)) return "outside";
      return value == static_cast<uint64_t>(GuestMode::kInGuest) ? "in-guest" : Hex(value);
    case ValueType::kRequests:
      return RequestsText(value);
    case ValueType::kLife:
      // LifeState::bits: how often it has been set up, and whether it is in use.
      if (value == 0) return "never used";
      return absl::StrCat((value & 1) != 0 ? "in use" : "freed", value >> 1 > 1 ? " again" : "");
    case ValueType::kHostEntry:
      // A host entry is the number of its page, 0 for none, and two flags.
      if (value >> 34 != 0) break;
      return absl::StrCat(
          (value & 0xFFFFFFFF) == 0 ? "empty" : absl::StrCat("page ", value & 0xFFFFFFFF),
          (value >> 32 & 1) != 0 ? ", huge" : "", (value >> 33 & 1) != 0 ? ", held" : "");
  }
  return Hex(value);
}

}  // namespace racewalk
