// Blocks: at which level a frame may be mapped, and turning tables into blocks
// and blocks into tables (KVM: kvm_mmu_hugepage_adjust, tdp_mmu_split_huge_page,
// recover_huge_pages_range).
#ifndef RACEWALK_CORE_TDP_HUGE_H_
#define RACEWALK_CORE_TDP_HUGE_H_

#include <algorithm>
#include <cstdint>

#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/tdp/iterator.h"
#include "core/tdp/state.h"
#include "core/tdp/update.h"
#include "core/tdp/yield.h"
#include "core/vm/mapping_level.h"

namespace racewalk {

// All of these: with the MMU lock held shared.
template <Platform P, typename G>
class TdpHuge {
 public:
  using Entry = Spte<P>;
  using Iterator = TdpIterator<P, G>;
  using Slot = MemorySlot<P>;

  TdpHuge(TdpState<P, G>& state, TdpUpdate<P, G>& update) : state_(state), update_(update) {}

  // The highest level at which a fault may map gfn.
  [[gnu::always_inline]] int GoalLevel(const Slot& slot, Gfn gfn) const {
    return Level(slot, gfn, P::keeps(point::logging_maps_small),
                 P::keeps(point::tracked_maps_small));
  }

  // Replaces the block at the iterator by a table of the pages it maps. Needs
  // no flush: all translations stay. False if the entry has changed; then
  // iter.old is what it is now.
  bool Split(Iterator& iter) {
    const Pfn child = state_.tables.Allocate(iter.level - 1, iter.gfn, &state_);
    Fill(child, iter.old, iter.level);
    if (Link(iter, child)) return true;
    state_.tables.FreeUnused(child);
    return false;
  }

  // Splits every block of [first, last]. May give up the MMU lock on the way.
  void SplitAll(Pfn root, Gfn first, Gfn last) {
    bool no_flush = false;
    state_.rcu.read_lock();
    for (Iterator iter(state_.tables, state_.rcu, root, 1, first, last + 1); iter.valid();
         iter.Next()) {
      if (MaybeYield(state_, iter, no_flush, /*shared=*/true, point::split_yields)) continue;
      if (iter.level > 1 && iter.old.leaf()) SplitOne(iter);
    }
    state_.rcu.read_unlock();
  }

  // Puts blocks in the place of the tables within [first, last] that the host
  // backs by huge pages. Other tables there are removed if `remove` says so, so
  // that the next fault may map what the host has by then. May give up the lock.
  void Collapse(Pfn root, const Slot& slot, Gfn first, Gfn last, bool remove) {
    bool flush_later = false;
    bool flush = false;
    state_.rcu.read_lock();
    for (Iterator iter(state_.tables, state_.rcu, root, 2, first, last + 1); iter.valid();
         iter.Next()) {
      if (MaybeYield(state_, iter, flush, /*shared=*/true, point::collapse_yields)) continue;
      if (iter.gfn < first || iter.gfn + G::Span(iter.level) - 1 > last) continue;
      while (iter.old.table()) {
        const int level = RecoverLevel(slot, iter);
        if (level >= iter.level) {
          Entry block;
          if (!BlockFor(iter, block)) break;
          if (update_.TryShared(iter, block)) {
            P::Trace(TraceKind::kCollapsed, iter.gfn, static_cast<uint64_t>(iter.level));
            flush = true;
            break;
          }
        } else if (!remove) {
          break;
        } else if (update_.ZapShared(iter, flush_later)) {
          P::Trace(TraceKind::kCollapsed, iter.gfn, static_cast<uint64_t>(iter.level));
          break;
        }
        P::Pause();
      }
    }
    // Before the grace period of the tables that went can end.
    if (flush && P::keeps(point::recover_flushes)) state_.FlushRemoteTlbs();
    state_.rcu.read_unlock();
    if (flush_later) state_.FlushRemoteTlbs();
  }

 private:
  // The level at which the pages below the iterator's table may be mapped.
  int RecoverLevel(const Slot& slot, const Iterator& iter) const {
    // An invalidation that has let us in, halfway through the table, goes on
    // where it was: a block would bring back the pages that it has behind it,
    // and a split of that block would keep them.
    if (state_.invalidation.InProgress(iter.gfn, iter.gfn + G::Span(iter.level) - 1) &&
        P::keeps(point::recover_respects_unmap)) {
      return 1;
    }
    return Level(slot, iter.gfn, P::keeps(point::recover_respects_logging),
                 P::keeps(point::recover_respects_tracking));
  }

  [[gnu::always_inline]] int Level(const Slot& slot, Gfn gfn, bool small_if_logging,
                                   bool small_if_tracked) const {
    if (slot.logging() && small_if_logging) return 1;
    const int host = state_.environment.MappingLevel(slot.AddressOf(gfn));
    // The same as by what follows, without it.
    if (host == 1) [[likely]] {
      return 1;
    }
    const int most = std::min(host, TdpState<P, G>::kMaxLeafLevel);
    return LevelThatFits<G>(slot, gfn, most, small_if_tracked ? &state_.tracked : nullptr);
  }

  // Nobody knows the table yet.
  void Fill(Pfn child, const Entry& block, int level) {
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      state_.tables.At(child).entries[i].initialize(block.Part(i * G::Span(level - 1)));
    }
  }

  bool Link(Iterator& iter, Pfn child) {
    if (!update_.TryShared(iter, state_.tables.LinkTo(child))) return false;
    state_.CountMapped(iter.level - 1, G::kEntries);
    return true;
  }

  void SplitOne(Iterator& iter) {
    const Pfn child = state_.tables.Allocate(iter.level - 1, iter.gfn, &state_);
    Fill(child, iter.old, iter.level);
    while (iter.old.leaf()) {
      if (Link(iter, child)) return;
      // The hardware, ageing or another fault has changed the entry.
      if (P::keeps(point::split_refills)) Fill(child, iter.old, iter.level);
      P::Pause();
    }
    state_.tables.FreeUnused(child);
  }

  // The block that maps what a page below the iterator's table maps; false if
  // none is mapped there now.
  bool BlockFor(Iterator& iter, Entry& block) {
    const Entry link = iter.word().load(P::order(point::walk_follow));
    if (!link.table()) return false;
    TdpTable<P, G>& table = state_.tables.Follow(link, iter.level - 1, iter.gfn);
    for (auto& word : table.entries) {
      const Entry page = word.load(P::order(point::walk_follow));
      if (!page.leaf()) continue;
      block = page.Whole(G::Span(iter.level));
      return true;
    }
    return false;
  }

  TdpState<P, G>& state_;
  TdpUpdate<P, G> update_;  // as in TdpFault
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_HUGE_H_
