// The shape of a page table: how many levels, how many index bits at each.
#ifndef RACEWALK_CORE_GEOMETRY_H_
#define RACEWALK_CORE_GEOMETRY_H_

#include <cstdint>

namespace racewalk {

// Guest frames, host addresses, host frames: units of one base page (4 KiB).
using Gfn = uint64_t;
using Hva = uint64_t;  // where the host's address space has the page
using Pfn = uint32_t;

// Frame 0 is never handed out, so that it can mean "none".
inline constexpr Pfn kNoPfn = 0;

// Level 1 maps base pages; level kLevels is the root. <4, 9> is x86-64 and
// 4 KiB arm64; <3, 1> and <3, 2> are what exploration uses.
template <int levels, int index_bits>
struct Geometry {
  static_assert(levels >= 2 && levels <= 5 && index_bits >= 1 && index_bits <= 9);
  static constexpr int kLevels = levels;
  static constexpr int kIndexBits = index_bits;
  static constexpr uint32_t kEntries = 1U << index_bits;
  static constexpr Gfn kFrames = Gfn{1} << (levels * index_bits);

  // Base pages that one entry at `level` maps.
  static constexpr Gfn Span(int level) { return Gfn{1} << ((level - 1) * index_bits); }
  static constexpr Gfn Align(Gfn gfn, int level) { return gfn & ~(Span(level) - 1); }
  static constexpr uint32_t Index(Gfn gfn, int level) {
    return static_cast<uint32_t>(gfn >> ((level - 1) * index_bits)) & (kEntries - 1);
  }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_GEOMETRY_H_
