// Page faults: from what the host has to an entry that lets the access succeed
// (kernel: is_page_fault_stale, kvm_tdp_mmu_map; PROTOCOL 1.5).
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
#include "core/vm/fault.h"

namespace racewalk {

template <Platform P, typename G>
class TdpFault : private FaultPath<P, TdpFault<P, G>> {
 public:
  using Iterator = TdpIterator<P, G>;
  using Slot = MemorySlot<P>;

  TdpFault(TdpState<P, G>& state, TdpUpdate<P, G>& update, TdpRoots<P, G>& roots,
           TdpHuge<P, G>& huge)
      : state_(state), update_(update), roots_(roots), huge_(huge), fast_(state, roots) {}

  // On the vCPU's own thread, outside of guest mode, with a root loaded.
  FaultResult Handle(Vcpu<P>& vcpu, const GuestFault& fault) {
    return this->HandleFault(vcpu, fault);
  }

 private:
  friend class FaultPath<P, TdpFault>;

  [[gnu::always_inline]] std::optional<FaultResult> Early(Vcpu<P>& vcpu, const Slot& slot,
                                                          const GuestFault& fault) {
    return fast_.Handle(vcpu, slot, fault);
  }
  // The size is asked for under the MMU lock.
  static int SizeAtLookup(const Slot& /*slot*/, Gfn /*gfn*/) { return 1; }
  bool RootIsStale(const Vcpu<P>& vcpu) {
    return P::keeps(point::fault_checks_root) &&
           // relaxed: set under the exclusive lock; and where the last put sets it,
           // this vCPU's own reference keeps the last put away
           roots_.At(vcpu.root).invalid.load(std::memory_order_relaxed);
  }
  bool MarksAtFault() const { return !state_.variant.ad_at_zap; }

  [[gnu::always_inline]] std::optional<FaultResult> Map(Vcpu<P>& vcpu, const Slot& slot,
                                                        const GuestFault& fault,
                                                        const FaultPage& found, bool /*shared*/) {
    state_.mmu_lock.AssertHeldShared();
    TdpRoot<P, G>& root = roots_.At(vcpu.root);
    // The fault is in a section of the slots.
    if constexpr (!P::kSrcuHoldsRcu) state_.rcu.read_lock();
    const int goal = huge_.GoalLevel(slot, fault.gfn);
    // Most faults map a page: for those the level is a constant all the way.
    // What is elsewhere gets copies, also below: what nothing else refers to lives
    // in registers.
    const FaultResult result = goal == 1
                                   ? Walk(root, slot, fault, found.page, 1)
                                   : WalkToBlock(root, slot, fault, HostPage(found.page), goal);
    if constexpr (!P::kSrcuHoldsRcu) state_.rcu.read_unlock();
    return result;
  }

  [[gnu::cold, gnu::noinline]] FaultResult WalkToBlock(TdpRoot<P, G>& root, const Slot& slot,
                                                       const GuestFault& fault,
                                                       const HostPage& page, int goal) {
    return Walk(root, slot, fault, page, goal);
  }
  [[gnu::always_inline]] FaultResult Walk(TdpRoot<P, G>& root, const Slot& slot,
                                          const GuestFault& fault, const HostPage& page, int goal) {
    Iterator iter(state_.tables, state_.rcu, root.table.load(), goal, fault.gfn, fault.gfn + 1);
    const bool straight = iter.Descend() && !iter.old.frozen();
    const FaultResult result =
        straight ? Install(iter, slot, fault, page)
                 : InstallBeyond(Iterator(iter), slot, fault, HostPage(page), goal);
    if constexpr (P::kExplored) {
      P::Check(result != FaultResult::kFixed || !root.invalid.peek(), ViolationKind::kRootLifecycle,
               "R5", "{thread} maps a page in a root that has been given up");
    }
    return result;
  }

  // Where the way to the level `goal` is not there yet, or somebody owns an entry of it.
  [[gnu::cold, gnu::noinline]] FaultResult InstallBeyond(Iterator iter, const Slot& slot,
                                                         const GuestFault& fault,
                                                         const HostPage& page, int goal) {
    return WalkOn(iter, goal) ? Install(iter, slot, fault, page) : FaultResult::kRetry;
  }
  // To the level `goal`, making the tables that are missing.
  bool WalkOn(Iterator& iter, int goal) {
    for (; iter.valid(); iter.Next()) {
      // Somebody owns the entry; what it will become is not known yet.
      if (iter.old.frozen() && P::keeps(point::map_avoids_frozen)) return false;
      if (iter.level == goal) break;
      if (!iter.old.table() && !MakeTable(iter)) return false;
    }
    // The path may have gone while it was walked: never map where one happens to be.
    return (iter.valid() && iter.level == goal) || !P::keeps(point::map_at_goal);
  }
  // Makes the table that is missing here.
  [[gnu::cold, gnu::noinline]] bool MakeTable(Iterator& iter) {
    return iter.old.leaf() ? huge_.Split(iter) : Link(iter);
  }
  bool Link(Iterator& iter) {
    const Pfn child = state_.tables.Allocate(iter.level - 1, iter.gfn, &state_);
    if (update_.TryShared(iter, state_.tables.LinkTo(child))) return true;
    state_.tables.FreeUnused(child);
    return false;
  }

  [[gnu::always_inline]] FaultResult Install(Iterator& iter, const Slot& slot,
                                             const GuestFault& fault, const HostPage& page) {
    P::Check(iter.table().level.load() == iter.level, ViolationKind::kBadMapping, "S3",
             "{thread} is about to map a page in a table of another level");
    const bool writable = page.writable && !(P::keeps(point::map_respects_tracking) &&
                                             state_.tracked.Any(fault.gfn, fault.gfn));
    // Most faults find nothing there and map for writing: with both known, little
    // is left to decide.
    if (!writable) [[unlikely]] {
      return PutElsewhere(Iterator(iter), slot, fault, HostPage(page), /*writable=*/false);
    }
    if (iter.old.present()) [[unlikely]] {
      return PutElsewhere(Iterator(iter), slot, fault, HostPage(page), /*writable=*/true);
    }
    return Put(iter, slot, fault, page, /*writable=*/true);
  }
  [[gnu::cold, gnu::noinline]] FaultResult PutElsewhere(Iterator iter, const Slot& slot,
                                                        const GuestFault& fault,
                                                        const HostPage& page, bool writable) {
    return Put(iter, slot, fault, page, writable);
  }
  [[gnu::always_inline]] FaultResult Put(Iterator& iter, const Slot& slot, const GuestFault& fault,
                                         const HostPage& page, bool writable) {
    const Spte<P> leaf = MakeLeaf(iter.level, page, writable, fault.write && writable);
    // Or the compiler forgets it and has orders chosen when it runs.
    if (!leaf.leaf()) __builtin_unreachable();
    const bool emulate = fault.write && !writable;
    // Another vCPU was faster; what is there does as well.
    if (iter.old.leaf() && iter.old.pfn() == leaf.pfn() && !iter.old.tracked() &&
        (iter.old.writable() || !fault.write || emulate)) {
      return Done(fault, emulate ? FaultResult::kEmulate : FaultResult::kSpurious);
    }
    // Under the lock that a harvest takes exclusively, so that it sees both or none.
    if (slot.logging() && writable && P::keeps(point::map_marks_dirty)) slot.MarkDirty(fault.gfn);
    const Spte<P> before = iter.old;
    while (!update_.TryShared(iter, leaf)) [[unlikely]] {
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
    if (state_.options.ad_bits) [[likely]] {
      return leaf;
    }
    return leaf.without(spte_bits::kAccessed | spte_bits::kDirty);
  }

  static FaultResult Done(const GuestFault& fault, FaultResult result) {
    P::Trace(TraceKind::kMapped, fault.gfn);
    return result;
  }

  TdpState<P, G>& state_;
  TdpUpdate<P, G> update_;  // of references, like huge_: a copy is as good, and nearer
  TdpRoots<P, G>& roots_;
  TdpHuge<P, G> huge_;
  TdpFastFault<P, G> fast_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_FAULT_H_
