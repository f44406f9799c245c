// Table pages, and the pool they come from.
#ifndef RACEWALK_CORE_TABLES_TABLE_POOL_H_
#define RACEWALK_CORE_TABLES_TABLE_POOL_H_

#include <array>
#include <source_location>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/tables/frame_array.h"
#include "core/tables/ghost.h"
#include "core/tables/life.h"

namespace racewalk {

// One page of entries of type E and what KVM keeps beside it (struct kvm_mmu_page).
template <Platform P, typename G, typename E>
struct TablePage {
  using Value = E;
  using Entry = typename P::template Atomic<E>;

  explicit TablePage(uint32_t pfn)
      : life(WordName{"table_life", pfn}),
        level(WordName{"table_level", pfn}),
        base(WordName{"table_base", pfn}) {
    if constexpr (P::kExplored) {
      for (uint32_t i = 0; i < G::kEntries; ++i) {
        entries[i].set_name(WordName{"entry", pfn, i, E::kValueType});
      }
    }
  }

  LifeWord<P> life;
  typename P::template Plain<int> level;  // entries of this page map Span(level)
  typename P::template Plain<Gfn> base;   // first guest frame that it maps
  std::array<Entry, G::kEntries> entries;
  typename P::Rcu::Head head;
  void* owner = nullptr;  // the state of the VM that has it; for the free callback
  Pfn pfn = kNoPfn;
};

// Thread-safe: Allocate and Free may be called by any thread. Belongs to the
// host, not to a VM: it outlives every VM that takes pages from it.
template <Platform P, typename G, typename Page>
class TablePool {
 public:
  using Location = std::source_location;
  using Table = Page;
  using Value = typename Page::Value;

  // Frame numbers [first, first + count).
  TablePool(Pfn first, uint32_t count)
      : first_(first), frames_(first + count), free_(first, count, P::Slots::Reuse::kChosen) {}

  // An empty table, known to nobody. Fails if none is left: no MMU has a way back.
  Pfn Allocate(int level, Gfn base, void* owner, Location loc = Location::current()) {
    const uint32_t pfn = free_.take();
    Require<P>(pfn != P::Slots::kNone, "the pool of table pages is empty", loc);
    Table& table = frames_.Prepare(pfn);
    table.life.Begin(loc);
    table.level.store(level, loc);
    table.base.store(base, loc);
    table.owner = owner;
    table.pfn = pfn;
    for (auto& entry : table.entries) entry.initialize(Value{});
    return pfn;
  }

  // Nobody may use the page any more, or find it.
  void Free(Pfn pfn, Location loc = Location::current()) {
    frames_.At(pfn).life.End(loc);
    P::Trace(TraceKind::kTableFreed, pfn, 0, loc);
    free_.give(pfn);
  }

  // The same for a page that no entry has ever pointed at.
  void FreeUnused(Pfn pfn, Location loc = Location::current()) {
    frames_.At(pfn).life.End(loc);
    free_.give(pfn);
  }

  // For software: the page must be in use.
  [[gnu::always_inline]] Table& At(Pfn pfn, Location loc = Location::current()) {
    P::Check(frames_.Contains(pfn), ViolationKind::kBadMapping, "S3",
             "{thread} follows an entry that points at no table page", loc);
    Table& table = frames_.At(pfn);
    table.life.Check(loc);
    return table;
  }

  // Through a table entry, to the page that it meant when it was made.
  [[gnu::always_inline]] Table& Follow(const Value& link, int level, Gfn base,
                                       Location loc = Location::current()) {
    Table& table = At(link.pfn(), loc);
    if constexpr (!P::kChecks) return table;
    P::Check(GhostMatches<P>(link.ghost, table.life.generation()), ViolationKind::kUseAfterFree,
             "L1", "{thread} follows an entry to a table page that has a new owner since", loc);
    P::Check(table.level.load(loc) == level && table.base.load(loc) == base,
             ViolationKind::kBadMapping, "L5",
             "{thread} finds a table page that belongs to another level or address", loc);
    return table;
  }

  Value LinkTo(Pfn pfn) {
    return Value::Table(pfn, MakeGhost<P>(frames_.At(pfn).life.generation()));
  }

  // Before threads start: hardware and oracles may Peek at any time.
  void PrepareAll() {
    for (Pfn pfn = first_; pfn < end(); ++pfn) frames_.Prepare(pfn);
  }

  // For hardware and oracles: no check.
  Table* Peek(Pfn pfn) { return frames_.Contains(pfn) ? &frames_.At(pfn) : nullptr; }
  Pfn first() const { return first_; }
  Pfn end() const { return frames_.size(); }

 private:
  Pfn first_;
  FrameArray<P, Table> frames_;
  typename P::Slots free_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_TABLE_POOL_H_
