// What the parts of one VM's TDP MMU share beside what those of any do.
#ifndef RACEWALK_CORE_TDP_STATE_H_
#define RACEWALK_CORE_TDP_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/platform/platform.h"
#include "core/tdp/table.h"
#include "core/vcpu/vcpu.h"
#include "core/vm/state.h"

namespace racewalk {

// Designs that shipped at one time or another; see core/tdp/README.md.
struct TdpVariant {
  // Early 2022: the MMU owns no reference; whoever puts the last one zaps.
  bool last_put_zaps = false;
  // Before 2024: accessed and dirty bits reach the host when an entry is zapped.
  bool ad_at_zap = false;
  // 5.18 to 6.5: invalid roots are zapped by a worker.
  bool async_zap = false;
  NotifierDesign notifier = NotifierDesign::kCurrent;
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

// Below mmu_lock comes pages_lock.
template <Platform P, typename G>
struct TdpState : VmState<P> {
  // Blocks are mapped below the root only, as no processor maps 512 GiB.
  static constexpr int kMaxLeafLevel = G::kLevels - 1;

  TdpState(typename P::Environment& env, TdpTables<P, G>& pool, typename P::Rcu& domain,
           std::vector<Vcpu<P>*> cpus, TdpVariant v, TdpOptions o)
      : VmState<P>(env, domain, std::move(cpus), v.notifier), tables(pool), variant(v), options(o) {
    Require<P>(
        options.ad_bits || !variant.ad_at_zap,
        "without accessed and dirty bits there is nothing to pass on when an entry is zapped");
    if (variant.async_zap) worker.emplace("zap_worker");
    for (std::size_t i = 0; i < mapped_pages.size(); ++i) {
      mapped_pages[i].set_name(WordName{"mapped_pages", static_cast<uint32_t>(i) + 1});
    }
  }

  TdpTables<P, G>& tables;
  const TdpVariant variant;
  const TdpOptions options;

  typename P::Mutex pages_lock{"pages_lock"};
  // async_zap: a queue of work. Nobody reads under it, so that a callback runs
  // as soon as there is a thread for it.
  std::optional<typename P::Rcu> worker;

  // Statistics; S4 says that they equal a recount at rest. Mapped: by level, from 1.
  typename P::Counter table_pages{WordName{"table_pages"}};
  std::array<typename P::Counter, kMaxLeafLevel> mapped_pages;

  [[gnu::always_inline]] void CountMapped(int level, int64_t pages) {
    mapped_pages[static_cast<std::size_t>(level) - 1].add(pages);
  }

  // Returns when no vCPU can use a translation that was cached before: each is
  // outside of guest mode, or has been, and flushes before it enters again.
  void FlushRemoteTlbs() {
    P::Trace(TraceKind::kFlush, static_cast<uint64_t>(FlushScope::kRequest));
    for (Vcpu<P>* vcpu : this->vcpus) vcpu->Request(kRequestFlush, this->environment);
  }

  // The same for what was reached through one entry.
  void FlushEntry(Gfn gfn, int level) {
    if (!options.ranged_flush) return FlushRemoteTlbs();
    const Gfn pages = P::keeps(point::flush_covers_entry) ? G::Span(level) : 1;
    const Gfn first = G::Align(gfn, level);
    P::Trace(TraceKind::kFlush,
             static_cast<uint64_t>(pages == 1 ? FlushScope::kPage : FlushScope::kRange));
    for (Vcpu<P>* vcpu : this->vcpus) {
      this->environment.FlushRange(vcpu->index(), first, first + pages - 1,
                                   /*wait_for_walks=*/true);
    }
  }

  // Whether the page has been used or written since that was last forgotten.
  bool Accessed(const Spte<P>& leaf) const {
    return options.ad_bits ? leaf.accessed() : !leaf.tracked();
  }
  bool Dirty(const Spte<P>& leaf) const { return options.ad_bits ? leaf.dirty() : leaf.writable(); }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_STATE_H_
