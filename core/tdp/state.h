// What the parts of one VM's TDP MMU share.
#ifndef RACEWALK_CORE_TDP_STATE_H_
#define RACEWALK_CORE_TDP_STATE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/environment.h"
#include "core/notifier/invalidation.h"
#include "core/platform/platform.h"
#include "core/tables/life.h"
#include "core/tdp/table.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

// Designs that shipped at one time or another; see core/tdp/README.md.
struct TdpVariant {
  // Early 2022: the MMU owns no reference; whoever puts the last one zaps.
  bool last_put_zaps = false;
  // Before 2024: accessed and dirty bits reach the host when an entry is zapped.
  bool ad_at_zap = false;
};

// Lock order: slots_lock, mmu_lock, pages_lock. The read side of `rcu` nests
// inside mmu_lock and is left before mmu_lock is given up.
template <Platform P, typename G>
struct TdpState {
  TdpState(Environment& env, TdpTables<P, G>& pool, typename P::Rcu& domain,
           std::vector<Vcpu<P>*> cpus, TdpVariant v)
      : environment(env), tables(pool), rcu(domain), vcpus(std::move(cpus)), variant(v) {
    life.Begin();
  }

  Environment& environment;
  TdpTables<P, G>& tables;
  typename P::Rcu& rcu;  // of page tables; the host's, since callbacks outlive the VM's threads
  std::vector<Vcpu<P>*> vcpus;
  const TdpVariant variant;

  LifeWord<P> life{WordName{"vm_life"}};
  typename P::Mutex slots_lock{"slots_lock"};
  typename P::SharedMutex mmu_lock{"mmu_lock"};
  typename P::Mutex pages_lock{"pages_lock"};
  Invalidation<P> invalidation;

  // Statistics; S4 says that they equal a recount at rest.
  typename P::template Atomic<int64_t> table_pages{0, WordName{"table_pages"}};
  typename P::template Atomic<int64_t> mapped_pages{0, WordName{"mapped_pages"}};

  // Returns when no vCPU can use a translation that was cached before: each is
  // outside of guest mode, or has been, and flushes before it enters again.
  void FlushRemoteTlbs() {
    for (Vcpu<P>* vcpu : vcpus) vcpu->Request(kRequestFlush, environment);
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

#endif  // RACEWALK_CORE_TDP_STATE_H_
