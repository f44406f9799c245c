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
#include "core/tdp/roots.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"
#include "core/tdp/zap.h"

namespace racewalk {

template <Platform P, typename G>
class TdpMmu {
 public:
  using State = TdpState<P, G>;

  // References are borrowed and must outlive every callback of `rcu`.
  TdpMmu(Environment& environment, TdpTables<P, G>& tables, typename P::Rcu& rcu,
         std::vector<Vcpu<P>*> vcpus, TdpVariant variant)
      : state_(environment, tables, rcu, std::move(vcpus), variant),
        update_(state_),
        zap_(state_, update_),
        roots_(state_, zap_),
        fault_(state_, update_, roots_),
        age_(state_, roots_) {}

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

  FaultResult Fault(Vcpu<P>& vcpu, Gfn gfn, bool write) { return fault_.Handle(vcpu, gfn, write); }

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

  void InvalidateStart(Gfn first, Gfn last, bool may_yield) {
    state_.mmu_lock.lock();
    state_.invalidation.Begin(first, last);
    bool flush = false;
    // Invalid roots too: a zap of theirs may have yielded half-way.
    const RootFilter filter =
        P::keeps(point::unmap_all_roots) ? RootFilter::kAll : RootFilter::kValid;
    roots_.ForEach(filter, /*shared=*/false, [&](uint32_t slot) {
      const bool owed = flush && P::keeps(point::flush_carried);
      flush = zap_.Leaves(roots_.At(slot).table.load(), first, last, may_yield, owed);
    });
    // The host may free the pages as soon as this returns.
    if (flush && P::keeps(point::unmap_flushes)) state_.FlushRemoteTlbs();
    state_.mmu_lock.unlock();
  }

  void InvalidateEnd() {
    state_.mmu_lock.lock();
    state_.invalidation.End();
    state_.mmu_lock.unlock();
  }

  // Whether a page of [first, last] was accessed, and no longer if `clear`.
  bool Young(Gfn first, Gfn last, bool clear) { return age_.Young(first, last, clear); }

  // Removes the tables that map [first, last], widened to whole tables, so that
  // larger pages may take their place (the kernel's zap_collapsible_sptes and
  // its recovery of huge pages, which slots_lock does not exclude).
  void Collapse(Gfn first, Gfn last) {
    first = G::Align(first, 2);
    last = G::Align(last, 2) + G::Span(2) - 1;
    state_.mmu_lock.lock_shared();
    roots_.ForEach(RootFilter::kValid, /*shared=*/true,
                   [&](uint32_t slot) { zap_.Tables(roots_.At(slot).table.load(), first, last); });
    state_.mmu_lock.unlock_shared();
  }

  // Gives up every root; vCPUs load new ones before they enter the guest again.
  void InvalidateRoots() {
    state_.slots_lock.lock();
    InvalidateRootsLocked();
    state_.slots_lock.unlock();
  }

  // When it returns no vCPU translates through anything mapped before (R7).
  void ZapAll() {
    state_.slots_lock.lock();
    InvalidateRootsLocked();
    state_.mmu_lock.lock_shared();
    roots_.ZapInvalid();
    state_.mmu_lock.unlock_shared();
    state_.slots_lock.unlock();
  }

  // Unmaps everything, with all vCPUs closed: nothing is mapped again (N4).
  void Release() {
    state_.mmu_lock.lock();
    roots_.ForEach(RootFilter::kAll, /*shared=*/false, [&](uint32_t slot) {
      zap_.Root(roots_.At(slot).table.load(), /*shared=*/false);
    });
    state_.mmu_lock.unlock();
  }

  void Destroy() {
    ZapAll();
    P::Check(roots_.empty(), ViolationKind::kRootLifecycle, "L3",
             "the VM is destroyed with roots still on its list");
    // Callbacks use the VM; none may be left when it goes (L7, L8).
    if (P::keeps(point::destroy_waits)) state_.rcu.barrier();
    state_.life.End();
  }

  // For oracles.
  State& state() { return state_; }
  TdpRoots<P, G>& roots() { return roots_; }

 private:
  void InvalidateRootsLocked() {
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

  State state_;
  TdpUpdate<P, G> update_;
  TdpZap<P, G> zap_;
  TdpRoots<P, G> roots_;
  TdpFault<P, G> fault_;
  TdpAge<P, G> age_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_MMU_H_
