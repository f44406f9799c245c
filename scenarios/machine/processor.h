// The processors: each with a TLB and a paging-structure cache, walking
// tables on its own (MODEL, "Hardware"). Its memory reads are the only
// scheduling points, and leave no happens-before edge.
#ifndef RACEWALK_SCENARIOS_MACHINE_PROCESSOR_H_
#define RACEWALK_SCENARIOS_MACHINE_PROCESSOR_H_

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "core/platform/platform.h"

namespace racewalk {

// What a translation was made from: the frame and the generation it had.
template <Platform P>
struct TableReference {
  Pfn pfn = kNoPfn;
  typename P::Ghost ghost{};

  bool Means(Pfn other, uint32_t generation) const {
    return pfn == other && GhostMatches<P>(ghost, generation);
  }
};

// To table `pfn` as it is now.
template <Platform P, typename Tables>
TableReference<P> ReferenceTo(Tables& tables, Pfn pfn) {
  return {pfn, tables.LinkTo(pfn).ghost};
}

// What one design of processors does and another does not.
struct ProcessorKind {
  bool notes = true;           // sets accessed, and dirty if there is such a bit
  bool logs = false;           // keeps a page-modification log
  bool drops_on_fault = true;  // an access that faults leaves nothing cached for its address
  bool conflicts = false;      // a block and a page must not both be cached for one address
};

// Why a translation ended in a fault.
struct TranslationFault {
  bool found_entry = false;  // there was one, but it does not allow the access
  int level = 0;             // that it was at
  bool access_flag = false;  // it lacks nothing but that
};

enum class WalkEnd : uint8_t { kDone, kFault, kAgain };

// The end of a walk for gfn: `entry`, read from `word` at `level`, is a leaf.
// Notes in it what the access does and fills `found` in. `dirtied`: D has been set.
template <Platform P, typename G, typename Word, typename Entry, typename Found>
WalkEnd EndWalk(Word& word, Entry entry, Gfn gfn, int level, bool write, const ProcessorKind& kind,
                Found& found, bool& dirtied) {
  if (write && !entry.writable()) return WalkEnd::kFault;
  if (const Entry noted = entry.Noted(write, kind.notes); noted != entry) {
    const bool sets_dirty = noted != entry.Noted(false, kind.notes);
    if (!word.hardware_compare_exchange(entry, noted)) return WalkEnd::kAgain;
    entry.raw = noted.raw;
    dirtied = sets_dirty;
  }
  P::Check((entry.pfn() & (G::Span(level) - 1)) == 0, ViolationKind::kBadMapping, "S3",
           "the hardware finds a block that is not aligned");
  found.pfn = entry.Part(gfn - G::Align(gfn, level)).pfn();
  if constexpr (P::kExplored) found.ghost = entry.ghost;
  found.writable = entry.writable();
  found.dirty = entry == entry.Noted(true, kind.notes);
  found.level = level;
  return WalkEnd::kDone;
}

// A step of a walk for gfn: `entry` was read from `word` at `level`. How the walk
// ends here, with `fault`, `log` and `found` filled in; nothing: the entry leads
// to a table, where it goes on.
template <Platform P, typename G, typename Word, typename Entry, typename Found>
std::optional<WalkEnd> StepOfWalk(Word& word, Entry entry, Gfn gfn, int level, bool write,
                                  const ProcessorKind& kind, TranslationFault& fault,
                                  std::vector<Gfn>& log, Found& found) {
  fault = {.found_entry = entry.Translates(kind.notes), .level = level};
  fault.access_flag = !fault.found_entry && entry.Translates(/*notes=*/true);
  if (!fault.found_entry) return WalkEnd::kFault;
  if (entry.leaf()) {
    bool dirtied = false;
    const WalkEnd result = EndWalk<P, G>(word, entry, gfn, level, write, kind, found, dirtied);
    if (kind.logs && dirtied) log.push_back(gfn);
    return result;
  }
  P::Check(level > 1, ViolationKind::kBadMapping, "S3",
           "the hardware finds a table where only a page can be mapped");
  return std::nullopt;
}

template <Platform P, typename G, typename Tables>
class Processor {
 public:
  using Page = typename Tables::Table;
  using Entry = typename Tables::Value;

  Processor(Tables& tables, uint32_t guest_frames, ProcessorKind kind)
      : tables_(tables), kind_(kind), tlb_(guest_frames) {
    for (int level = 1; level < G::kLevels; ++level) {
      structures_[Slot(level)].resize(Prefix(guest_frames - 1, level) + 1);
    }
  }

  struct Translation {
    bool valid = false;
    Pfn root = kNoPfn;  // tag
    Pfn pfn = kNoPfn;
    typename P::Ghost ghost{};
    bool writable = false;
    bool dirty = false;
    int level = 1;  // of the entry: above 1 it is a block's, and the same for all of it
    std::array<TableReference<P>, G::kLevels> path{};  // tables that were walked
  };

  void Flush() {
    for (Translation& entry : tlb_) entry.valid = false;
    for (auto& level : structures_) {
      for (Structure& entry : level) entry.valid = false;
    }
  }

  void FlushRange(Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last && gfn < tlb_.size(); ++gfn) Drop(gfn);
    for (int level = 1; level < G::kLevels; ++level) {
      auto& cached = structures_[Slot(level)];
      for (std::size_t i = Prefix(first, level); i <= Prefix(last, level) && i < cached.size();
           ++i) {
        cached[i].valid = false;
      }
    }
  }

  void Load(Pfn root) {
    root_ = root == kNoPfn ? TableReference<P>{} : ReferenceTo<P>(tables_, root);
  }
  const TableReference<P>& root() const { return root_; }

  // The translation for an access, or nullptr: a fault. Each hit and each end
  // of a walk is one indivisible moment with the access that follows.
  const Translation* Translate(Gfn gfn, bool write) {
    Translation& hit = tlb_[gfn];
    if (Usable(hit) && (!write || (hit.writable && hit.dirty))) return &hit;
    if (Usable(hit) && !hit.writable && !kind_.drops_on_fault) {
      fault_ = {.found_entry = true, .level = hit.level};
      return nullptr;
    }
    while (true) {
      Translation found{.valid = true, .root = root_.pfn};
      switch (Walk(gfn, write, found)) {
        case WalkEnd::kFault:
          // An EPT violation drops what was cached for the address (Intel SDM, 29.4.3.1).
          if (kind_.drops_on_fault) FlushRange(gfn, gfn);
          return nullptr;
        case WalkEnd::kAgain:
          continue;
        case WalkEnd::kDone:
          Fill(gfn, found);
          return &tlb_[gfn];
      }
    }
  }

  // Of the last Translate that ended in one.
  const TranslationFault& fault() const { return fault_; }

  // Guest frames whose D has gone from 0 to 1 since the last call.
  std::vector<Gfn> TakeLog() { return std::exchange(log_, {}); }

  // --- Oracles. ---

  // Whether a cached translation of gfn could still be used.
  bool Caches(Gfn gfn) const { return Usable(tlb_[gfn]); }

  Pfn CachedPfn(Gfn gfn) const { return tlb_[gfn].pfn; }

  // Whether anything cached was made from table `pfn` as it is now.
  bool CachesTable(Pfn pfn, uint32_t generation) const {
    const auto same = [&](const TableReference<P>& table) { return table.Means(pfn, generation); };
    if (same(root_)) return true;
    for (const Translation& entry : tlb_) {
      if (!Usable(entry)) continue;
      for (const auto& table : entry.path) {
        if (same(table)) return true;
      }
    }
    for (const auto& level : structures_) {
      for (const Structure& entry : level) {
        if (entry.valid && entry.root == root_.pfn && same(entry.table)) return true;
      }
    }
    return false;
  }

 private:
  struct Structure {
    bool valid = false;
    Pfn root = kNoPfn;  // tag
    TableReference<P> table{};
  };

  // Caches `found` for gfn; a block's translation is one for all its pages.
  void Fill(Gfn gfn, const Translation& found) {
    const Gfn base = G::Align(gfn, found.level);
    for (Gfn page = base; page < base + G::Span(found.level) && page < tlb_.size(); ++page) {
      Translation& cached = tlb_[page];
      P::Check(!kind_.conflicts || !Usable(cached) || cached.level == found.level,
               ViolationKind::kBreakBeforeMake, "T4",
               "the TLB of {thread} gets a block and a page for one address");
      cached = found;
      cached.pfn = found.pfn + static_cast<Pfn>(page) - static_cast<Pfn>(gfn);
    }
  }
  // What is cached for gfn; a block's goes as a whole.
  void Drop(Gfn gfn) {
    const int level = tlb_[gfn].valid ? tlb_[gfn].level : 1;
    const Gfn base = G::Align(gfn, level);
    for (Gfn page = base; page < base + G::Span(level) && page < tlb_.size(); ++page) {
      if (tlb_[page].level == level) tlb_[page].valid = false;
    }
  }

  static std::size_t Slot(int level) { return static_cast<std::size_t>(level) - 1; }
  static std::size_t Prefix(Gfn gfn, int level) {
    return static_cast<std::size_t>(gfn >> (level * G::kIndexBits));
  }
  bool Usable(const Translation& entry) const {
    return entry.valid && root_.pfn != kNoPfn && entry.root == root_.pfn;
  }
  Structure& StructureOf(Gfn gfn, int level) {
    return structures_[Slot(level)][Prefix(gfn, level)];
  }

  // Starts at the lowest table that the paging-structure cache knows.
  WalkEnd Walk(Gfn gfn, bool write, Translation& found) {
    int level = G::kLevels;
    TableReference<P> at = root_;
    for (int low = 1; low < G::kLevels; ++low) {
      const Structure& cached = StructureOf(gfn, low);
      if (cached.valid && cached.root == root_.pfn) {
        level = low;
        at = cached.table;
        break;
      }
    }
    for (;; --level) {
      found.path[Slot(level)] = at;
      auto& word = Table(at).entries[G::Index(gfn, level)];
      const Entry entry = word.hardware_load();
      Table(at);  // it may have gone while the read was under way
      const std::optional<WalkEnd> end =
          StepOfWalk<P, G>(word, entry, gfn, level, write, kind_, fault_, log_, found);
      if (end.has_value()) return *end;
      at = {entry.pfn(), entry.ghost};
      StructureOf(gfn, level - 1) = {true, root_.pfn, at};
    }
  }

  Page& Table(const TableReference<P>& at) {
    Page* table = tables_.Peek(at.pfn);
    P::Check(table != nullptr, ViolationKind::kBadMapping, "S3",
             "the hardware follows an entry that points at no table page");
    P::Check(table->life.alive() && GhostMatches<P>(at.ghost, table->life.generation()),
             ViolationKind::kUseAfterFree, "L1",
             "the hardware of {thread} walks through a table page that has been freed");
    return *table;
  }

  Tables& tables_;
  ProcessorKind kind_;
  TranslationFault fault_;
  std::vector<Gfn> log_;
  TableReference<P> root_{};
  std::vector<Translation> tlb_;  // by gfn: unbounded, nothing is ever evicted
  std::array<std::vector<Structure>, G::kLevels> structures_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_PROCESSOR_H_
