// Page faults: from a guest access that failed to an entry that lets it
// succeed (kernel: kvm_tdp_page_fault, is_page_fault_stale, kvm_tdp_mmu_map;
// PROTOCOL 1.5).
#ifndef RACEWALK_CORE_TDP_FAULT_H_
#define RACEWALK_CORE_TDP_FAULT_H_

#include <optional>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/tdp/fast_fault.h"
#include "core/tdp/huge.h"
#include "core/tdp/roots.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"

namespace racewalk {

template <Platform P, typename G>
class TdpFault {
 public:
  using Iterator = TdpIterator<P, G>;
  using Slot = MemorySlot<P>;

  TdpFault(TdpState<P, G>& state, TdpUpdate<P, G>& update, TdpRoots<P, G>& roots,
           TdpHuge<P, G>& huge)
      : state_(state), update_(update), roots_(roots), huge_(huge), fast_(state, roots) {}

  // On the vCPU's own thread, outside of guest mode, with a root loaded.
  FaultResult Handle(Vcpu<P>& vcpu, const GuestFault& fault) {
    state_.slots.BeginReading();
    const FaultResult result = HandleInSection(vcpu, fault);
    state_.slots.EndReading();
    return result;
  }

 private:
  FaultResult HandleInSection(Vcpu<P>& vcpu, const GuestFault& fault) {
    const Slot* slot = state_.slots.Find(fault.gfn);
    while (slot != nullptr && slot->invalid && P::keeps(point::fault_checks_slot)) {
      // Outside of the section the slot may go; inside, that waits for us.
      if (!fault.prefetch || P::keeps(point::prefetch_gives_up)) return FaultResult::kRetry;
      P::Pause();
      slot = state_.slots.Find(fault.gfn);
    }
    if (slot == nullptr) return FaultResult::kNoMemorySlot;
    const std::optional<FaultResult> fast = fast_.Handle(vcpu, *slot, fault);
    return fast.has_value() ? *fast : HandleLocked(vcpu, *slot, fault);
  }

  FaultResult HandleLocked(Vcpu<P>& vcpu, const Slot& slot, const GuestFault& fault) {
    // The snapshot comes before the host is asked: an invalidation that ends
    // in between must be noticed.
    uint64_t snapshot = 0;
    const bool in_order = P::keeps(point::snapshot_before_lookup);
    if (in_order) snapshot = state_.invalidation.Snapshot();
    const HostPage page = state_.environment.FaultIn(slot.AddressOf(fault.gfn), fault.write);
    if (page.pfn == kNoPfn) return FaultResult::kNoMemory;
    if (!in_order) snapshot = state_.invalidation.Snapshot();

    state_.mmu_lock.lock_shared();
    FaultResult result = FaultResult::kFixed;
    if (!Stale(vcpu, snapshot, fault.gfn)) {
      result = Map(vcpu, slot, fault, page);
    } else if (P::keeps(point::retry_is_no_success)) {
      result = FaultResult::kRetry;
    }
    // Under the lock: after it, the notifier may let the host write the page
    // back and free it, and a mark would come too late.
    const bool in_time = P::keeps(point::release_under_lock);
    if (in_time) Release(page, result);
    state_.mmu_lock.unlock_shared();
    if (!in_time) Release(page, result);
    return result;
  }

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

  FaultResult Map(Vcpu<P>& vcpu, const Slot& slot, const GuestFault& fault, const HostPage& page) {
    state_.mmu_lock.AssertHeldShared();
    TdpRoot<P, G>& root = roots_.At(vcpu.root);
    state_.rcu.read_lock();
    const FaultResult result = Walk(root, slot, fault, page);
    state_.rcu.read_unlock();
    return result;
  }

  FaultResult Walk(TdpRoot<P, G>& root, const Slot& slot, const GuestFault& fault,
                   const HostPage& page) {
    const int goal = huge_.GoalLevel(slot, fault.gfn);
    Iterator iter(state_.tables, state_.rcu, root.table.load(), goal, fault.gfn, fault.gfn + 1);
    for (; iter.valid(); iter.Next()) {
      // Somebody owns the entry; what it will become is not known yet.
      if (iter.old.frozen() && P::keeps(point::map_avoids_frozen)) return FaultResult::kRetry;
      if (iter.level == goal) break;
      if (iter.old.table()) continue;
      if (!(iter.old.leaf() ? huge_.Split(iter) : Link(iter))) return FaultResult::kRetry;
    }
    // The path may have gone while it was walked: never map where one happens to be.
    if ((!iter.valid() || iter.level != goal) && P::keeps(point::map_at_goal)) {
      return FaultResult::kRetry;
    }
    const FaultResult result = Install(iter, slot, fault, page);
    if constexpr (P::kExplored) {
      P::Check(result != FaultResult::kFixed || !root.invalid.peek(), ViolationKind::kRootLifecycle,
               "R5", "{thread} maps a page in a root that has been given up");
    }
    return result;
  }

  // Makes the table that is missing on the way.
  bool Link(Iterator& iter) {
    const Pfn child = state_.tables.Allocate(iter.level - 1, iter.gfn, &state_);
    P::Check(child != kNoPfn, ViolationKind::kAssertion, "", "the pool of table pages is empty");
    if (update_.TryShared(iter, state_.tables.LinkTo(child))) return true;
    state_.tables.FreeUnused(child);
    return false;
  }

  FaultResult Install(Iterator& iter, const Slot& slot, const GuestFault& fault,
                      const HostPage& page) {
    P::Check(iter.table().level.load() == iter.level, ViolationKind::kBadMapping, "S3",
             "{thread} is about to map a page in a table of another level");
    const bool writable = page.writable && !(P::keeps(point::map_respects_tracking) &&
                                             state_.tracked.Any(fault.gfn, fault.gfn));
    const Spte<P> leaf = MakeLeaf(iter.level, page, writable, fault.write && writable);
    const bool emulate = fault.write && !writable;
    // Another vCPU was faster; what is there does as well.
    if (iter.old.leaf() && iter.old.pfn() == leaf.pfn() && !iter.old.tracked() &&
        (iter.old.writable() || !fault.write || emulate)) {
      return Done(fault, emulate ? FaultResult::kEmulate : FaultResult::kSpurious);
    }
    // Under the lock that a harvest takes exclusively, so that it sees both or none.
    if (writable && slot.logging() && P::keeps(point::map_marks_dirty)) slot.MarkDirty(fault.gfn);
    const Spte<P> before = iter.old;
    while (!update_.TryShared(iter, leaf)) {
      if (P::keeps(point::lost_race_restarts)) return FaultResult::kRetry;
      P::Pause();
    }
    // Nobody may walk through the table any more when its grace period ends.
    if (before.table() && P::keeps(point::block_flushes)) {
      state_.FlushEntry(iter.gfn, iter.level);
    }
    return Done(fault, emulate ? FaultResult::kEmulate : FaultResult::kFixed);
  }

  Spte<P> MakeLeaf(int level, const HostPage& page, bool writable, bool dirty) const {
    const auto leaf = Spte<P>::Leaf(page.pfn, writable, dirty, MakeGhost<P>(page.generation))
                          .Whole(G::Span(level));
    return state_.options.ad_bits ? leaf : leaf.without(spte_bits::kAccessed | spte_bits::kDirty);
  }

  static FaultResult Done(const GuestFault& fault, FaultResult result) {
    P::Trace(TraceKind::kMapped, fault.gfn);
    return result;
  }

  void Release(const HostPage& page, FaultResult result) {
    const bool mapped = result == FaultResult::kFixed || result == FaultResult::kSpurious;
    state_.environment.ReleasePage(page, mapped && page.writable && !state_.variant.ad_at_zap);
  }

  TdpState<P, G>& state_;
  TdpUpdate<P, G>& update_;
  TdpRoots<P, G>& roots_;
  TdpHuge<P, G>& huge_;
  TdpFastFault<P, G> fast_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_FAULT_H_
