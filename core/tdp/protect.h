// Taking write access or dirty bits away, so that the next write shows (KVM:
// wrprot_gfn_range, clear_dirty_gfn_range, clear_dirty_pt_masked,
// write_protect_gfn).
#ifndef RACEWALK_CORE_TDP_PROTECT_H_
#define RACEWALK_CORE_TDP_PROTECT_H_

#include <bit>
#include <cstdint>

#include "core/platform/platform.h"
#include "core/tdp/iterator.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"
#include "core/tdp/yield.h"

namespace racewalk {

// The caller owes the flush, of which each function says when.
template <Platform P, typename G>
class TdpProtect {
 public:
  using Iterator = TdpIterator<P, G>;

  TdpProtect(TdpState<P, G>& state, TdpUpdate<P, G>& update) : state_(state), update_(update) {}

  // Under the shared MMU lock, which may be given up on the way: makes the next
  // write to each page of [first, last] show. Says whether an entry changed; that
  // none did does not say that no TLB has it writable.
  bool ForLogging(Pfn root, Gfn first, Gfn last) {
    bool changed = false;
    bool no_flush = false;
    state_.rcu.read_lock();
    for (Iterator iter(state_.tables, state_.rcu, root, 1, first, last + 1); iter.valid();
         iter.Next()) {
      if (MaybeYield(state_, iter, no_flush, /*shared=*/true, point::protect_yields)) continue;
      while (IsPage(iter.old)) {
        const Spte<P> desired = iter.old.without(LoggedBy(iter.level));
        if (desired == iter.old) break;
        changed = true;
        if (update_.TryShared(iter, desired)) break;
        P::Pause();
      }
    }
    state_.rcu.read_unlock();
    return changed;
  }

  // Under the exclusive MMU lock: the same for those pages from `first` that
  // `mask` (not 0) names; they were logged and so are no blocks.
  void Harvested(Pfn root, Gfn first, uint64_t mask) {
    state_.mmu_lock.AssertHeld();
    state_.rcu.read_lock();
    const Gfn begin = first + static_cast<Gfn>(std::countr_zero(mask));
    const Gfn end = first + static_cast<Gfn>(std::bit_width(mask));
    for (Iterator iter(state_.tables, state_.rcu, root, 1, begin, end, Iterator::Length::kBounded);
         iter.valid(); iter.Next()) {
      if (iter.level > 1 || !IsPage(iter.old)) continue;
      if ((mask >> (iter.gfn - first) & 1) == 0) continue;
      if ((iter.old.raw & LoggedBy(1)) != 0) update_.Clear(iter, LoggedBy(1));
    }
    state_.rcu.read_unlock();
  }

  // Under the exclusive MMU lock: takes write access to [first, last] away for
  // good, from blocks too. Says whether to flush: also where W was already 0,
  // since it may have been taken away without a flush.
  bool ForGood(Pfn root, Gfn first, Gfn last) {
    state_.mmu_lock.AssertHeld();
    uint64_t bits = spte_bits::kWrite;
    if (P::keeps(point::protect_covers_mmu_writable)) bits |= spte_bits::kMmuWritable;
    bool flush = false;
    state_.rcu.read_lock();
    for (Iterator iter(state_.tables, state_.rcu, root, 1, first, last + 1,
                       Iterator::Length::kBounded);
         iter.valid(); iter.Next()) {
      if (!iter.old.leaf() || (iter.old.raw & bits) == 0) continue;
      const Spte<P> before = update_.Clear(iter, bits);
      flush |= P::keeps(point::protect_flushes) || before.writable();
    }
    state_.rcu.read_unlock();
    return flush;
  }

 private:
  // Blocks are protected in either kind, so that they are split when written.
  uint64_t LoggedBy(int level) const {
    return state_.options.dirty_bit_logging && level == 1 ? spte_bits::kDirty : spte_bits::kWrite;
  }

  static bool IsPage(const Spte<P>& entry) {
    if (entry.table()) return false;
    return entry.leaf() || !P::keeps(point::clear_checks_present);
  }

  TdpState<P, G>& state_;
  TdpUpdate<P, G>& update_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_PROTECT_H_
