// Changing an entry: the two primitives, and what must follow every change
// (kernel: tdp_mmu_set_spte_atomic, tdp_mmu_set_spte, handle_changed_spte,
// handle_removed_pt in arch/x86/kvm/mmu/tdp_mmu.c; PROTOCOL 1.2 and 1.4).
//
// Invariants: S1 (a frozen entry is left only by whoever froze it), S2 (a leaf
// never changes its page in one step), L6 (entries of a removed table stay
// frozen until the page is freed), S5 (bits that the hardware sets meanwhile
// are not lost).
#ifndef RACEWALK_CORE_TDP_UPDATE_H_
#define RACEWALK_CORE_TDP_UPDATE_H_

#include "core/platform/platform.h"
#include "core/tdp/iterator.h"
#include "core/tdp/state.h"

namespace racewalk {

template <Platform P, typename G>
class TdpUpdate {
 public:
  using Entry = Spte<P>;
  using Iterator = TdpIterator<P, G>;

  explicit TdpUpdate(TdpState<P, G>& state) : state_(state) {}

  // With the MMU lock shared: changes the entry if it still is iter.old.
  // Otherwise refreshes iter.old and returns false.
  [[gnu::always_inline]] bool TryShared(Iterator& iter, Entry desired) {
    state_.mmu_lock.AssertHeldShared();
    P::Check(!iter.yielded, ViolationKind::kAssertion, "S1",
             "{thread} changes an entry that it read before it yielded");
    P::Check(!iter.old.frozen(), ViolationKind::kAssertion, "S1",
             "{thread} changes an entry that another thread has frozen");
    const Entry before = iter.old;
    if (!iter.word().compare_exchange(iter.old, desired, OrderOf(before, desired))) return false;
    HandleChanged(iter.gfn, before, desired, iter.level, /*shared=*/true);
    return true;
  }

  // With the MMU lock exclusive: changes the entry whatever it is now.
  void Exclusive(Iterator& iter, Entry desired) {
    state_.mmu_lock.AssertHeld();
    P::Check(!iter.yielded, ViolationKind::kAssertion, "S1",
             "{thread} changes an entry that it read before it yielded");
    P::Check(!iter.old.frozen() && !desired.frozen(), ViolationKind::kAssertion, "S1",
             "{thread} meets a frozen entry although it holds the MMU lock exclusively");
    iter.old = Replace(iter.word(), iter.old, desired);
    HandleChanged(iter.gfn, iter.old, desired, iter.level, /*shared=*/false);
  }

  // With the MMU lock exclusive: clears bits of a page's entry, whatever else
  // the hardware, ageing and faults without the lock do to it. Says what it was.
  Entry Clear(Iterator& iter, uint64_t bits) {
    state_.mmu_lock.AssertHeld();
    Entry before = iter.old;
    if (P::keeps(point::clear_bits_atomically)) {
      // relaxed: the bits say nothing about anything else
      before = iter.word().fetch_and(Entry{~bits, {}}, std::memory_order_relaxed);
    } else {
      iter.word().store(before.without(bits), std::memory_order_relaxed);  // relaxed: as above
    }
    HandleChanged(iter.gfn, before, before.without(bits), iter.level, /*shared=*/false);
    return before;
  }

  // With the MMU lock shared: removes what the entry points to. Nobody can put
  // anything else there before every vCPU has forgotten the old translation.
  // `flush_later` is set if the caller owes the flush (only when weakened).
  bool ZapShared(Iterator& iter, bool& flush_later) {
    const Entry before = iter.old;
    state_.mmu_lock.AssertHeldShared();
    P::Check(!iter.yielded && !iter.old.frozen(), ViolationKind::kAssertion, "S1",
             "{thread} zaps an entry that another thread has frozen");
    if (!iter.word().compare_exchange(iter.old, Entry::Frozen(),
                                      P::order(point::removal_acquire))) {
      return false;
    }
    if (!P::keeps(point::flush_in_read_section)) {
      flush_later = true;
    } else if (P::keeps(point::flush_frozen)) {
      state_.FlushEntry(iter.gfn, iter.level);
    }
    P::Check(iter.word().peek().frozen(), ViolationKind::kAssertion, "S1",
             "an entry that {thread} has frozen was changed by somebody else");
    // relaxed: whoever installs here next learns nothing from the empty entry.
    iter.word().store(Entry{}, std::memory_order_relaxed);
    HandleChanged(iter.gfn, before, Entry{}, iter.level, /*shared=*/true);
    return true;
  }

 private:
  [[gnu::always_inline]] static Order OrderOf(const Entry& before, const Entry& desired) {
    if (desired.table()) {
      // What is below it was copied from the page's own entry.
      if (before.leaf()) return P::order(point::removal_acquire, point::table_publish);
      return P::order(point::table_publish);
    }
    if (desired.leaf()) {
      // ad_at_zap: what the entry no longer says goes to the page that it maps.
      if (before.present()) return P::order(point::removal_acquire, point::leaf_publish);
      return P::order(point::leaf_publish);
    }
    if (before.present()) return P::order(point::removal_acquire);
    return std::memory_order_relaxed;  // relaxed: nothing to nothing
  }

  // Under the exclusive lock only the hardware changes entries, and only leaves.
  Entry Replace(typename TdpTable<P, G>::Entry& word, Entry old, Entry desired) {
    if (old.leaf() && P::keeps(point::leaf_zap_exchange)) {
      // relaxed: the exclusive lock orders software; hardware orders nothing.
      return word.exchange(desired, std::memory_order_relaxed);
    }
    word.store(desired, std::memory_order_relaxed);  // relaxed: as above
    return old;
  }

  // The only place for bookkeeping. `before` is what the change replaced.
  [[gnu::always_inline]] void HandleChanged(Gfn gfn, Entry before, Entry now, int level,
                                            bool shared) {
    P::Check(!(before.leaf() && now.leaf() && before.pfn() != now.pfn()),
             ViolationKind::kBadMapping, "S2",
             "guest frame {gfn} changes its page without being unmapped and flushed between");
    P::Check(level > 1 || !before.table(), ViolationKind::kBadMapping, "S3",
             "a table was linked where only pages can be mapped");
    P::Check(!now.leaf() || level <= TdpState<P, G>::kMaxLeafLevel, ViolationKind::kBadMapping,
             "S3", "guest memory was mapped by an entry of a level that only links tables");
    if (before.present()) return HandleReplaced(gfn, before, now, level, shared);
    if (now.leaf()) {
      state_.CountMapped(level, 1);
      state_.Pin(now.pfn());
    } else if (now.table()) {
      state_.table_pages.add(1);
    }
  }
  // Apart, since most faults find nothing: only that is worth inlining.
  [[gnu::noinline]] void HandleReplaced(Gfn gfn, Entry before, Entry now, int level, bool shared) {
    const int64_t mapped = (now.leaf() ? 1 : 0) - (before.leaf() ? 1 : 0);
    if (mapped != 0) state_.CountMapped(level, mapped);
    if (!before.table() && now.table()) state_.table_pages.add(1);
    if (now.leaf() && !before.leaf()) state_.Pin(now.pfn());
    if (before.leaf() && !now.leaf()) state_.Unpin(before.pfn());
    // A table in its place has inherited what the page's entry said.
    if (before.leaf() && !now.table() && state_.variant.ad_at_zap) TellHost(before, now, level);
    if (before.table() && !(now.table() && now.pfn() == before.pfn())) {
      RemoveTable(before, level - 1, gfn, shared);
    }
  }

  // ad_at_zap: what the hardware has noted and the new entry no longer says.
  [[gnu::noinline]] void TellHost(const Entry& before, const Entry& now, int level) {
    const bool accessed = state_.Accessed(before) && !now.leaf();
    const bool dirty = state_.Dirty(before) && !(now.leaf() && state_.Dirty(now));
    if (!accessed && !dirty) return;
    for (Gfn page = 0; page < G::Span(level); ++page) {
      state_.environment.MarkPage(before.Part(page).pfn(), accessed, dirty);
    }
  }

  // The parent no longer points here, and this thread made it so. Others may
  // still walk below, inside read sections.
  [[gnu::noinline]] void RemoveTable(Entry link, int level, Gfn base, bool shared) {
    TdpTable<P, G>& table = state_.tables.Follow(link, level, base);
    state_.table_pages.add(-1);
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      auto& word = table.entries[i];
      const Gfn gfn = base + i * G::Span(level);
      Entry before;
      if (shared) {
        before = FreezeShared(word);
      } else {
        // relaxed: ordered by the exclusive lock
        before = word.load(std::memory_order_relaxed);
        if (!before.present()) continue;
        before = Replace(word, before, Entry::Frozen());
      }
      HandleChanged(gfn, before, Entry::Frozen(), level, shared);
    }
    if (P::keeps(point::table_freed_by_rcu)) {
      state_.rcu.call(table.head, &FreeCallback, &table);
    } else {
      FreeCallback(&table);
    }
  }

  // Takes ownership of an entry of a removed table. An empty one too, or a
  // walker that is already here could install something nobody will find; and
  // not before whoever has frozen it is done with it.
  Entry FreezeShared(typename TdpTable<P, G>::Entry& word) {
    if (!P::keeps(point::freeze_empty)) {
      // relaxed: the design without this point
      const Entry seen = word.load(std::memory_order_relaxed);
      if (!seen.present()) return Entry::Frozen();
    }
    for (;;) {
      const Entry before = word.exchange(Entry::Frozen(), P::order(point::freeze_acquire));
      if (!before.frozen() || !P::keeps(point::freeze_spins)) return before;
      P::Pause();
    }
  }

  static void FreeCallback(void* argument) {
    auto* table = static_cast<TdpTable<P, G>*>(argument);
    auto* state = static_cast<TdpState<P, G>*>(table->owner);
    state->life.Check();
    state->tables.Free(table->pfn);
  }

  TdpState<P, G>& state_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_UPDATE_H_
