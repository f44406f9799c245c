// At which level a frame may be mapped (KVM: kvm_mmu_hugepage_adjust,
// fault_supports_stage2_huge_mapping).
#ifndef RACEWALK_CORE_VM_MAPPING_LEVEL_H_
#define RACEWALK_CORE_VM_MAPPING_LEVEL_H_

#include <algorithm>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/slots/tracked_frames.h"

namespace racewalk {

// The highest level, at most `most`, whose block around gfn is in the slot, at
// an address that is aligned alike, with no write-tracked frame if `tracked`
// (which may be null) says where those are. With the MMU lock held if it is not null.
template <typename G, Platform P>
[[gnu::always_inline]] inline int LevelThatFits(const MemorySlot<P>& slot, Gfn gfn, int most,
                                                const TrackedFrames<P>* tracked) {
  int level = most;
  for (; level > 1; --level) {
    const Gfn base = G::Align(gfn, level);
    const Gfn end = base + G::Span(level) - 1;
    if (base < slot.first || end > slot.last) continue;
    if (((slot.first ^ slot.address) & (G::Span(level) - 1)) != 0) continue;
    if (tracked != nullptr && tracked->Any(base, end)) continue;
    break;
  }
  return level;
}

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_MAPPING_LEVEL_H_
