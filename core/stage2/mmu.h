// The arm64 stage-2 MMU of one VM: the operations that vCPUs, notifiers and the
// VMM call (kernel: arch/arm64/kvm/mmu.c, arch/arm64/kvm/hyp/pgtable.c;
// PROTOCOL part (b)).
//
// Thread safety: every public operation may run concurrently with every other,
// but a vCPU's own operations belong to the thread that runs it.
#ifndef RACEWALK_CORE_STAGE2_MMU_H_
#define RACEWALK_CORE_STAGE2_MMU_H_

#include <utility>
#include <vector>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/stage2/blocks.h"
#include "core/stage2/map.h"
#include "core/stage2/protect.h"
#include "core/stage2/state.h"
#include "core/stage2/unmap.h"
#include "core/stage2/update.h"
#include "core/stage2/walker.h"
#include "core/vm/mmu_base.h"

namespace racewalk {

template <Platform P, typename G>
class Stage2Mmu : public MmuBase<P, G, Stage2Mmu<P, G>> {
 public:
  using State = Stage2State<P, G>;

  // References are borrowed and must outlive every callback of `rcu`.
  Stage2Mmu(typename P::Environment& environment, Stage2Tables<P, G>& tables, typename P::Rcu& rcu,
            std::vector<Vcpu<P>*> vcpus, Stage2Variant variant, Stage2Options options = {})
      : MmuBase<P, G, Stage2Mmu>(state_, *this),
        state_(environment, tables, rcu, std::move(vcpus), variant, options),
        walker_(state_),
        update_(state_, walker_),
        blocks_(state_, walker_, update_),
        unmap_(state_, walker_, update_, blocks_),
        protect_(state_, walker_, update_, blocks_),
        map_(state_, walker_, update_, blocks_) {}

  // --- A vCPU's own thread. ---

  // One root for the life of the VM. What is cached for it is tagged by the VM
  // and flushed wherever it is, so that loading it flushes nothing.
  void PrepareEntry(Vcpu<P>& vcpu) {
    if (vcpu.root != Vcpu<P>::kNoRoot) return;
    vcpu.root = kLoaded;
    state_.environment.SetHardwareRoot(vcpu.index(), state_.root);
  }
  void HandleExit(Vcpu<P>& /*vcpu*/) {}
  FaultResult Fault(Vcpu<P>& vcpu, const GuestFault& fault) { return map_.Handle(vcpu, fault); }
  void DropRoot(Vcpu<P>& vcpu) {
    state_.environment.SetHardwareRoot(vcpu.index(), kNoPfn);
    vcpu.root = Vcpu<P>::kNoRoot;
  }

  // --- The VMM. ---

  // From when it returns the guest does not write [first, last] itself.
  void Protect(Gfn first, Gfn last) {
    state_.mmu_lock.lock();
    state_.tracked.Add(first, last);
    // Also where nothing changed: logging takes W away and flushes later.
    const bool changed = protect_.Range(first, last);
    if (changed || P::keeps(point::protect_flushes)) state_.FlushVm();
    state_.mmu_lock.unlock();
  }

  // Gives [first, last] away: from when it returns the guest does not reach it.
  void Donate(Gfn first, Gfn last) {
    state_.mmu_lock.lock();
    unmap_.Donate(first, last);
    state_.mmu_lock.unlock();
  }
  // Takes it back; faults may map it again.
  void Reclaim(Gfn first, Gfn last) {
    state_.mmu_lock.lock();
    unmap_.Reclaim(first, last);
    state_.mmu_lock.unlock();
  }

  // When it returns no vCPU translates through anything mapped before.
  void ZapAll() {
    state_.slots_lock.lock();
    Unmap(0, G::kFrames - 1);
    state_.slots_lock.unlock();
  }

  // --- The end. ---

  // Unmaps everything, with no vCPU in the guest: nothing is mapped again (N4).
  // May run twice at once.
  void Release() { Unmap(0, G::kFrames - 1); }

  void Destroy() {
    // Callbacks use the VM; none may be left when it goes (L7, L8).
    const bool in_time = P::keeps(point::barrier_before_teardown);
    if (in_time && P::keeps(point::destroy_waits)) state_.rcu.barrier();
    state_.slots_lock.lock();
    state_.mmu_lock.lock();
    unmap_.TearDown();
    state_.mmu_lock.unlock();
    state_.slots_lock.unlock();
    state_.slots.Destroy();
    state_.life.End();
    if (!in_time) state_.rcu.barrier();
  }

  // For oracles.
  State& state() { return state_; }

 private:
  static constexpr uint32_t kLoaded = 1;

  friend class MmuBase<P, G, Stage2Mmu>;
  friend class SlotUpdates<P, G, Stage2Mmu>;

  // --- For MmuBase. ---

  // Pays what it owes before it returns.
  bool UnmapFrames(Gfn first, Gfn last, bool may_yield, bool owed) {
    unmap_.Range(first, last, may_yield);
    return owed;
  }
  bool YoungFrames(Gfn first, Gfn last, bool clear) { return protect_.Young(first, last, clear); }
  void CollapseIn(const MemorySlot<P>& slot, Gfn first, Gfn last) {
    blocks_.Collapse(slot, first, last);
  }
  void SplitIn(const MemorySlot<P>& /*slot*/, Gfn first, Gfn last) {
    blocks_.SplitAll(first, last);
  }
  void FlushAll() { state_.FlushVm(); }

  // --- For SlotUpdates. ---

  void ZapSlot(const MemorySlot<P>& slot) { Unmap(slot.first, slot.last); }
  bool BeginLogging(const MemorySlot<P>& slot) {
    if (state_.options.eager_split) blocks_.SplitAll(slot.first, slot.last);
    if (!P::keeps(point::logging_protects)) return false;
    return protect_.ForLogging(slot.first, slot.last);
  }
  // Blocks come back with the faults that find the pages write-protected.
  void Recover(const MemorySlot<P>& /*slot*/) {}
  void CollectWrites() {}
  void ProtectAgain(Gfn first, uint64_t mask) { protect_.Masked(first, mask); }

  void Unmap(Gfn first, Gfn last) {
    state_.mmu_lock.lock();
    unmap_.Range(first, last, /*may_yield=*/true);
    state_.mmu_lock.unlock();
  }

  State state_;
  Stage2Walker<P, G> walker_;
  Stage2Update<P, G> update_;
  Stage2Blocks<P, G> blocks_;
  Stage2Unmap<P, G> unmap_;
  Stage2Protect<P, G> protect_;
  Stage2Map<P, G> map_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_MMU_H_
