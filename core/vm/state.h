// What the parts of any MMU of one VM share.
#ifndef RACEWALK_CORE_VM_STATE_H_
#define RACEWALK_CORE_VM_STATE_H_

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/environment.h"
#include "core/notifier/invalidation.h"
#include "core/pfncache/gfn_to_pfn_cache.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/slots/tracked_frames.h"
#include "core/tables/life.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

// Lock order: slots_lock, mmu_lock, and what the MMU adds. A read section of
// `slots` may be held around all but slots_lock; the read side of `rcu` nests
// inside mmu_lock and is left before mmu_lock is given up.
template <Platform P>
struct VmState {
  VmState(Environment& env, typename P::Rcu& domain, std::vector<Vcpu<P>*> cpus)
      : environment(env), rcu(domain), vcpus(std::move(cpus)) {
    life.Begin();
  }

  Environment& environment;
  typename P::Rcu& rcu;  // of page tables; the host's, since callbacks outlive the VM's threads
  std::vector<Vcpu<P>*> vcpus;

  LifeWord<P> life{WordName{"vm_life"}};
  typename P::Mutex slots_lock{"slots_lock"};
  typename P::SharedMutex mmu_lock{"mmu_lock"};
  Invalidation<P> invalidation;
  MemorySlots<P> slots;
  PfnCaches<P> caches{environment, slots, invalidation};
  TrackedFrames<P> tracked;

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
