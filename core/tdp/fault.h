// Page faults: from a guest access that failed to an entry that lets it
// succeed (kernel: kvm_tdp_page_fault, is_page_fault_stale, kvm_tdp_mmu_map;
// PROTOCOL 1.5).
#ifndef RACEWALK_CORE_TDP_FAULT_H_
#define RACEWALK_CORE_TDP_FAULT_H_

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/tdp/roots.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"

namespace racewalk {

template <Platform P, typename G>
class TdpFault {
 public:
  TdpFault(TdpState<P, G>& state, TdpUpdate<P, G>& update, TdpRoots<P, G>& roots)
      : state_(state), update_(update), roots_(roots) {}

  // On the vCPU's own thread, outside of guest mode, with a root loaded.
  FaultResult Handle(Vcpu<P>& vcpu, Gfn gfn, bool write) {
    // The snapshot comes before the host is asked: an invalidation that ends
    // in between must be noticed.
    uint64_t snapshot = 0;
    const bool in_order = P::keeps(point::snapshot_before_lookup);
    if (in_order) snapshot = state_.invalidation.Snapshot();
    const HostPage page = state_.environment.FaultIn(gfn, write);
    if (page.pfn == kNoPfn) return FaultResult::kNoMemory;
    if (!in_order) snapshot = state_.invalidation.Snapshot();

    state_.mmu_lock.lock_shared();
    const FaultResult result =
        Stale(vcpu, snapshot, gfn) ? FaultResult::kRetry : Map(vcpu, gfn, page, write);
    // Under the lock: after it, the notifier may let the host write the page
    // back and free it, and a mark would come too late.
    const bool in_time = P::keeps(point::release_under_lock);
    if (in_time) Release(page, result);
    state_.mmu_lock.unlock_shared();
    if (!in_time) Release(page, result);
    return result;
  }

 private:
  // Whether what the fault has looked up may have been taken back since, or
  // its root has been given up.
  bool Stale(Vcpu<P>& vcpu, uint64_t snapshot, Gfn gfn) {
    if (P::keeps(point::fault_checks_root) &&
        // relaxed: set under the exclusive lock; and where the last put sets it,
        // this vCPU's own reference keeps the last put away
        roots_.At(vcpu.root).invalid.load(std::memory_order_relaxed)) {
      return true;
    }
    return state_.invalidation.MustRetry(snapshot, gfn);
  }

  FaultResult Map(Vcpu<P>& vcpu, Gfn gfn, const HostPage& page, bool write) {
    state_.mmu_lock.AssertHeldShared();
    TdpRoot<P, G>& root = roots_.At(vcpu.root);
    state_.rcu.read_lock();
    const FaultResult result = Walk(root, gfn, page, write);
    state_.rcu.read_unlock();
    return result;
  }

  FaultResult Walk(TdpRoot<P, G>& root, Gfn gfn, const HostPage& page, bool write) {
    constexpr int kGoal = 1;
    TdpIterator<P, G> iter(state_.tables, state_.rcu, root.table.load(), kGoal, gfn, gfn + 1);
    for (; iter.valid(); iter.Next()) {
      // Somebody owns the entry; what it will become is not known yet.
      if (iter.old.frozen() && P::keeps(point::map_avoids_frozen)) return FaultResult::kRetry;
      if (iter.level == kGoal) break;
      if (!iter.old.table() && !Link(iter)) return FaultResult::kRetry;
    }
    // The path may have gone while it was walked: never map where one happens to be.
    if ((!iter.valid() || iter.level != kGoal) && P::keeps(point::map_at_goal)) {
      return FaultResult::kRetry;
    }
    const FaultResult result = Install(iter, page, write);
    if constexpr (P::kExplored) {
      P::Check(result != FaultResult::kFixed || !root.invalid.peek(), ViolationKind::kRootLifecycle,
               "R5", "{thread} maps a page in a root that has been given up");
    }
    return result;
  }

  // Makes the table that is missing on the way.
  bool Link(TdpIterator<P, G>& iter) {
    const Pfn child = state_.tables.Allocate(iter.level - 1, iter.gfn, &state_);
    P::Check(child != kNoPfn, ViolationKind::kAssertion, "", "the pool of table pages is empty");
    if (update_.TryShared(iter, state_.tables.LinkTo(child))) return true;
    state_.tables.Free(child);  // nobody has ever seen it
    return false;
  }

  FaultResult Install(TdpIterator<P, G>& iter, const HostPage& page, bool write) {
    P::Check(iter.table().level.load() == iter.level, ViolationKind::kBadMapping, "S3",
             "{thread} is about to map a page in a table of another level");
    // Another vCPU was faster; what is there does as well.
    if (iter.old.leaf() && iter.old.pfn() == page.pfn && (iter.old.writable() || !write)) {
      return FaultResult::kSpurious;
    }
    const bool dirty = write;
    const auto leaf = Spte<P>::Leaf(page.pfn, page.writable, dirty, MakeGhost<P>(page.generation));
    return update_.TryShared(iter, leaf) ? FaultResult::kFixed : FaultResult::kRetry;
  }

  void Release(const HostPage& page, FaultResult result) {
    const bool mapped = result == FaultResult::kFixed || result == FaultResult::kSpurious;
    state_.environment.ReleasePage(page, mapped && page.writable && !state_.variant.ad_at_zap);
  }

  TdpState<P, G>& state_;
  TdpUpdate<P, G>& update_;
  TdpRoots<P, G>& roots_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_FAULT_H_
