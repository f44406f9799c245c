// A processor of a round: a TLB and a paging-structure cache, private to the
// thread that runs the vCPU but for flushes, and walks of its own. What it does
// orders no software with any other for a race detector.
#ifndef RACEWALK_SANITIZERS_STRESS_PROCESSOR_H_
#define RACEWALK_SANITIZERS_STRESS_PROCESSOR_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "scenarios/machine/oracle_word.h"
#include "scenarios/machine/processor.h"
#include "scenarios/machine/shape.h"

namespace racewalk {

// What drops may be called by any thread; the caller sees to it that no walk
// that began before fills after it. All else by the vCPU's own thread.
//
// What is cached is plain memory of that thread; the word that says whether it
// still counts is all that others write. Nothing is ever evicted.
template <typename P, typename G, typename Tables>
class StressProcessor {
 public:
  using Page = typename Tables::Table;
  using Entry = typename Tables::Value;

  struct Translation {
    Pfn root = kNoPfn;  // tag
    Pfn pfn = kNoPfn;
    bool writable = false;
    bool dirty = false;
    int level = 1;
    uint32_t stamp = 0;  // of frame `pfn` when it was cached; kept by the machine
  };

  StressProcessor(Tables& tables, const MachineShape& shape, ProcessorKind kind)
      : tables_(tables),
        kind_(kind),
        first_gfn_(shape.first_gfn),
        last_gfn_(shape.first_gfn + shape.guest_frames - 1),
        pages_(shape.guest_frames),
        blocks_(Place(last_gfn_, 1) + 1) {
    for (int level = 1; level < G::kLevels; ++level) {
      structures_[Slot(level)] = std::vector<Cached<Reference>>(Place(last_gfn_, level) + 1);
    }
  }

  void Flush() {
    for (auto& entry : pages_) entry.valid = false;
    for (auto& entry : blocks_) entry.valid = false;
    for (auto& level : structures_) {
      for (auto& entry : level) entry.valid = false;
    }
  }
  // Both may be called by any thread, the first before the second.
  void DropTables(Gfn first, Gfn last) {
    if (!Clip(first, last)) return;
    for (int level = 1; level < G::kLevels; ++level) {
      auto& cached = structures_[Slot(level)];
      for (std::size_t i = Place(first, level); i <= Place(last, level); ++i) {
        cached[i].valid = false;
      }
    }
  }
  void DropTranslations(Gfn first, Gfn last) {
    if (!Clip(first, last)) return;
    for (Gfn gfn = first; gfn <= last; ++gfn) pages_[gfn - first_gfn_].valid = false;
    for (std::size_t i = Place(first, 1); i <= Place(last, 1); ++i) blocks_[i].valid = false;
  }

  void Load(Pfn root) { root_ = root == kNoPfn ? Reference{} : ReferenceNow(root); }
  Pfn root() const { return root_.pfn; }

  // The translation for an access, or nullptr: a fault. `keep(translation)` is
  // called before a new one is cached.
  template <typename F>
  const Translation* Translate(Gfn gfn, bool write, F keep) {
    Translation* hit = Find(gfn);
    if (hit != nullptr && (!write || (hit->writable && hit->dirty))) return Part(*hit, gfn);
    if (hit != nullptr && !hit->writable && !kind_.drops_on_fault) {
      fault_ = {.found_entry = true, .level = hit->level};
      return nullptr;
    }
    for (;;) {
      Translation found{.root = root_.pfn};
      switch (Walk(gfn, write, found)) {
        case WalkEnd::kFault:
          // An EPT violation drops what was cached for the address (Intel SDM, 29.4.3.1).
          if (kind_.drops_on_fault) {
            DropTables(gfn, gfn);
            DropTranslations(gfn, gfn);
          }
          return nullptr;
        case WalkEnd::kAgain:
          continue;
        case WalkEnd::kDone:
          keep(found);
          Fill(gfn, found);
          found_ = found;
          return &found_;
      }
    }
  }
  // Of the last Translate that ended in one.
  const TranslationFault& fault() const { return fault_; }
  // Guest frames whose D has gone from 0 to 1 since the last call.
  std::vector<Gfn> TakeLog() { return std::exchange(log_, {}); }

 private:
  // A table page in one of its lives.
  struct Reference {
    Pfn root = kNoPfn;  // tag
    Pfn pfn = kNoPfn;
    uint32_t generation = 0;
  };
  template <typename T>
  struct Cached {
    OracleWord<P, bool> valid;
    T value{};
  };

  // To the machine's pages; false if there are none of them.
  bool Clip(Gfn& first, Gfn& last) const {
    first = std::max(first, first_gfn_);
    last = std::min(last, last_gfn_);
    return first <= last;
  }
  static std::size_t Slot(int level) { return static_cast<std::size_t>(level) - 1; }
  // Which entry one level above `level`, of those around the machine's pages.
  std::size_t Place(Gfn gfn, int level) const {
    const int shift = level * G::kIndexBits;
    return static_cast<std::size_t>((gfn >> shift) - (first_gfn_ >> shift));
  }
  template <typename T>
  bool Usable(const Cached<T>& entry) const {
    return entry.valid && root_.pfn != kNoPfn && entry.value.root == root_.pfn;
  }

  Translation* Find(Gfn gfn) {
    Cached<Translation>& page = pages_[gfn - first_gfn_];
    if (Usable(page)) return &page.value;
    Cached<Translation>& block = blocks_[Place(gfn, 1)];
    return Usable(block) ? &block.value : nullptr;
  }
  // What is cached for a block is its first page's.
  const Translation* Part(const Translation& hit, Gfn gfn) {
    found_ = hit;
    if (hit.level > 1) found_.pfn += static_cast<Pfn>(gfn - G::Align(gfn, hit.level));
    return &found_;
  }
  void Fill(Gfn gfn, const Translation& found) {
    Cached<Translation>& block = blocks_[Place(gfn, 1)];
    if (found.level == 1) {
      CheckConflict(block);
      Put(pages_[gfn - first_gfn_], found);
      return;
    }
    P::Check(found.level == 2, ViolationKind::kBadMapping, "S3",
             "the hardware finds a block of a size that the host does not have");
    const Gfn base = G::Align(gfn, 2);
    // What is cached for a page would be found first, although it is older.
    for (Gfn at = std::max(base, first_gfn_); at <= std::min(base + G::Span(2) - 1, last_gfn_);
         ++at) {
      CheckConflict(pages_[at - first_gfn_]);
      pages_[at - first_gfn_].valid = false;
    }
    Put(block, found);
    block.value.pfn -= static_cast<Pfn>(gfn - base);
  }
  void CheckConflict(const Cached<Translation>& other) const {
    P::Check(!kind_.conflicts || !Usable(other), ViolationKind::kBreakBeforeMake, "T4",
             "the TLB of {thread} gets a block and a page for one address");
  }
  template <typename T>
  static void Put(Cached<T>& cached, const T& value) {
    cached.value = value;
    cached.valid = true;
  }

  Reference ReferenceNow(Pfn pfn) {
    const Page* table = tables_.Peek(pfn);
    return {pfn, pfn, table == nullptr ? 0 : table->life.generation()};
  }

  // Starts at the lowest table that the paging-structure cache knows.
  WalkEnd Walk(Gfn gfn, bool write, Translation& found) {
    int level = G::kLevels;
    Reference at = root_;
    for (int low = 1; low < G::kLevels; ++low) {
      const Cached<Reference>& cached = structures_[Slot(low)][Place(gfn, low)];
      if (!Usable(cached)) continue;
      level = low;
      at = cached.value;
      break;
    }
    for (;; --level) {
      auto& word = Table(at, level, gfn).entries[G::Index(gfn, level)];
      const Entry entry = word.hardware_load();
      Table(at, level, gfn);  // it may have gone while the read was under way
      const std::optional<WalkEnd> end =
          StepOfWalk<P, G>(word, entry, gfn, level, write, kind_, fault_, log_, found);
      if (end.has_value()) return *end;
      at = ReferenceNow(entry.pfn());
      at.root = root_.pfn;
      Put(structures_[Slot(level - 1)][Place(gfn, level - 1)], at);
    }
  }

  Page& Table(const Reference& at, int level, Gfn gfn) {
    Page* table = tables_.Peek(at.pfn);
    P::Check(table != nullptr, ViolationKind::kBadMapping, "S3",
             "the hardware follows an entry that points at no table page");
    P::Check(table->life.alive() && table->life.generation() == at.generation,
             ViolationKind::kUseAfterFree, "L1",
             "the hardware of {thread} walks through a table page that has been freed");
    const Gfn base = level == G::kLevels ? 0 : G::Align(gfn, level + 1);
    P::Check(table->level.peek() == level && table->base.peek() == base,
             ViolationKind::kUseAfterFree, "L1",
             "the hardware of {thread} walks through a table page that has a new owner since");
    return *table;
  }

  Tables& tables_;
  ProcessorKind kind_;
  Gfn first_gfn_;
  Gfn last_gfn_;
  TranslationFault fault_;
  std::vector<Gfn> log_;
  Reference root_;
  Translation found_;
  std::vector<Cached<Translation>> pages_;
  std::vector<Cached<Translation>> blocks_;
  std::array<std::vector<Cached<Reference>>, G::kLevels> structures_;
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_PROCESSOR_H_
