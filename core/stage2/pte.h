// A stage-2 page-table entry: value type and bit layout, in one place.
//
// The layout follows VMSAv8-64 stage-2 descriptors where the hardware reads a
// bit; LOCKED and the owner are KVM's (arch/arm64/kvm/hyp/pgtable.c).
#ifndef RACEWALK_CORE_STAGE2_PTE_H_
#define RACEWALK_CORE_STAGE2_PTE_H_

#include <cstdint>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/tables/entry.h"

namespace racewalk {

namespace pte_bits {
inline constexpr uint64_t kValid = 1ULL << 0;
inline constexpr uint64_t kTable = 1ULL << 1;  // the hardware's "table or page"; here: a table
inline constexpr uint64_t kRead = 1ULL << 6;
inline constexpr uint64_t kWrite = 1ULL << 7;
inline constexpr uint64_t kAccessed = 1ULL << 10;
inline constexpr int kPfnShift = kEntryPfnShift;
inline constexpr uint64_t kPfnMask = kEntryPfnMask;
// Invalid for the hardware. The first is somebody's who is about to replace it,
// the second says that the frame was given away.
inline constexpr uint64_t kLocked = 1ULL << 10;
inline constexpr uint64_t kOwned = 1ULL << 2;
}  // namespace pte_bits

template <Platform P>
struct Pte : TableEntry<P, Pte<P>> {
  using TableEntry<P, Pte>::TableEntry;
  using TableEntry<P, Pte>::raw;
  using TableEntry<P, Pte>::ghost;
  using TableEntry<P, Pte>::with;
  static constexpr ValueType kValueType = ValueType::kPte;

  static Pte Locked() { return {pte_bits::kLocked, {}}; }
  static Pte Donated() { return {pte_bits::kOwned, {}}; }
  static Pte Table(Pfn child, typename P::Ghost ghost) {
    return {pte_bits::kValid | pte_bits::kTable | uint64_t{child} << pte_bits::kPfnShift, ghost};
  }
  // A new leaf has AF set, so that no walk needs to write to it at once.
  static Pte Leaf(Pfn page, bool writable, typename P::Ghost ghost) {
    return {pte_bits::kValid | pte_bits::kRead | pte_bits::kAccessed |
                (writable ? pte_bits::kWrite : 0) | uint64_t{page} << pte_bits::kPfnShift,
            ghost};
  }

  bool locked() const { return raw == pte_bits::kLocked; }
  bool donated() const { return raw == pte_bits::kOwned; }
  bool valid() const { return (raw & pte_bits::kValid) != 0; }
  bool leaf() const { return valid() && (raw & pte_bits::kTable) == 0; }
  bool table() const { return valid() && (raw & pte_bits::kTable) != 0; }
  // Has a reference to the page that it is in.
  bool counted() const { return raw != 0 && !locked(); }
  bool writable() const { return (raw & pte_bits::kWrite) != 0; }
  bool accessed() const { return (raw & pte_bits::kAccessed) != 0; }

  // For the hardware: with what it notes of an access; whether it may translate by it.
  Pte Noted(bool /*write*/, bool notes) const { return notes ? with(pte_bits::kAccessed) : *this; }
  bool Translates(bool notes) const { return valid() && (table() || notes || accessed()); }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_PTE_H_
