// A pre-order walk over the entries of a TDP table that can give up its locks
// and go on (kernel: arch/x86/kvm/mmu/tdp_iter.c; PROTOCOL 1.3).
#ifndef RACEWALK_CORE_TDP_ITERATOR_H_
#define RACEWALK_CORE_TDP_ITERATOR_H_

#include <array>
#include <cstddef>
#include <source_location>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/tdp/table.h"

namespace racewalk {

// Belongs to one thread, inside a read section of the tables' RCU domain.
// While valid(): `old` is the entry as it was read when it was reported, or as
// the last failed update found it. Its steps are inlined wherever they are
// taken: then all of it lives in registers, which halves the time of a walk.
template <Platform P, typename G>
class TdpIterator {
 public:
  using Location = std::source_location;
  using Table = TdpTable<P, G>;

  // A bounded walk, of a few frames, need not offer to yield.
  enum class Length : uint8_t { kAny, kBounded };

  // Reports the entries at level `min_level` and above of [start, end).
  [[gnu::always_inline]] TdpIterator(TdpTables<P, G>& tables, const typename P::Rcu& rcu, Pfn root,
                                     int min_level, Gfn start, Gfn end,
                                     Length length = Length::kAny,
                                     Location loc = Location::current())
      : tables_(&tables),
        rcu_(&rcu),
        min_level_(min_level),
        end_(end),
        next_gfn_(start),
        loc_(loc) {
    Table* const top = tables.Peek(root);
    P::Check(top != nullptr, ViolationKind::kBadMapping, "S3",
             "{thread} walks from a root that is no table page", loc);
    P::Trace(TraceKind::kWalk, start, length == Length::kBounded ? 1 : 0, loc);
    SetPath(G::kLevels, top);
    Restart();
  }

  bool valid() const { return valid_ && gfn < end_; }

  // On to the next entry; after a yield, to the same one again, found anew
  // from the root, because everything read before may be stale.
  [[gnu::always_inline]] void Next() {
    if (yielded) {
      Restart();
      if (P::keeps(point::restart_does_not_advance)) return;
    }
    if (!StepDown()) StepPast();
  }

  // As Next for as long as the entry is a table above the lowest level, of a
  // walk that has just begun; whether it has come to the lowest level so. Apart
  // from Next because its level is a constant in each turn of the loop, which
  // then is a few instructions long.
  [[gnu::always_inline]] bool Descend() {
    for (int from = G::kLevels; from > min_level_; --from) {
      if (!old.table()) [[unlikely]] {
        return false;
      }
      // Read again, as in StepDown.
      if (!StepInto(word().reload(old, P::order(point::walk_follow), loc_))) [[unlikely]] {
        StepPast();
        return false;
      }
    }
    return true;
  }

  // Whether the walk has come further since it last yielded (P1).
  bool HasProgressed() const { return next_gfn_ != yielded_gfn_; }
  Gfn next_gfn() const { return next_gfn_; }

  [[gnu::always_inline]] typename Table::Entry& word() {
    return table().entries[G::Index(gfn, level)];
  }
  [[gnu::always_inline]] Table& table() {
    here_->life.Check(loc_);
    return *here_;
  }

  Gfn gfn = 0;  // first guest frame of the entry
  int level = G::kLevels;
  Spte<P> old{};
  bool yielded = false;  // the entry may not be touched before Next

 private:
  // The tables on the way, by level.
  struct Tables {
    Tables() = default;
    // One by one: as pairs in vector registers they would be made by every walk
    // there, for copies that hardly any needs.
    Tables(const Tables& other) {
      for (std::size_t i = 0; i < of.size(); ++i) {
        const_cast<Table* volatile&>(of[i]) = other.of[i];
      }
    }
    Tables& operator=(const Tables&) = delete;
    std::array<Table*, G::kLevels> of{};
  };

  // With constant indexes only, or the whole iterator would have to be in memory.
  [[gnu::always_inline]] Table* Path(int of) const {
    Table* table = path_.of[G::kLevels - 1];
    for (int each = 1; each < G::kLevels; ++each) {
      if (each == of) table = path_.of[static_cast<std::size_t>(each) - 1];
    }
    return table;
  }
  [[gnu::always_inline]] void SetPath(int of, Table* table) {
    for (int each = 1; each <= G::kLevels; ++each) {
      Table*& place = path_.of[static_cast<std::size_t>(each) - 1];
      place = each == of ? table : place;
    }
  }

  [[gnu::always_inline]] void Restart() {
    yielded = false;
    yielded_gfn_ = next_gfn_;
    level = G::kLevels;
    here_ = Path(level);
    gfn = G::Align(next_gfn_, level);
    Read();
    valid_ = true;
  }

  [[gnu::always_inline]] void Read() {
    if constexpr (P::kChecks) {
      P::Check(rcu_->held(), ViolationKind::kLockDiscipline, "P3",
               "{thread} reads a page table outside of a read section", loc_);
    }
    // relaxed: a decision based on it is confirmed by a compare-exchange, by
    // the exclusive lock, or by the acquire in StepDown.
    old = word().load(std::memory_order_relaxed, loc_);
    P::Trace(TraceKind::kVisit, next_gfn_, static_cast<uint64_t>(level), loc_);
  }

  [[gnu::always_inline]] bool StepDown() {
    if (level == min_level_) return false;
    // Read again: the entry may have been replaced since it was reported.
    return StepInto(word().load(P::order(point::walk_follow), loc_));
  }
  [[gnu::always_inline]] bool StepInto(const Spte<P>& link) {
    if (!link.table()) return false;
    Table& child = tables_->Follow(link, level - 1, gfn, loc_);
    --level;
    here_ = &child;
    SetPath(level, here_);
    gfn = G::Align(next_gfn_, level);
    Read();
    return true;
  }

  // On to the next entry that is not below this one.
  [[gnu::always_inline]] void StepPast() {
    do {
      if (StepSide()) return;
    } while (StepUp());
    valid_ = false;
  }

  [[gnu::always_inline]] bool StepSide() {
    if (G::Index(gfn, level) == G::kEntries - 1) return false;
    gfn += G::Span(level);
    next_gfn_ = gfn;
    Read();
    return true;
  }

  [[gnu::always_inline]] bool StepUp() {
    if (level == G::kLevels) return false;
    ++level;
    here_ = Path(level);
    gfn = G::Align(gfn, level);
    return true;
  }

  TdpTables<P, G>* tables_;
  const typename P::Rcu* rcu_;
  int min_level_;
  Gfn end_;
  Gfn next_gfn_;           // where the walk goes on at the lowest level
  Gfn yielded_gfn_ = 0;    // next_gfn_ when the walk last (re)started
  Table* here_ = nullptr;  // the table that has the entry
  Tables path_;
  bool valid_ = true;
  Location loc_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_ITERATOR_H_
