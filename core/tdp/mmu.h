// The x86 TDP MMU of one VM: the operations that vCPUs, notifiers and the VMM
// call (kernel: arch/x86/kvm/mmu/tdp_mmu.c and mmu.c; PROTOCOL part (a)).
//
// Thread safety: every public operation may run concurrently with every other,
// but a vCPU's own operations belong to the thread that runs it.
#ifndef RACEWALK_CORE_TDP_MMU_H_
#define RACEWALK_CORE_TDP_MMU_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/tdp/age.h"
#include "core/tdp/fault.h"
#include "core/tdp/huge.h"
#include "core/tdp/memory.h"
#include "core/tdp/protect.h"
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
         std::vector<Vcpu<P>*> vcpus, TdpVariant variant, TdpOptions options = {})
      : state_(environment, tables, rcu, std::move(vcpus), variant, options),
        update_(state_),
        zap_(state_, update_),
        roots_(state_, zap_),
        huge_(state_, update_),
        protect_(state_, update_),
        fault_(state_, update_, roots_, huge_),
        age_(state_, roots_),
        memory_(state_, roots_, protect_, huge_) {}

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

  template <typename F>
  bool WriteFor(Gfn gfn, F write) {
    state_.slots.BeginReading();
    const MemorySlot<P>* slot = state_.slots.Find(gfn);
    const bool there = slot != nullptr && !slot->invalid;
    if (there) {
      write(slot->AddressOf(gfn));
      // After the write: a harvest in between would take the mark and miss it.
      if (slot->logging()) slot->MarkDirty(gfn);
    }
    state_.slots.EndReading();
    return there;
  }

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

  // --- The notifier. ---

  void InvalidateStart(Hva first, Hva last, bool may_yield) {
    state_.caches.BeginInvalidation(first, last);
    state_.slots.BeginReading();
    // Where the guest has nothing of it, its faults are not kept waiting.
    if (state_.slots.Overlaps(first, last)) {
      state_.mmu_lock.lock();
      state_.invalidation.Begin();
      Unmap(first, last, may_yield);
      state_.mmu_lock.unlock();
    }
    state_.slots.EndReading();
  }

  void InvalidateEnd(Hva first, Hva last) {
    const bool in_order = P::keeps(point::count_drops_last);
    if (!in_order) state_.slots.EndInvalidation();
    state_.slots.BeginReading();
    if (state_.slots.Overlaps(first, last)) {
      state_.mmu_lock.lock();
      state_.invalidation.End();
      state_.mmu_lock.unlock();
    }
    state_.slots.EndReading();
    if (in_order) state_.slots.EndInvalidation();
  }

  // Whether a page of [first, last] was accessed, and no longer if `clear`.
  bool Young(Hva first, Hva last, bool clear) {
    bool young = false;
    state_.slots.BeginReading();
    std::pair<Gfn, Gfn> range;
    for (const MemorySlot<P>& slot : state_.slots.Current()) {
      if (slot.Overlaps(first, last, range)) young |= age_.Young(range.first, range.second, clear);
    }
    state_.slots.EndReading();
    return young;
  }

  // --- The VMM. ---

  bool AddSlot(uint32_t slot, Gfn first, Gfn last, Hva address) {
    return memory_.Add(slot, first, last, address);
  }
  bool DeleteSlot(uint32_t slot) {
    return memory_.Delete(slot, [this] { ZapAllLocked(); });
  }
  bool MoveSlot(uint32_t slot, Gfn first) {
    return memory_.Move(slot, first, [this] { ZapAllLocked(); });
  }
  bool SetLogging(uint32_t slot, bool on) { return memory_.SetLogging(slot, on); }
  template <typename F>
  bool Harvest(uint32_t slot, F visit) {
    return memory_.Harvest(slot, visit);
  }

  // Puts blocks in the place of the tables that map [first, last], widened to
  // whole tables, where the host has huge pages, and removes the others, so that
  // larger pages may come. Not where writes are logged. Does not take
  // slots_lock: the kernel's recovery of huge pages is not excluded by it either.
  void Collapse(Gfn first, Gfn last) {
    ForEachSlot(G::Align(first, 2), G::Align(last, 2) + G::Span(2) - 1,
                [this](Pfn root, const MemorySlot<P>& slot, Gfn from, Gfn to) {
                  if (slot.logging() && P::keeps(point::recover_respects_logging)) return;
                  huge_.Collapse(root, slot, from, to, /*remove=*/true);
                });
  }

  // Splits the block around gfn.
  void Split(Gfn gfn) {
    ForEachSlot(gfn, gfn, [this](Pfn root, const MemorySlot<P>&, Gfn from, Gfn to) {
      huge_.SplitAll(root, from, to);
    });
  }

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

  // The notifier is gone: what it has begun does not end any more.
  void Unregistered() {
    state_.mmu_lock.lock();
    const bool any = state_.slots.ForgetInvalidations();
    P::Check(any || state_.invalidation.in_progress() == 0, ViolationKind::kRefcount, "N1",
             "an invalidation that has ended is still in progress");
    state_.invalidation.Forget();
    state_.mmu_lock.unlock();
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
  void Unmap(Hva first, Hva last, bool may_yield) {
    bool flush = false;
    // Invalid roots too: a zap of theirs may have yielded half-way.
    const RootFilter filter =
        P::keeps(point::unmap_all_roots) ? RootFilter::kAll : RootFilter::kValid;
    std::pair<Gfn, Gfn> range;
    for (const MemorySlot<P>& slot : state_.slots.Current()) {
      if (!slot.Overlaps(first, last, range)) continue;
      state_.invalidation.Add(range.first, range.second);
      roots_.ForEach(filter, /*shared=*/false, [&](uint32_t root) {
        const bool owed = flush && P::keeps(point::flush_carried);
        flush =
            zap_.Leaves(roots_.At(root).table.load(), range.first, range.second, may_yield, owed);
      });
    }
    // The host may free the pages as soon as this returns.
    if (flush && P::keeps(point::unmap_flushes)) state_.FlushRemoteTlbs();
  }

  // Calls body(root, slot, from, to) for each valid root and what there is of
  // [first, last] in each slot, with the shared MMU lock, which body may give up.
  template <typename F>
  void ForEachSlot(Gfn first, Gfn last, F body) {
    state_.slots.BeginReading();
    for (const MemorySlot<P>& slot : state_.slots.Current()) {
      const Gfn from = std::max(first, slot.first);
      const Gfn to = std::min(last, slot.last);
      if (from > to || slot.invalid) continue;
      state_.mmu_lock.lock_shared();
      roots_.ForEach(RootFilter::kValid, /*shared=*/true,
                     [&](uint32_t root) { body(roots_.At(root).table.load(), slot, from, to); });
      state_.mmu_lock.unlock_shared();
    }
    state_.slots.EndReading();
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
  TdpMemory<P, G> memory_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_MMU_H_
