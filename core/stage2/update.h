// Changing an entry: break-before-make, attributes, and what becomes of a table
// that was taken out (kernel: stage2_try_break_pte, stage2_make_pte,
// stage2_try_set_pte, kvm_pgtable_stage2_free_unlinked; PROTOCOL 2.2 to 2.4, 2.7).
//
// Invariants: A1 (references of a table page: one and one for each counted
// entry), A2 (a valid entry becomes another one only by way of an invalid one
// and a flush), A3 (only whoever locked an entry makes it valid again).
#ifndef RACEWALK_CORE_STAGE2_UPDATE_H_
#define RACEWALK_CORE_STAGE2_UPDATE_H_

#include <cstdint>

#include "core/platform/platform.h"
#include "core/stage2/state.h"
#include "core/stage2/walker.h"

namespace racewalk {

template <Platform P, typename G>
class Stage2Update {
 public:
  using Walker = Stage2Walker<P, G>;
  using Context = typename Walker::Context;

  Stage2Update(Stage2State<P, G>& state, Walker& walker) : state_(state), walker_(walker) {}

  // Locks the entry and forgets what was cached for it. False, and nothing is
  // done, if it is not `at.old` any more or is somebody else's.
  [[nodiscard, gnu::always_inline]] bool TryBreak(const Context& at) {
    if (at.old.locked() && P::keeps(point::break_respects_lock)) [[unlikely]] {
      P::Check(at.shared(), ViolationKind::kLockDiscipline, "A3",
               "{thread} meets a locked entry although it holds the MMU lock exclusively");
      return false;
    }
    // relaxed: what the entry was is known since the walk has read it, and what
    // it becomes is published by Make alone
    if (!Change(at, Pte<P>::Locked(), std::memory_order_relaxed)) return false;
    if (at.old.valid() && P::keeps(point::break_flushes)) [[unlikely]] {
      FlushEntry(Context(at));
    }
    if (at.old.leaf()) [[unlikely]] {
      state_.Unpin(at.old.pfn());
    }
    if (at.old.counted() && (!at.old.leaf() || P::keeps(point::break_puts_leaf))) {
      state_.Put(at.table);
    }
    return true;
  }

  // Of an entry that TryBreak has locked.
  [[gnu::always_inline]] void Make(const Context& at, Pte<P> now) {
    auto& word = walker_.WordOf(at);
    if constexpr (P::kChecks) {
      P::Check(word.peek().locked(), ViolationKind::kAssertion, "A3",
               "{thread} makes an entry that it has not locked");
    }
    if (now.counted()) state_.Get(walker_.PageOf(at));
    if (now.leaf()) state_.Pin(now.pfn());
    Store(at, now, P::order(point::make_publish));
  }

  // FEAT_BBM level 2: a valid entry by another that maps the same pages.
  [[nodiscard]] bool TryReplace(const Context& at, Pte<P> now) {
    if (!Change(at, now, P::order(point::make_publish))) return false;
    if (P::keeps(point::break_flushes)) FlushEntry(at);
    return true;
  }

  // Makes the table that is missing at `at`. A block in its place goes; its
  // pages are mapped again when they are used.
  [[gnu::cold, gnu::noinline]] WalkResult Link(const Context& at) {
    const Pfn child = state_.NewTable(at.level - 1, at.gfn);
    if (TryBreak(at)) {
      Make(at, state_.tables.LinkTo(child));
      return WalkResult::kDone;
    }
    FreeUnused(child);
    return WalkResult::kAgain;
  }

  // Maps by `child`, which nobody knows yet, what the block at `at` maps.
  void Fill(Pfn child, const Context& at) {
    auto& entries = state_.tables.At(child).entries;
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      const Pte<P> part = at.old.Part(i * G::Span(at.level - 1));
      entries[i].initialize(part);
      P::Trace(TraceKind::kEntrySet, Place(child, i), part.raw);
    }
    state_.Get(child, static_cast<int32_t>(G::kEntries));
  }

  // Bits of a valid entry; the page stays. The caller flushes if it has to.
  [[nodiscard]] bool TryAttributes(const Context& at, Pte<P> now) {
    // relaxed: the bits say nothing about anything else
    if (now == at.old) return true;
    return Change(at, now, std::memory_order_relaxed);
  }

  // With the exclusive lock: empties a counted entry. The caller flushes.
  void Clear(const Context& at) {
    // relaxed: the exclusive lock orders software; hardware orders nothing
    Store(at, Pte<P>{}, std::memory_order_relaxed);
    if (at.old.leaf()) state_.Unpin(at.old.pfn());
    state_.Put(at.table);
  }

  // Of a table that no entry links any more, by whoever took it out; `shared`:
  // others may still walk in it.
  void FreeSubtree(Pte<P> link, int level, Gfn base, bool shared) {
    Stage2Table<P, G>& table = state_.tables.Follow(link, level, base);
    if (!shared) return FreePages(state_, table);
    if (state_.variant.design == SubtreeDesign::kLockSubtree) {
      LockEntries(table, level, base);
      return;
    }
    if (P::keeps(point::subtree_freed_by_rcu)) {
      state_.rcu.call(table.head, &FreeCallback, &table);
    } else {
      FreePages(state_, table);
    }
  }

  // Of a table that never was linked.
  void FreeUnused(Pfn table) { FreePages(state_, state_.tables.At(table)); }

  // The entry's whole range, and pointers to tables below it.
  [[gnu::cold, gnu::noinline]] void FlushEntry(const Context& at) {
    state_.FlushMany(at.gfn, P::keeps(point::break_flushes_all) ? at.last() : at.gfn);
  }

 private:
  // With kWalkShared by compare-exchange, else by a store: nobody but the
  // hardware changes entries then, and an access flag may be lost.
  [[gnu::always_inline]] bool Change(const Context& at, Pte<P> now, Order order) {
    if (!at.shared() || !P::keeps(point::shared_walk_compares)) {
      Store(at, now, order);
      return true;
    }
    Pte<P> expected = at.old;
    if (!walker_.WordOf(at).compare_exchange(expected, now, order)) return false;
    P::Trace(TraceKind::kEntrySet, Place(at.table, G::Index(at.gfn, at.level)), now.raw);
    return true;
  }
  [[gnu::always_inline]] void Store(const Context& at, Pte<P> now, Order order) {
    walker_.WordOf(at).store(now, order);
    P::Trace(TraceKind::kEntrySet, Place(at.table, G::Index(at.gfn, at.level)), now.raw);
  }
  static uint64_t Place(Pfn table, uint32_t index) { return uint64_t{table} << 16 | index; }

  // lock_subtree: takes ownership of every entry, also of empty ones, or a
  // walker that is already here could put something there that nobody finds;
  // and not before whoever has locked it is done with it. The value that the
  // exchange returns says whose it was.
  void LockEntries(Stage2Table<P, G>& table, int level, Gfn base) {
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      const Pte<P> before = LockEntry(table.entries[i]);
      if (before.counted()) state_.Put(table.pfn);
      if (before.leaf()) state_.Unpin(before.pfn());
      if (!before.table()) continue;
      const Gfn gfn = base + i * G::Span(level);
      LockEntries(state_.tables.Follow(before, level - 1, gfn), level - 1, gfn);
    }
    state_.rcu.call(table.head, &FreeOneCallback, &table);
  }
  Pte<P> LockEntry(typename Stage2Table<P, G>::Entry& word) {
    if (!P::keeps(point::lock_covers_empty)) {
      // relaxed: the design without this point
      const Pte<P> seen = word.load(std::memory_order_relaxed);
      if (!seen.counted()) return seen;
    }
    for (;;) {
      const Pte<P> before = word.exchange(Pte<P>::Locked(), P::order(point::lock_acquire));
      if (!before.locked() || !P::keeps(point::lock_spins)) return before;
      P::Pause();
    }
  }

  static Stage2State<P, G>& StateOf(Stage2Table<P, G>& table) {
    auto* state = static_cast<Stage2State<P, G>*>(table.owner);
    state->life.Check();
    return *state;
  }
  static void FreeOneCallback(void* argument) {
    auto& table = *static_cast<Stage2Table<P, G>*>(argument);
    StateOf(table).PutLast(table.pfn);
  }
  // Nobody can be in the subtree any more: a plain walk finds everything, also
  // what late walkers have put there after it was taken out.
  static void FreeCallback(void* argument) {
    auto& table = *static_cast<Stage2Table<P, G>*>(argument);
    FreePages(StateOf(table), table);
  }
  static void FreePages(Stage2State<P, G>& state, Stage2Table<P, G>& table) {
    const int level = table.level.load();
    const Gfn base = table.base.load();
    const Gfn pages = P::keeps(point::subtree_is_whole) ? G::Span(level + 1) : G::Span(level);
    Walker(state).WalkUnlinked(table.pfn, level, base, base + pages - 1,
                               [&](const Context& at, Visit when) {
                                 if (at.old.counted()) state.Put(at.table);
                                 if (at.old.leaf()) state.Unpin(at.old.pfn());
                                 if (when == Visit::kTableAfter) state.PutLast(at.old.pfn());
                                 return WalkResult::kDone;
                               });
    if (P::keeps(point::subtree_last_put)) state.PutLast(table.pfn);
  }

  Stage2State<P, G>& state_;
  Walker walker_;  // as in Stage2Map
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_UPDATE_H_
