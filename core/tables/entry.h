// What the entries of every design of page table have: a word with a frame
// number in it and, where the world keeps generations, a ghost.
#ifndef RACEWALK_CORE_TABLES_ENTRY_H_
#define RACEWALK_CORE_TABLES_ENTRY_H_

#include <cstdint>

#include "core/geometry.h"
#include "core/platform/platform.h"

namespace racewalk {

inline constexpr int kEntryPfnShift = 12;
inline constexpr uint64_t kEntryPfnMask = 0xFFFFFFFFULL << kEntryPfnShift;

// Self derives from it. Values; comparison ignores the ghost, as a
// compare-exchange on hardware would.
template <Platform P, typename Self>
struct TableEntry {
  uint64_t raw = 0;
  [[no_unique_address]] typename P::Ghost ghost{};

  TableEntry() = default;
  TableEntry(uint64_t bits, typename P::Ghost of) : raw(bits), ghost(of) {}

  friend bool operator==(const Self& a, const Self& b) { return a.raw == b.raw; }
  uint64_t bits() const { return raw; }

  Pfn pfn() const { return static_cast<Pfn>((raw & kEntryPfnMask) >> kEntryPfnShift); }
  Self with(uint64_t set) const { return {raw | set, ghost}; }
  Self without(uint64_t clear) const { return {raw & ~clear, ghost}; }
  // The leaf that maps the part of a larger leaf which begins `pages` after it.
  Self Part(Gfn pages) const { return {raw + (pages << kEntryPfnShift), ghost}; }
  // The larger leaf of `pages` pages (a power of two) around a leaf.
  Self Whole(Gfn pages) const { return {raw & ~((pages - 1) << kEntryPfnShift), ghost}; }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_ENTRY_H_
