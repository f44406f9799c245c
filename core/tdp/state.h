// What the parts of one VM's TDP MMU share.
#ifndef RACEWALK_CORE_TDP_STATE_H_
#define RACEWALK_CORE_TDP_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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
#include "core/tdp/table.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

// Designs that shipped at one time or another; see core/tdp/README.md.
struct TdpVariant {
  // Early 2022: the MMU owns no reference; whoever puts the last one zaps.
  bool last_put_zaps = false;
  // Before 2024: accessed and dirty bits reach the host when an entry is zapped.
  bool ad_at_zap = false;
  // 5.18 to 6.5: invalid roots are zapped by a worker.
  bool async_zap = false;
};

// What the processors offer and what the hypervisor was told to do.
struct TdpOptions {
  // The processors set A and D. If not, ageing takes the permissions away.
  bool ad_bits = true;
  // Logging by D and the page-modification log instead of by write protection.
  bool dirty_bit_logging = false;
  // Blocks are split when logging begins, not by the first write.
  bool eager_split = true;
  // The processors' translations can be dropped for a range, from outside.
  bool ranged_flush = false;
};

// Lock order: slots_lock, mmu_lock, pages_lock. A read section of `slots` may
// be held around all but slots_lock; the read side of `rcu` nests inside
// mmu_lock and is left before mmu_lock is given up.
template <Platform P, typename G>
struct TdpState {
  // Blocks are mapped below the root only, as no processor maps 512 GiB.
  static constexpr int kMaxLeafLevel = G::kLevels - 1;

  TdpState(Environment& env, TdpTables<P, G>& pool, typename P::Rcu& domain,
           std::vector<Vcpu<P>*> cpus, TdpVariant v, TdpOptions o)
      : environment(env),
        tables(pool),
        rcu(domain),
        vcpus(std::move(cpus)),
        variant(v),
        options(o) {
    P::Check(options.ad_bits || !variant.ad_at_zap, ViolationKind::kAssertion, "",
             "without accessed and dirty bits there is nothing to pass on when an entry is zapped");
    life.Begin();
    if (variant.async_zap) worker.emplace("zap_worker");
    for (auto& count : mapped_pages) count.initialize(0);
  }

  Environment& environment;
  TdpTables<P, G>& tables;
  typename P::Rcu& rcu;  // of page tables; the host's, since callbacks outlive the VM's threads
  std::vector<Vcpu<P>*> vcpus;
  const TdpVariant variant;
  const TdpOptions options;

  LifeWord<P> life{WordName{"vm_life"}};
  typename P::Mutex slots_lock{"slots_lock"};
  typename P::SharedMutex mmu_lock{"mmu_lock"};
  typename P::Mutex pages_lock{"pages_lock"};
  Invalidation<P> invalidation;
  MemorySlots<P> slots;
  PfnCaches<P> caches{environment, slots, invalidation};
  TrackedFrames<P> tracked;
  // async_zap: a queue of work. Nobody reads under it, so that a callback runs
  // as soon as there is a thread for it.
  std::optional<typename P::Rcu> worker;

  // Statistics; S4 says that they equal a recount at rest. Mapped: by level, from 1.
  typename P::template Atomic<int64_t> table_pages{0, WordName{"table_pages"}};
  std::array<typename P::template Atomic<int64_t>, kMaxLeafLevel> mapped_pages;

  void CountMapped(int level, int64_t pages) {
    // relaxed: a statistic
    mapped_pages[static_cast<std::size_t>(level) - 1].fetch_add(pages, std::memory_order_relaxed);
  }

  // Returns when no vCPU can use a translation that was cached before: each is
  // outside of guest mode, or has been, and flushes before it enters again.
  void FlushRemoteTlbs() {
    for (Vcpu<P>* vcpu : vcpus) vcpu->Request(kRequestFlush, environment);
  }

  // The same for what was reached through one entry.
  void FlushEntry(Gfn gfn, int level) {
    if (!options.ranged_flush) return FlushRemoteTlbs();
    const Gfn pages = P::keeps(point::flush_covers_entry) ? G::Span(level) : 1;
    const Gfn first = G::Align(gfn, level);
    for (Vcpu<P>* vcpu : vcpus) environment.FlushRange(vcpu->index(), first, first + pages - 1);
  }

  // Whether the page has been used or written since that was last forgotten.
  bool Accessed(const Spte<P>& leaf) const {
    return options.ad_bits ? leaf.accessed() : !leaf.tracked();
  }
  bool Dirty(const Spte<P>& leaf) const { return options.ad_bits ? leaf.dirty() : leaf.writable(); }

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
