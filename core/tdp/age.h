// Which pages have been used lately (kernel: kvm_tdp_mmu_age_gfn_range and
// kvm_tdp_mmu_test_age_gfn of 6.15; PROTOCOL 1.8).
//
// No MMU lock and no flush: a stale answer is acceptable, a lost update of
// somebody else's is not (S5), nor a change to an entry that is not a page's (S1).
#ifndef RACEWALK_CORE_TDP_AGE_H_
#define RACEWALK_CORE_TDP_AGE_H_

#include "core/platform/platform.h"
#include "core/tdp/iterator.h"
#include "core/tdp/roots.h"
#include "core/tdp/state.h"

namespace racewalk {

template <Platform P, typename G>
class TdpAge {
 public:
  TdpAge(TdpState<P, G>& state, TdpRoots<P, G>& roots) : state_(state), roots_(roots) {}

  // Whether a page of the guest's [first, last] was accessed; forgets it if `clear`.
  bool Young(Gfn first, Gfn last, bool clear) {
    bool young = false;
    state_.rcu.read_lock();
    roots_.ForEachInReadSection(RootFilter::kValid, [&](TdpRoot<P, G>& root) {
      for (TdpIterator<P, G> iter(state_.tables, state_.rcu, root.table.load(), 1, first, last + 1);
           iter.valid(); iter.Next()) {
        if (!iter.old.leaf() || !state_.Accessed(iter.old)) continue;
        young = true;
        if (clear) Forget(iter);
      }
    });
    state_.rcu.read_unlock();
    return young;
  }

 private:
  // If the entry has changed meanwhile, it was used, or is nobody's business.
  // Without A bits, a TLB may still let through what the entry no longer does.
  void Forget(TdpIterator<P, G>& iter) {
    if (!state_.options.ad_bits || P::keeps(point::age_compares)) {
      Spte<P> expected = iter.old;
      const Spte<P> desired =
          state_.options.ad_bits ? iter.old.without(spte_bits::kAccessed) : iter.old.Track();
      // relaxed: the bits say nothing about anything else
      iter.word().compare_exchange(expected, desired, std::memory_order_relaxed);
    } else {
      // relaxed: the wrong design
      iter.word().fetch_and(Spte<P>{~spte_bits::kAccessed, {}}, std::memory_order_relaxed);
    }
  }

  TdpState<P, G>& state_;
  TdpRoots<P, G>& roots_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_AGE_H_
