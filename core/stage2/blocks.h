// Blocks: putting one in the place of a table, and a table in the place of a
// block (kernel: stage2_map_walk_table_pre, stage2_split_walker; PROTOCOL 2.5
// to 2.7).
#ifndef RACEWALK_CORE_STAGE2_BLOCKS_H_
#define RACEWALK_CORE_STAGE2_BLOCKS_H_

#include <algorithm>

#include "core/platform/platform.h"
#include "core/stage2/state.h"
#include "core/stage2/update.h"
#include "core/stage2/walker.h"
#include "core/vm/mapping_level.h"

namespace racewalk {

template <Platform P, typename G>
class Stage2Blocks {
 public:
  using Slot = MemorySlot<P>;
  using Context = typename Stage2Walker<P, G>::Context;

  Stage2Blocks(Stage2State<P, G>& state, Stage2Walker<P, G>& walker, Stage2Update<P, G>& update)
      : state_(state), walker_(walker), update_(update) {}

  // --- Visitors' parts. ---

  // Puts `leaf` where no table is.
  [[gnu::always_inline]] WalkResult Put(const Context& at, Pte<P> leaf) {
    if (!update_.TryBreak(at)) return WalkResult::kAgain;
    if (!P::keeps(point::make_follows_break)) return WalkResult::kAgain;
    const bool in_time = P::keeps(point::clean_comes_first);
    if (in_time) Clean(leaf, at.level);
    update_.Make(at, leaf);
    if (!in_time) Clean(leaf, at.level);
    return WalkResult::kDone;
  }

  // Puts `block` in the place of the table at `at`, which goes with all below.
  [[gnu::cold, gnu::noinline]] WalkResult Coalesce(const Context& at, Pte<P> block) {
    if (NeedsExclusive(at)) return WalkResult::kExclusive;
    if (state_.variant.bbm2) {
      const bool in_time = P::keeps(point::clean_comes_first);
      if (in_time) Clean(block, at.level);
      if (!update_.TryReplace(at, block)) return WalkResult::kAgain;
      if (!in_time) Clean(block, at.level);
    } else {
      if (const WalkResult put = Put(at, block); put != WalkResult::kDone) return put;
    }
    P::Trace(TraceKind::kCollapsed, at.gfn, static_cast<uint64_t>(at.level));
    update_.FreeSubtree(at.old, at.level - 1, at.gfn, at.shared());
    return WalkResult::kDone;
  }

  // Whether a page below the table at `at` was given away.
  bool HasDonated(const Context& at) { return HasDonated(at.old, at.level - 1, at.gfn); }

  // Puts a table in the place of the block at `at`; built off to the side, so
  // that a lost race leaves the block as it is.
  WalkResult SplitOne(const Context& at) {
    if (!at.old.leaf() || at.level == 1) return WalkResult::kDone;
    const Pfn child = state_.NewTable(at.level - 1, at.gfn);
    update_.Fill(child, at);
    const Pte<P> link = state_.tables.LinkTo(child);
    if (state_.variant.bbm2) {
      if (update_.TryReplace(at, link)) return WalkResult::kDone;
    } else if (update_.TryBreak(at)) {
      update_.Make(at, link);
      return WalkResult::kDone;
    }
    update_.FreeUnused(child);
    // Turned down: the helper has dropped the last reference already.
    if (!P::keeps(point::unused_put_once)) state_.PutLast(child);
    return WalkResult::kAgain;
  }

  // --- Operations, without the MMU lock. ---

  // Puts blocks in the place of the tables within [first, last] that the host
  // backs by huge pages, and removes the others there.
  void Collapse(const Slot& slot, Gfn first, Gfn last) {
    const bool shared = state_.variant.design != SubtreeDesign::kRwlock;
    ForEachChunk(first, last, shared, [&](Gfn from, Gfn to) {
      walker_.Walk(from, to, kVisitTableBefore | (shared ? uint32_t{kWalkShared} : 0),
                   [&](const Context& at, Visit) {
                     if (at.gfn < first || at.last() > last) return WalkResult::kDone;
                     return CollapseOne(at, slot);
                   });
    });
  }

  // Splits every block of [first, last], but those that others are changing.
  void SplitAll(Gfn first, Gfn last) {
    ForEachChunk(first, last, /*shared=*/true, [&](Gfn from, Gfn to) {
      walker_.Walk(from, to, kVisitLeaf | kWalkShared,
                   [&](const Context& at, Visit) { return SplitOne(at); });
    });
  }

  // Calls body(from, to) for pieces of [first, last] with the MMU lock, and
  // offers it to others between them.
  template <typename F>
  void ForEachChunk(Gfn first, Gfn last, bool shared, F body) {
    state_.Lock(shared);
    Chunks(first, last, shared, /*may_yield=*/true, body);
    state_.Unlock(shared);
  }
  // The same with the lock held.
  template <typename F>
  void Chunks(Gfn first, Gfn last, bool shared, bool may_yield, F body) {
    P::Trace(TraceKind::kWalk, first);
    for (Gfn from = first; from <= last;) {
      const Gfn to = std::min(last, (from | (Stage2State<P, G>::kChunk - 1)));
      P::Trace(TraceKind::kVisit, from);
      body(from, to);
      from = to + 1;
      if (from > last) break;
      if (!may_yield && P::keeps(point::unmap_respects_atomic)) continue;
      if (!P::ShouldYield(state_.mmu_lock, point::chunks_yield)) continue;
      state_.Unlock(shared);
      P::Trace(TraceKind::kYielded, from);
      state_.Lock(shared);
    }
  }

 private:
  [[gnu::cold, gnu::noinline]] bool HasDonated(Pte<P> link, int level, Gfn base) {
    auto& entries = state_.tables.Follow(link, level, base).entries;
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      const Pte<P> entry = entries[i].load(P::order(point::stage2_follow));
      if (entry.donated()) return true;
      if (entry.table() && HasDonated(entry, level - 1, base + i * G::Span(level))) return true;
    }
    return false;
  }

  bool NeedsExclusive(const Context& at) const {
    return at.shared() && state_.variant.design == SubtreeDesign::kRwlock;
  }

  // What instructions are fetched from must have left the data caches, and be in
  // no instruction cache, before anybody can fetch through the entry.
  void Clean(Pte<P> leaf, int level) {
    if (!P::keeps(point::clean_before_make)) return;
    for (Gfn page = 0; page < G::Span(level); ++page) {
      state_.environment.CleanPage(leaf.Part(page).pfn());
    }
  }

  WalkResult CollapseOne(const Context& at, const Slot& slot) {
    // It would map what was given away, or forget that it was.
    if (HasDonated(at)) return WalkResult::kDone;
    const bool small = slot.logging() && P::keeps(point::recover_respects_logging);
    const int host = small ? 1 : state_.environment.MappingLevel(slot.AddressOf(at.gfn));
    const int most = std::min(host, Stage2State<P, G>::kMaxLeafLevel);
    if (LevelThatFits<G>(slot, at.gfn, most, &state_.tracked) >= at.level) {
      Pte<P> block;
      return BlockFor(at, block) ? Coalesce(at, block) : WalkResult::kDone;
    }
    if (NeedsExclusive(at)) return WalkResult::kExclusive;
    if (!update_.TryBreak(at)) return WalkResult::kAgain;
    update_.Make(at, Pte<P>{});
    P::Trace(TraceKind::kCollapsed, at.gfn, static_cast<uint64_t>(at.level));
    update_.FreeSubtree(at.old, at.level - 1, at.gfn, at.shared());
    return WalkResult::kDone;
  }

  // The block that maps what a page right below the table maps; false if none is
  // mapped there.
  bool BlockFor(const Context& at, Pte<P>& block) {
    for (auto& word : state_.tables.At(at.old.pfn()).entries) {
      const Pte<P> page = word.load(P::order(point::stage2_follow));
      if (!page.leaf()) continue;
      block = page.Whole(G::Span(at.level));
      return true;
    }
    return false;
  }
  Stage2State<P, G>& state_;
  // As in Stage2Map.
  Stage2Walker<P, G> walker_;
  Stage2Update<P, G> update_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_BLOCKS_H_
