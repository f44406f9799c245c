// The one walk over stage-2 tables, with visitors (kernel: kvm_pgtable_walk,
// __kvm_pgtable_visit in arch/arm64/kvm/hyp/pgtable.c; PROTOCOL 2.1).
#ifndef RACEWALK_CORE_STAGE2_WALKER_H_
#define RACEWALK_CORE_STAGE2_WALKER_H_

#include <algorithm>
#include <cstdint>

#include "core/platform/platform.h"
#include "core/stage2/state.h"

namespace racewalk {

// Which entries a visitor wants to see, and how the walk may be.
enum WalkFlag : uint32_t {
  kVisitLeaf = 1U << 0,         // entries that are no tables, empty ones too
  kVisitTableBefore = 1U << 1,  // tables, before what is in them
  kVisitTableAfter = 1U << 2,   // tables, after what was in them
  kWalkShared = 1U << 3,        // others walk at the same time: changes by compare-exchange
  kWalkForFault = 1U << 4,      // a lost race ends the walk instead of skipping the entry
};

enum class Visit : uint8_t { kLeaf, kTableBefore, kTableAfter };

enum class WalkResult : uint8_t {
  kDone,
  kUntouched,  // from a visitor: done, and nothing was done that `reload` is not for
  kAgain,      // somebody else was faster, or owns the entry
  kExclusive,  // this needs the exclusive lock (rwlock)
};

template <Platform P, typename G>
class Stage2Walker {
 public:
  using State = Stage2State<P, G>;

  // One entry, for its visitor.
  struct Context {
    Pfn table;  // that it is in
    int level;
    Gfn gfn;  // first guest frame that it maps
    Pte<P> old;
    uint32_t flags;
    // `table` itself, where the core does not check each use of it; else null.
    Stage2Table<P, G>* page = nullptr;

    bool shared() const { return (flags & kWalkShared) != 0; }
    Gfn last() const { return gfn + G::Span(level) - 1; }
  };

  explicit Stage2Walker(State& state) : state_(state) {}

  // Calls visit(context, when), which returns a WalkResult, for the entries that
  // `flags` names and that map frames of [first, last]. With the MMU lock held
  // as the flags say; a shared walk is a read section of the tables' RCU.
  template <typename F>
  WalkResult Walk(Gfn first, Gfn last, uint32_t flags, F visit) {
    const bool shared = (flags & kWalkShared) != 0;
    if (shared) {
      state_.mmu_lock.AssertHeldShared();
    } else {
      state_.mmu_lock.AssertHeld();
    }
    const bool section = shared && state_.variant.design != SubtreeDesign::kRwlock;
    if (section) state_.rcu.read_lock();
    const WalkResult result = WalkTable(state_.root, G::kLevels, 0, first, last, flags, visit);
    if (section && P::keeps(point::walk_ends_section)) state_.rcu.read_unlock();
    return result;
  }

  // The same for the frame of a fault, of a shared walk that does not come back to tables, and
  // whose visitor wants to see everything but tables above level `goal`: of those it
  // would say kUntouched. Of its own, because so it is inlined with its visitor, and the
  // level is a constant in each step down: a fault spends most of its time here.
  template <typename F>
  [[gnu::always_inline]] WalkResult WalkToFrame(Gfn frame, int goal, uint32_t flags, F visit) {
    state_.mmu_lock.AssertHeldShared();
    // The fault is in a section of the slots.
    const bool section = !P::kSrcuHoldsRcu && state_.variant.design != SubtreeDesign::kRwlock;
    if (section) state_.rcu.read_lock();
    // The tables by a reference of its own: through the state it would be loaded again
    // after each acquire.
    const WalkResult result =
        StepDown<G::kLevels>(state_.tables, state_.root, frame, goal, flags, visit);
    if (section && P::keeps(point::walk_ends_section)) state_.rcu.read_unlock();
    return result;
  }

  // The same below an unlinked table of `level` at `base`, without a lock.
  template <typename F>
  void WalkUnlinked(Pfn table, int level, Gfn base, Gfn last, F visit) {
    WalkTable(table, level, base, base, last, kVisitLeaf | kVisitTableAfter, visit);
  }

  [[gnu::always_inline]] Stage2Table<P, G>& PageOf(const Context& at) {
    if constexpr (P::kChecks) return state_.tables.At(at.table);
    return *at.page;
  }
  [[gnu::always_inline]] typename Stage2Table<P, G>::Entry& WordOf(const Context& at) {
    return PageOf(at).entries[G::Index(at.gfn, at.level)];
  }

 private:
  template <int level, typename F>
  [[gnu::always_inline]] WalkResult StepDown(Stage2Tables<P, G>& tables, Pfn table, Gfn frame,
                                             int goal, uint32_t flags, F& visit) {
    Context at{.table = table,
               .level = level,
               .gfn = G::Align(frame, level),
               .old = {},
               .flags = flags,
               .page = Unchecked(tables, table)};
    Read(at);
    if (level > goal && at.old.table()) [[likely]] {
      if (P::keeps(point::walk_reads_again)) Read(at, /*again=*/true);
      // Here and below, so that no test is made twice.
      if (!at.old.table()) [[unlikely]] {
        return WalkResult::kDone;
      }
    } else {
      const WalkResult result = VisitAsRead(at, visit);
      if (Ends(result, flags)) return result;
      if (!at.old.table()) return WalkResult::kDone;
    }
    tables.Follow(at.old, level - 1, at.gfn);
    if constexpr (level > 1) {
      return StepDown<level - 1>(tables, at.old.pfn(), frame, goal, flags, visit);
    }
    return WalkResult::kDone;
  }

  template <typename F>
  WalkResult WalkTable(Pfn table, int level, Gfn base, Gfn first, Gfn last, uint32_t flags,
                       F& visit) {
    for (uint32_t i = G::Index(std::max(first, base), level); i < G::kEntries; ++i) {
      const Gfn gfn = base + i * G::Span(level);
      if (gfn > last) break;
      Context at{.table = table,
                 .level = level,
                 .gfn = gfn,
                 .old = {},
                 .flags = flags,
                 .page = Unchecked(state_.tables, table)};
      const WalkResult result = WalkEntry(at, first, last, visit);
      if (result != WalkResult::kDone) return result;
    }
    return WalkResult::kDone;
  }

  // The entry itself, before what is below it. Unless that ends the walk, at.old is what
  // is there afterwards; without checks at level 1, where nobody looks, what was read first.
  template <typename F>
  [[gnu::always_inline]] WalkResult VisitFirst(Context& at, F& visit) {
    Read(at);
    return VisitAsRead(at, visit);
  }
  template <typename F>
  [[gnu::always_inline]] WalkResult VisitAsRead(Context& at, F& visit) {
    bool visited = false;
    WalkResult result = WalkResult::kDone;
    if (at.old.table() ? (at.flags & kVisitTableBefore) != 0 : (at.flags & kVisitLeaf) != 0) {
      result = visit(at, at.old.table() ? Visit::kTableBefore : Visit::kLeaf);
      visited = true;
    }
    if (Ends(result, at.flags)) return result;
    // The visitor may have put a table here, or taken one away (A5). Without checks
    // nobody would look at what is read again where no table can be.
    if constexpr (!P::kChecks) {
      if (at.level == 1) return result;
    }
    const bool untouched = result == WalkResult::kUntouched;
    if (visited && P::keeps(point::walk_reads_again)) Read(at, /*again=*/untouched);
    return untouched ? WalkResult::kDone : result;
  }

  template <typename F>
  WalkResult WalkEntry(Context& at, Gfn first, Gfn last, F& visit) {
    WalkResult result = VisitFirst(at, visit);
    if (Ends(result, at.flags)) return result;
    if (!at.old.table()) return WalkResult::kDone;
    const Pfn child = at.old.pfn();
    state_.tables.Follow(at.old, at.level - 1, at.gfn);
    result = WalkTable(child, at.level - 1, at.gfn, first, last, at.flags, visit);
    if (result != WalkResult::kDone) return result;
    if ((at.flags & kVisitTableAfter) == 0) return WalkResult::kDone;
    result = visit(at, Visit::kTableAfter);
    return Ends(result, at.flags) ? result : WalkResult::kDone;
  }

  [[gnu::always_inline]] void Read(Context& at, bool again = false) {
    const Order order = P::order(point::stage2_follow);
    at.old = again ? WordOf(at).reload(at.old, order) : WordOf(at).load(order);
  }

  // With checks not even asked for: explored, At would be one more look at the page.
  static Stage2Table<P, G>* Unchecked(Stage2Tables<P, G>& tables, Pfn table) {
    if constexpr (P::kChecks) return nullptr;
    return &tables.At(table);
  }

  static bool Ends(WalkResult result, uint32_t flags) {
    return result == WalkResult::kExclusive ||
           (result == WalkResult::kAgain && (flags & kWalkForFault) != 0);
  }

  State& state_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_WALKER_H_
