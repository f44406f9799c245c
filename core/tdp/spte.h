// A TDP page-table entry: value type and bit layout, in one place.
//
// The layout follows EPT where the hardware reads a bit; the software bits are
// KVM's in meaning, not in position (arch/x86/kvm/mmu/spte.h).
#ifndef RACEWALK_CORE_TDP_SPTE_H_
#define RACEWALK_CORE_TDP_SPTE_H_

#include <cstdint>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/tables/entry.h"

namespace racewalk {

namespace spte_bits {
inline constexpr uint64_t kRead = 1ULL << 0;
inline constexpr uint64_t kWrite = 1ULL << 1;
inline constexpr uint64_t kExec = 1ULL << 2;
inline constexpr uint64_t kLeaf = 1ULL << 7;
inline constexpr uint64_t kAccessed = 1ULL << 8;
inline constexpr uint64_t kDirty = 1ULL << 9;
inline constexpr uint64_t kPresent = 1ULL << 11;  // shadow-present; set in leaves and tables
inline constexpr int kPfnShift = kEntryPfnShift;
inline constexpr uint64_t kPfnMask = kEntryPfnMask;
inline constexpr uint64_t kHostWritable = 1ULL << 57;
inline constexpr uint64_t kMmuWritable = 1ULL << 58;
// R and X of a leaf that is access-tracked: for hardware it is not present, so
// that the next access faults and shows. W is not kept; a write earns it anew.
inline constexpr int kSavedShift = 52;
inline constexpr uint64_t kSaved = (kRead | kExec) << kSavedShift;
// Non-present for hardware and software alike. It overlaps the A, D and leaf
// bits, as KVM's does, so that clearing a bit of a frozen entry shows.
inline constexpr uint64_t kFrozen = 0x7A0ULL;
}  // namespace spte_bits

template <Platform P>
struct Spte : TableEntry<P, Spte<P>> {
  using TableEntry<P, Spte>::TableEntry;
  using TableEntry<P, Spte>::raw;
  using TableEntry<P, Spte>::ghost;
  using TableEntry<P, Spte>::with;
  static constexpr ValueType kValueType = ValueType::kSpte;

  friend Spte operator&(const Spte& a, const Spte& b) { return {a.raw & b.raw, a.ghost}; }

  static Spte Frozen() { return {spte_bits::kFrozen, {}}; }
  static Spte Table(Pfn child, typename P::Ghost ghost) {
    using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only
    return {kPresent | kRead | kWrite | kExec | uint64_t{child} << kPfnShift, ghost};
  }
  // A new leaf has A set, so that no walk needs to write to it at once.
  static Spte Leaf(Pfn page, bool writable, bool dirty, typename P::Ghost ghost) {
    using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only
    uint64_t raw = kPresent | kLeaf | kRead | kExec | kAccessed | uint64_t{page} << kPfnShift;
    if (writable) raw |= kWrite | kHostWritable | kMmuWritable;
    if (dirty) raw |= kDirty;
    return {raw, ghost};
  }

  bool frozen() const { return raw == spte_bits::kFrozen; }
  bool present() const { return (raw & spte_bits::kPresent) != 0; }
  bool leaf() const { return present() && (raw & spte_bits::kLeaf) != 0; }
  bool table() const { return present() && (raw & spte_bits::kLeaf) == 0; }
  bool writable() const { return (raw & spte_bits::kWrite) != 0; }
  bool accessed() const { return (raw & spte_bits::kAccessed) != 0; }
  bool dirty() const { return (raw & spte_bits::kDirty) != 0; }
  bool mmu_writable() const { return (raw & spte_bits::kMmuWritable) != 0; }
  // Hardware without A/D bits: the permissions have been taken away to see the next access.
  bool tracked() const { return leaf() && (raw & spte_bits::kRead) == 0; }
  // Of a leaf that is not tracked, and back; what comes back has no W.
  Spte Track() const {
    using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only
    return {(raw & ~(kRead | kWrite | kExec)) | (raw & (kRead | kExec)) << kSavedShift, ghost};
  }
  Spte Restore() const {
    using namespace spte_bits;  // NOLINT(google-build-using-namespace): bit names only
    return {(raw & ~kSaved) | (raw & kSaved) >> kSavedShift, ghost};
  }
  // For the hardware: with what it notes of an access, if it does; whether it
  // may translate by it.
  Spte Noted(bool write, bool notes) const {
    if (!notes) return *this;
    return with(spte_bits::kAccessed | (write ? spte_bits::kDirty : 0));
  }
  bool Translates(bool /*notes*/) const { return present() && !tracked(); }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_SPTE_H_
