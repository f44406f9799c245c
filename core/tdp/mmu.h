// The x86 TDP MMU of one VM: the operations that vCPUs, notifiers and the VMM
// call (kernel: arch/x86/kvm/mmu/tdp_mmu.c and mmu.c; PROTOCOL part (a)).
//
// Thread safety: every public operation may run concurrently with every other,
// but a vCPU's own operations belong to the thread that runs it.
#ifndef RACEWALK_CORE_TDP_MMU_H_
#define RACEWALK_CORE_TDP_MMU_H_

#include <utility>
#include <vector>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/tdp/age.h"
#include "core/tdp/fault.h"
#include "core/tdp/huge.h"
#include "core/tdp/protect.h"
#include "core/tdp/roots.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"
#include "core/tdp/zap.h"
#include "core/vm/mmu_base.h"

namespace racewalk {

template <Platform P, typename G>
class TdpMmu : public MmuBase<P, G, TdpMmu<P, G>> {
 public:
  using State = TdpState<P, G>;

  // References are borrowed and must outlive every callback of `rcu`.
  TdpMmu(typename P::Environment& environment, TdpTables<P, G>& tables, typename P::Rcu& rcu,
         std::vector<Vcpu<P>*> vcpus, TdpVariant variant, TdpOptions options = {})
      : MmuBase<P, G, TdpMmu>(state_, *this),
        state_(environment, tables, rcu, std::move(vcpus), variant, options),
        update_(state_),
        zap_(state_, update_),
        roots_(state_, zap_),
        huge_(state_, update_),
        protect_(state_, update_),
        fault_(state_, update_, roots_, huge_),
        age_(state_, roots_) {}

  // --- A vCPU's own thread. ---

  void PrepareEntry(Vcpu<P>& vcpu) {
    const uint32_t requests = vcpu.TakeRequests();
    if ((requests & kRequestFreeObsoleteRoot) != 0 && vcpu.root != Vcpu<P>::kNoRoot &&
        // relaxed: the request was posted after it was set
        roots_.At(vcpu.root).invalid.load(std::memory_order_relaxed)) {
      DropRoot(vcpu);
    }
    if ((requests & kRequestFlush) != 0 && P::keeps(point::request_flushes)) {
      state_.environment.FlushOwnTlb(vcpu.index());
    }
    if (vcpu.root == Vcpu<P>::kNoRoot) LoadRoot(vcpu);
  }

  void HandleExit(Vcpu<P>& vcpu) {
    if (!state_.options.dirty_bit_logging || !P::keeps(point::log_drained)) return;
    state_.environment.DrainLog(vcpu.index(), [this](Gfn gfn) {
      state_.slots.BeginReading();
      const MemorySlot<P>* slot = state_.slots.Find(gfn);
      if (slot != nullptr && slot->logging()) slot->MarkDirty(gfn);
      state_.slots.EndReading();
    });
  }

  FaultResult Fault(Vcpu<P>& vcpu, const GuestFault& fault) { return fault_.Handle(vcpu, fault); }

  // The vCPU's root for its current role.
  void LoadRoot(Vcpu<P>& vcpu) {
    const bool shared = !state_.variant.last_put_zaps;
    state_.Lock(shared);
    vcpu.root = roots_.FindOrMake(vcpu.role);
    state_.Unlock(shared);
    state_.environment.SetHardwareRoot(vcpu.index(), roots_.At(vcpu.root).table.load());
    // What was cached for an earlier root at the same address is void.
    if (P::keeps(point::load_root_flushes)) state_.environment.FlushOwnTlb(vcpu.index());
  }

  void DropRoot(Vcpu<P>& vcpu) {
    if (vcpu.root == Vcpu<P>::kNoRoot) return;
    state_.environment.SetHardwareRoot(vcpu.index(), kNoPfn);
    state_.mmu_lock.lock_shared();
    roots_.Put(std::exchange(vcpu.root, Vcpu<P>::kNoRoot), /*shared=*/true);
    state_.mmu_lock.unlock_shared();
  }

  // --- The VMM. ---

  // From when it returns the guest does not write [first, last] itself.
  void Protect(Gfn first, Gfn last) {
    state_.mmu_lock.lock();
    state_.tracked.Add(first, last);
    bool flush = false;
    roots_.ForEach(RootFilter::kValid, /*shared=*/false, [&](uint32_t slot) {
      flush |= protect_.ForGood(roots_.At(slot).table.load(), first, last);
    });
    if (flush) state_.FlushRemoteTlbs();
    state_.mmu_lock.unlock();
  }

  // Gives up every root; vCPUs load new ones before they enter the guest again.
  void InvalidateRoots() {
    state_.slots_lock.lock();
    GiveUpRoots();
    state_.slots_lock.unlock();
  }

  // When it returns no vCPU translates through anything mapped before (R7).
  void ZapAll() {
    state_.slots_lock.lock();
    ZapAllLocked();
    state_.slots_lock.unlock();
  }

  // --- The end. ---

  // Unmaps everything, with no vCPU in the guest: nothing is mapped again (N4).
  // May run twice at once.
  void Release() {
    state_.mmu_lock.lock();
    roots_.ForEach(RootFilter::kAll, /*shared=*/false, [&](uint32_t slot) {
      zap_.Root(roots_.At(slot).table.load(), /*shared=*/false);
    });
    state_.mmu_lock.unlock();
    if (P::keeps(point::release_is_idempotent)) return;
    // Turned down: to give up the roots here, where two may come at once.
    state_.mmu_lock.lock();
    roots_.Invalidate();
    state_.mmu_lock.unlock();
    state_.mmu_lock.lock_shared();
    roots_.ZapInvalid();
    state_.mmu_lock.unlock_shared();
  }

  void Destroy() {
    state_.slots_lock.lock();
    if (state_.variant.async_zap) {
      GiveUpRoots();
      if (P::keeps(point::destroy_flushes_worker)) state_.worker->barrier();
    } else {
      ZapAllLocked();
    }
    state_.slots_lock.unlock();
    P::Check(roots_.empty(), ViolationKind::kRootLifecycle, "L3",
             "the VM is destroyed with roots still on its list");
    state_.slots.Destroy();
    // Callbacks use the VM; none may be left when it goes (L7, L8).
    if (P::keeps(point::destroy_waits)) state_.rcu.barrier();
    state_.life.End();
  }

  // For oracles.
  State& state() { return state_; }
  TdpRoots<P, G>& roots() { return roots_; }

 private:
  friend class MmuBase<P, G, TdpMmu>;
  friend class SlotUpdates<P, G, TdpMmu>;

  // --- For MmuBase. ---

  bool UnmapFrames(Gfn first, Gfn last, bool may_yield, bool owed) {
    // Invalid roots too: a zap of theirs may have yielded half-way.
    const RootFilter filter =
        P::keeps(point::unmap_all_roots) ? RootFilter::kAll : RootFilter::kValid;
    bool flush = owed;
    roots_.ForEach(filter, /*shared=*/false, [&](uint32_t root) {
      const bool carried = flush && P::keeps(point::flush_carried);
      flush = zap_.Leaves(roots_.At(root).table.load(), first, last, may_yield, carried);
    });
    return flush;
  }
  bool YoungFrames(Gfn first, Gfn last, bool clear) { return age_.Young(first, last, clear); }
  void CollapseIn(const MemorySlot<P>& slot, Gfn first, Gfn last) {
    ForEachTable([&](Pfn root) { huge_.Collapse(root, slot, first, last, /*remove=*/true); });
  }
  void SplitIn(const MemorySlot<P>& /*slot*/, Gfn first, Gfn last) {
    ForEachTable([&](Pfn root) { huge_.SplitAll(root, first, last); });
  }
  void FlushAll() { state_.FlushRemoteTlbs(); }

  // --- For SlotUpdates. ---

  // Roots of a slot that goes are given up as a whole.
  void ZapSlot(const MemorySlot<P>& /*slot*/) { ZapAllLocked(); }
  bool BeginLogging(const MemorySlot<P>& slot) {
    bool changed = false;
    state_.mmu_lock.lock_shared();
    if (state_.options.eager_split) {
      ForEachTableLocked([&](Pfn root) { huge_.SplitAll(root, slot.first, slot.last); });
    }
    if (P::keeps(point::logging_protects)) {
      ForEachTableLocked(
          [&](Pfn root) { changed |= protect_.ForLogging(root, slot.first, slot.last); });
    }
    state_.mmu_lock.unlock_shared();
    return changed;
  }
  void Recover(const MemorySlot<P>& slot) {
    ForEachTable(
        [&](Pfn root) { huge_.Collapse(root, slot, slot.first, slot.last, /*remove=*/false); });
  }
  // A vCPU that leaves the guest puts what its hardware has logged into the bitmap.
  void CollectWrites() {
    for (Vcpu<P>* vcpu : state_.vcpus) vcpu->Kick(state_.environment);
  }
  void ProtectAgain(Gfn first, uint64_t mask) {
    roots_.ForEach(RootFilter::kValid, /*shared=*/false, [&](uint32_t root) {
      protect_.Harvested(roots_.At(root).table.load(), first, mask);
    });
  }

  // Calls body(table) for each valid root with the shared MMU lock, which body may give up.
  template <typename F>
  void ForEachTable(F body) {
    state_.mmu_lock.lock_shared();
    ForEachTableLocked(body);
    state_.mmu_lock.unlock_shared();
  }
  template <typename F>
  void ForEachTableLocked(F body) {
    roots_.ForEach(RootFilter::kValid, /*shared=*/true,
                   [&](uint32_t root) { body(roots_.At(root).table.load()); });
  }

  // With slots_lock.
  void GiveUpRoots() {
    state_.slots_lock.AssertHeld();
    state_.mmu_lock.lock();
    roots_.Invalidate();
    if (P::keeps(point::invalidate_requests_reload)) {
      for (Vcpu<P>* vcpu : state_.vcpus) {
        vcpu->Request(kRequestFreeObsoleteRoot, state_.environment);
      }
    }
    state_.mmu_lock.unlock();
  }
  void ZapAllLocked() {
    GiveUpRoots();
    if (state_.variant.async_zap) {
      if (P::keeps(point::worker_flushed)) state_.worker->barrier();
      return;
    }
    state_.mmu_lock.lock_shared();
    roots_.ZapInvalid();
    state_.mmu_lock.unlock_shared();
    if (!state_.variant.last_put_zaps) return;
    // Whoever dropped a last reference may have emptied an entry that was to be
    // zapped here, and have yet to tell the host what it said (D3).
    state_.mmu_lock.lock();
    state_.mmu_lock.unlock();
  }

  State state_;
  TdpUpdate<P, G> update_;
  TdpZap<P, G> zap_;
  TdpRoots<P, G> roots_;
  TdpHuge<P, G> huge_;
  TdpProtect<P, G> protect_;
  TdpFault<P, G> fault_;
  TdpAge<P, G> age_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_MMU_H_
