// Taking mappings away, in walks that may be long and therefore yield
// (kernel: tdp_mmu_zap_root, tdp_mmu_zap_leafs, zap_collapsible_spte_range,
// tdp_mmu_iter_cond_resched in arch/x86/kvm/mmu/tdp_mmu.c; PROTOCOL 1.3, 1.6, 1.10).
#ifndef RACEWALK_CORE_TDP_ZAP_H_
#define RACEWALK_CORE_TDP_ZAP_H_

#include "core/platform/platform.h"
#include "core/tdp/iterator.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"
#include "core/tdp/yield.h"

namespace racewalk {

// All of these: with the MMU lock held as said, outside of read sections; the
// lock may be given up and taken again on the way, so whatever was read
// before is stale when they return, and `root` must be held by a reference.
template <Platform P, typename G>
class TdpZap {
 public:
  using Iterator = TdpIterator<P, G>;

  TdpZap(TdpState<P, G>& state, TdpUpdate<P, G>& update) : state_(state), update_(update) {}

  // Empties a root that no vCPU enters any more. Pages first and tables after, so that no entry is
  // frozen for long. No flush: loading another root flushes.
  void Root(Pfn root, bool shared) {
    bool no_flush = false;
    for (const int target : {1, G::kLevels}) {
      state_.rcu.read_lock();
      for (Iterator iter(state_.tables, state_.rcu, root, target, 0, G::kFrames); iter.valid();
           iter.Next()) {
        if (MaybeYield(state_, iter, no_flush, shared, point::zap_root_yields)) continue;
        // A lost race refreshes iter.old; the entry is looked at once more.
        while (iter.old.present() && iter.level <= target) {
          if (!shared) {
            update_.Exclusive(iter, Spte<P>{});
            break;
          }
          if (update_.TryShared(iter, Spte<P>{})) break;
          P::Pause();
        }
      }
      state_.rcu.read_unlock();
    }
  }

  // Unmaps the pages of [first, last] under the exclusive lock. Takes and
  // returns the flush that is owed: it is carried through every root.
  [[nodiscard]] bool Leaves(Pfn root, Gfn first, Gfn last, bool may_yield, bool flush) {
    state_.mmu_lock.AssertHeld();
    state_.rcu.read_lock();
    for (Iterator iter(state_.tables, state_.rcu, root, 1, first, last + 1); iter.valid();
         iter.Next()) {
      if ((may_yield || !P::keeps(point::unmap_respects_atomic)) &&
          MaybeYield(state_, iter, flush, /*shared=*/false, point::unmap_yields)) {
        continue;
      }
      if (!iter.old.leaf()) continue;
      update_.Exclusive(iter, Spte<P>{});
      flush = true;
    }
    state_.rcu.read_unlock();
    return flush;
  }

 private:
  TdpState<P, G>& state_;
  TdpUpdate<P, G>& update_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_ZAP_H_
