// What a page fault costs at least, to measure the MMUs beside: a radix walk
// and one compare-exchange, with no lock, no RCU and nothing checked.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_BARE_WALK_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_BARE_WALK_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/geometry.h"

namespace racewalk {

// Install, InstallCounted, Clear and Walk may be called by any thread; tables are made before
// and never freed.
template <typename G>
class BareTable {
 public:
  // With the tables for guest frames [0, frames).
  explicit BareTable(Gfn frames)
      : tables_(std::make_unique<Table[]>(frames / G::Span(2) + kMostAbove)),
        counts_(std::make_unique<std::atomic<int32_t>[]>(frames / G::Span(2) + kMostAbove)),
        root_(Make()) {
    for (Gfn gfn = 0; gfn < frames; gfn += G::Span(2)) {
      uint32_t table = root_;
      for (int level = G::kLevels; level > 1; --level) {
        std::atomic<uint64_t>& entry = EntryOf(table, gfn, level);
        if (entry.load(std::memory_order_relaxed) == 0) {
          entry.store(uint64_t{Make()} << kShift | kPresent, std::memory_order_relaxed);
        }
        table = Child(entry.load(std::memory_order_relaxed));
      }
    }
  }

  // False if something is mapped there already.
  bool Install(Gfn gfn, Pfn page) { return InstallIn(TableOf(gfn), gfn, page); }
  // And counts it in its table, as stage 2 does: the least that a fault costs there.
  bool InstallCounted(Gfn gfn, Pfn page) {
    const uint32_t table = TableOf(gfn);
    const bool installed = InstallIn(table, gfn, page);
    // relaxed: nobody asks for the count here
    if (installed) counts_[table].fetch_add(1, std::memory_order_relaxed);
    return installed;
  }
  void Clear(Gfn gfn) { Leaf(gfn).exchange(0, std::memory_order_acquire); }
  // kNoPfn: nothing is mapped there.
  Pfn Walk(Gfn gfn) const {
    return Child(Leaf(gfn).load(std::memory_order_acquire));  // acquire: pairs with Install
  }

 private:
  static constexpr int kShift = 12;
  static constexpr uint64_t kPresent = 1;
  static constexpr Gfn kMostAbove = 64;  // tables of the levels above the lowest

  struct alignas(4096) Table {
    std::array<std::atomic<uint64_t>, G::kEntries> entries{};
  };

  static uint32_t Child(uint64_t entry) { return static_cast<uint32_t>(entry >> kShift); }
  uint32_t Make() { return made_++; }
  std::atomic<uint64_t>& EntryOf(uint32_t table, Gfn gfn, int level) const {
    return tables_[table].entries[G::Index(gfn, level)];
  }
  bool InstallIn(uint32_t table, Gfn gfn, Pfn page) {
    uint64_t empty = 0;
    // release: pairs with whoever walks to the page (Walk).
    return EntryOf(table, gfn, 1)
        .compare_exchange_strong(empty, uint64_t{page} << kShift | kPresent,
                                 std::memory_order_release, std::memory_order_relaxed);
  }
  std::atomic<uint64_t>& Leaf(Gfn gfn) const { return EntryOf(TableOf(gfn), gfn, 1); }
  // The lowest on the way.
  uint32_t TableOf(Gfn gfn) const {
    uint32_t table = root_;
    for (int level = G::kLevels; level > 1; --level) {
      // acquire: a table must be seen as it was made
      table = Child(EntryOf(table, gfn, level).load(std::memory_order_acquire));
    }
    return table;
  }

  std::unique_ptr<Table[]> tables_;
  std::unique_ptr<std::atomic<int32_t>[]> counts_;  // by table, of what is installed
  uint32_t made_ = 0;
  uint32_t root_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_BARE_WALK_H_
