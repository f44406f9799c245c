// Attributes: taking write access away, so that the next write shows, and the
// access flag (kernel: stage2_attr_walker, stage2_age_walker; PROTOCOL 2.6).
//
// The page stays, so there is no break-before-make. A store may lose an access
// flag that the hardware sets at that moment: a stale answer is acceptable.
#ifndef RACEWALK_CORE_STAGE2_PROTECT_H_
#define RACEWALK_CORE_STAGE2_PROTECT_H_

#include <bit>
#include <cstdint>

#include "core/platform/platform.h"
#include "core/stage2/blocks.h"
#include "core/stage2/state.h"
#include "core/stage2/update.h"
#include "core/stage2/walker.h"

namespace racewalk {

// The caller of the first three owes the flush.
template <Platform P, typename G>
class Stage2Protect {
 public:
  using Context = typename Stage2Walker<P, G>::Context;

  Stage2Protect(Stage2State<P, G>& state, Stage2Walker<P, G>& walker, Stage2Update<P, G>& update,
                Stage2Blocks<P, G>& blocks)
      : state_(state), walker_(walker), update_(update), blocks_(blocks) {}

  // With the exclusive MMU lock: says whether an entry changed.
  bool Range(Gfn first, Gfn last) {
    bool changed = false;
    walker_.Walk(first, last, kVisitLeaf, [&](const Context& at, Visit) {
      changed |= TakeWrite(at);
      return WalkResult::kDone;
    });
    return changed;
  }
  // The same without the lock, offering it to others on the way.
  bool ForLogging(Gfn first, Gfn last) {
    bool changed = false;
    blocks_.ForEachChunk(first, last, /*shared=*/false,
                         [&](Gfn from, Gfn to) { changed |= Range(from, to); });
    return changed;
  }
  // With the exclusive MMU lock: those pages from `first` that `mask` (not 0) names.
  void Masked(Gfn first, uint64_t mask) {
    const Gfn begin = first + static_cast<Gfn>(std::countr_zero(mask));
    const Gfn last = first + static_cast<Gfn>(std::bit_width(mask)) - 1;
    walker_.Walk(begin, last, kVisitLeaf, [&](const Context& at, Visit) {
      if (at.level == 1 && (mask >> (at.gfn - first) & 1) != 0) TakeWrite(at);
      return WalkResult::kDone;
    });
  }

  // Without the MMU lock: whether a page of [first, last] was accessed; forgets it if
  // `clear`. No flush: a stale answer is acceptable.
  bool Young(Gfn first, Gfn last, bool clear) {
    bool young = false;
    state_.mmu_lock.lock_shared();
    walker_.Walk(first, last, kVisitLeaf | kWalkShared, [&](const Context& at, Visit) {
      if (!at.old.leaf() || !at.old.accessed()) return WalkResult::kDone;
      young = true;
      // If the entry has changed meanwhile, that is a use too.
      if (clear && !update_.TryAttributes(at, at.old.without(pte_bits::kAccessed))) {
        return WalkResult::kAgain;
      }
      return WalkResult::kDone;
    });
    state_.mmu_lock.unlock_shared();
    return young;
  }

 private:
  bool TakeWrite(const Context& at) {
    if (!at.old.leaf() || !at.old.writable()) return false;
    return update_.TryAttributes(at, at.old.without(pte_bits::kWrite));
  }

  Stage2State<P, G>& state_;
  Stage2Walker<P, G>& walker_;
  Stage2Update<P, G>& update_;
  Stage2Blocks<P, G>& blocks_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_PROTECT_H_
