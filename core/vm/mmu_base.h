// What every MMU does alike for vCPUs, notifiers and the VMM: all that is about
// memory slots and the notifier's bookkeeping (KVM: virt/kvm/kvm_main.c).
#ifndef RACEWALK_CORE_VM_MMU_BASE_H_
#define RACEWALK_CORE_VM_MMU_BASE_H_

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/vm/slot_updates.h"
#include "core/vm/state.h"

namespace racewalk {

// Mmu derives from it and has, beside what SlotUpdates asks for:
//   bool UnmapFrames(Gfn first, Gfn last, bool may_yield, bool owed)  with the exclusive MMU lock;
//                                                    takes and returns the flush that is owed
//   bool YoungFrames(Gfn first, Gfn last, bool clear)
//   void CollapseIn(const MemorySlot<P>&, Gfn first, Gfn last)
//   void SplitIn(const MemorySlot<P>&, Gfn first, Gfn last)
// Thread safety: every public operation may run concurrently with every other.
template <Platform P, typename G, typename Mmu>
class MmuBase {
 public:
  template <typename F>
  bool WriteFor(Gfn gfn, F write) {
    vm_.slots.BeginReading();
    const MemorySlot<P>* slot = vm_.slots.Find(gfn);
    const bool there = slot != nullptr && !slot->invalid;
    if (there) {
      write(slot->AddressOf(gfn));
      // After the write: a harvest in between would take the mark and miss it.
      if (slot->logging()) slot->MarkDirty(gfn);
    }
    vm_.slots.EndReading();
    return there;
  }

  // --- The notifier. ---

  void InvalidateStart(Hva first, Hva last, bool may_yield) {
    vm_.caches.BeginInvalidation(first, last);
    vm_.slots.BeginReading();
    // Where the guest has nothing of it, its faults are not kept waiting.
    if (vm_.slots.Overlaps(first, last)) {
      vm_.mmu_lock.lock();
      vm_.invalidation.Begin();
      Unmap(first, last, may_yield);
      vm_.mmu_lock.unlock();
    }
    vm_.slots.EndReading();
  }

  void InvalidateEnd(Hva first, Hva last) {
    const bool in_order = P::keeps(point::count_drops_last);
    if (!in_order) vm_.slots.EndInvalidation();
    vm_.slots.BeginReading();
    if (vm_.slots.Overlaps(first, last)) {
      vm_.mmu_lock.lock();
      vm_.invalidation.End();
      vm_.mmu_lock.unlock();
    }
    vm_.slots.EndReading();
    if (in_order) vm_.slots.EndInvalidation();
  }

  // v14: the one callback, after the host has changed its page table and closed
  // it to lookups of [first, last], and before it gives the pages up.
  void Invalidate(Hva first, Hva last, bool may_yield) {
    // Whoever has replaced the slots before is seen to have done so: a fault may
    // have used the new ones already.
    vm_.slots.BeginInvalidation();
    vm_.slots.BeginReading();
    if (vm_.slots.Overlaps(first, last)) {
      vm_.mmu_lock.lock();
      // Before the unmap, which may let faults in that have looked up already.
      const bool in_order = P::keeps(point::seq_moves_first);
      if (in_order) vm_.invalidation.Advance();
      Unmap(first, last, may_yield);
      if (!in_order) vm_.invalidation.Advance();
      vm_.mmu_lock.unlock();
    }
    vm_.slots.EndReading();
    vm_.slots.EndInvalidation();
  }

  // v14: the notifier's last callback takes the VM apart, as far as nobody else's
  // life depends on it: whoever still has the VM's descriptor finds no slots. May
  // run twice at once.
  void ReleaseHook() {
    self().Release();
    vm_.slots_lock.lock();
    vm_.slots.Clear();
    vm_.slots_lock.unlock();
  }

  // Whether a page of [first, last] was accessed, and no longer if `clear`.
  bool Young(Hva first, Hva last, bool clear) {
    bool young = false;
    vm_.slots.BeginReading();
    std::pair<Gfn, Gfn> range;
    for (const MemorySlot<P>& slot : vm_.slots.Current()) {
      if (slot.Overlaps(first, last, range))
        young |= self().YoungFrames(range.first, range.second, clear);
    }
    vm_.slots.EndReading();
    return young;
  }

  // The notifier is gone: what it has begun does not end any more.
  void Unregistered() {
    vm_.mmu_lock.lock();
    const bool any = vm_.slots.ForgetInvalidations();
    P::Check(any || vm_.invalidation.in_progress() == 0, ViolationKind::kRefcount, "N1",
             "an invalidation that has ended is still in progress");
    vm_.invalidation.Forget();
    vm_.mmu_lock.unlock();
  }

  // --- The VMM. ---

  bool AddSlot(uint32_t slot, Gfn first, Gfn last, Hva address) {
    return slot_updates_.Add(slot, first, last, address);
  }
  bool DeleteSlot(uint32_t slot) { return slot_updates_.Delete(slot); }
  bool MoveSlot(uint32_t slot, Gfn first) { return slot_updates_.Move(slot, first); }
  bool SetLogging(uint32_t slot, bool on) { return slot_updates_.SetLogging(slot, on); }
  template <typename F>
  bool Harvest(uint32_t slot, F visit) {
    return slot_updates_.Harvest(slot, visit);
  }

  // Puts blocks in the place of the tables that map [first, last], widened to
  // whole tables, where the host has huge pages, and removes the others, so that
  // larger pages may come. Not where writes are logged. Does not take
  // slots_lock: the kernel's recovery of huge pages is not excluded by it either.
  void Collapse(Gfn first, Gfn last) {
    ForEachSlot(G::Align(first, 2), G::Align(last, 2) + G::Span(2) - 1,
                [this](const MemorySlot<P>& slot, Gfn from, Gfn to) {
                  if (slot.logging() && P::keeps(point::recover_respects_logging)) return;
                  self().CollapseIn(slot, from, to);
                });
  }

  // Splits the block around gfn.
  void Split(Gfn gfn) {
    ForEachSlot(gfn, gfn, [this](const MemorySlot<P>& slot, Gfn from, Gfn to) {
      self().SplitIn(slot, from, to);
    });
  }

 protected:
  // Both are borrowed.
  MmuBase(VmState<P>& state, Mmu& mmu) : vm_(state), slot_updates_(state, mmu) {}
  ~MmuBase() = default;

 private:
  Mmu& self() { return static_cast<Mmu&>(*this); }

  void Unmap(Hva first, Hva last, bool may_yield) {
    bool flush = false;
    std::pair<Gfn, Gfn> range;
    for (const MemorySlot<P>& slot : vm_.slots.Current()) {
      if (!slot.Overlaps(first, last, range)) continue;
      if (!vm_.v14()) vm_.invalidation.Add(range.first, range.second);
      flush = self().UnmapFrames(range.first, range.second, may_yield, flush);
    }
    // The host may free the pages as soon as this returns.
    if (flush && P::keeps(point::unmap_flushes)) self().FlushAll();
  }

  // Calls body(slot, from, to) for what there is of [first, last] in each slot.
  template <typename F>
  void ForEachSlot(Gfn first, Gfn last, F body) {
    vm_.slots.BeginReading();
    for (const MemorySlot<P>& slot : vm_.slots.Current()) {
      const Gfn from = std::max(first, slot.first);
      const Gfn to = std::min(last, slot.last);
      if (from <= to && !slot.invalid) body(slot, from, to);
    }
    vm_.slots.EndReading();
  }

  VmState<P>& vm_;
  SlotUpdates<P, G, Mmu> slot_updates_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_MMU_BASE_H_
