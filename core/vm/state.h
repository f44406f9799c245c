// What the parts of any MMU of one VM share.
#ifndef RACEWALK_CORE_VM_STATE_H_
#define RACEWALK_CORE_VM_STATE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/environment.h"
#include "core/host_page.h"
#include "core/notifier/invalidation.h"
#include "core/pfncache/gfn_to_pfn_cache.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/slots/tracked_frames.h"
#include "core/tables/life.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

// How the host tells the MMU of pages that go.
enum class NotifierDesign : uint8_t {
  // A start before the host changes its page table and an end after it; faults
  // in between are refused by range and count.
  kCurrent,
  // 2008: one callback, after the host's page table has changed and before the
  // page is given up. The sequence alone tells a fault, and each entry that maps
  // a page holds a reference to it.
  kV14,
};

// Lock order: slots_lock, mmu_lock, and what the MMU adds. A read section of
// `slots` may be held around all but slots_lock; the read side of `rcu` nests
// inside mmu_lock and is left before mmu_lock is given up.
template <Platform P>
struct VmState {
  VmState(typename P::Environment& env, typename P::Rcu& domain, std::vector<Vcpu<P>*> cpus,
          NotifierDesign design)
      : environment(env), rcu(domain), vcpus(std::move(cpus)), notifier(design) {
    life.Begin();
  }

  typename P::Environment& environment;
  typename P::Rcu& rcu;  // of page tables; the host's, since callbacks outlive the VM's threads
  std::vector<Vcpu<P>*> vcpus;
  const NotifierDesign notifier;

  LifeWord<P> life{WordName{"vm_life"}};
  typename P::Mutex slots_lock{"slots_lock"};
  typename P::SharedMutex mmu_lock{"mmu_lock"};
  Invalidation<P> invalidation;
  MemorySlots<P> slots;
  PfnCaches<P> caches{environment, slots, invalidation};
  TrackedFrames<P> tracked;

  bool v14() const { return notifier == NotifierDesign::kV14; }

  // Whether a fault may map what it has looked up since `snapshot`. With the MMU
  // lock held, and held on until the mapping is installed.
  bool MustRetry(uint64_t snapshot, Gfn gfn) const {
    if (v14()) [[unlikely]] {
      return invalidation.HasEnded(snapshot);
    }
    return invalidation.MustRetry(snapshot, gfn);
  }

  // Gives back what FaultIn has returned.
  void ReleasePage(const HostPage& page, bool dirty) { GiveBack<P>(environment, page, dirty); }

  // v14: for an entry that begins or has ceased to map a page. Whoever installs
  // the entry has the reference of its lookup until after that.
  void Pin(Pfn pfn) {
    if (v14() && environment.IsCounted(pfn) && P::keeps(point::entry_pins)) {
      environment.GetPage(pfn);
    }
  }
  void Unpin(Pfn pfn) {
    if (v14() && (environment.IsCounted(pfn) || !P::keeps(point::unpin_needs_count))) {
      environment.PutPage(pfn);
    }
  }

  // The MMU lock, in the mode that a walk which may be either was asked for.
  void Lock(bool shared) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (shared) {
      mmu_lock.lock_shared();
    } else {
      mmu_lock.lock();
    }
  }
  void Unlock(bool shared) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (shared) {
      mmu_lock.unlock_shared();
    } else {
      mmu_lock.unlock();
    }
  }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_STATE_H_
