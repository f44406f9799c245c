// Break-before-make as an oracle (A2): an entry must not become valid with
// another size or output address before what was cached of its last valid
// value is gone. Judged when the entry is written, whether or not a TLB held it.
#ifndef RACEWALK_SCENARIOS_MACHINE_ENTRY_HISTORY_H_
#define RACEWALK_SCENARIOS_MACHINE_ENTRY_HISTORY_H_

#include <cstdint>
#include <map>
#include <utility>

#include "core/geometry.h"
#include "core/platform/relacy/world.h"

namespace racewalk {

// Plain memory: orders nothing.
template <typename Arch>
class EntryHistory {
 public:
  using P = typename Arch::P;
  using G = typename Arch::G;
  using Entry = typename Arch::Entry;
  using Tables = typename Arch::Tables;

  // `resizes`: the size may change in place, if the pages stay.
  EntryHistory(Tables& tables, int vcpus, bool resizes)
      : tables_(tables), all_vcpus_((1U << vcpus) - 1), resizes_(resizes) {}

  // Entry `index` of `table` is `now`.
  void Set(Pfn table, uint32_t index, const Entry& now) {
    auto* page = tables_.Peek(table);
    if (page == nullptr || !page->life.alive()) return;
    Last& last = entries_[{table, index}];
    if (last.generation != page->life.generation()) {
      last = {.generation = page->life.generation(),
              .level = page->level.peek(),
              .gfn = page->base.peek() + index * G::Span(page->level.peek())};
    }
    if (!IsValid(now)) {
      if (IsValid(last.value) && !last.broken) last.broken = true;
      return;
    }
    const bool cached = IsValid(last.value) && last.owed != 0;
    const bool other = last.value.table() != now.table() || last.value.pfn() != now.pfn();
    const bool in_place = !last.broken && resizes_ && last.value.table() != now.table();
    P::Check(!cached || !other || in_place, ViolationKind::kBreakBeforeMake, "A2",
             "{thread} makes an entry valid again although what was cached of its last value has "
             "not been flushed");
    last.value = now;
    last.broken = false;
    last.owed = all_vcpus_;
  }

  // vCPU `vcpu` has nothing cached for [first, last] any more.
  void Flushed(uint32_t vcpu, Gfn first, Gfn last) {
    for (auto& [place, entry] : entries_) {
      if (!entry.broken || first > entry.gfn || entry.gfn + G::Span(entry.level) - 1 > last) {
        continue;
      }
      entry.owed &= ~(1U << vcpu);
    }
  }

  // The table page is freed.
  void Forget(Pfn table) {
    entries_.erase(entries_.lower_bound({table, 0}), entries_.lower_bound({table + 1, 0}));
  }

 private:
  struct Last {
    uint32_t generation = ~0U;  // of the table page
    int level = 1;
    Gfn gfn = 0;
    Entry value{};        // the last valid one; with nothing, there was none
    bool broken = false;  // it is not in the entry any more
    uint32_t owed = 0;    // vCPUs that may have it cached
  };
  static bool IsValid(const Entry& entry) { return entry.leaf() || entry.table(); }

  Tables& tables_;
  uint32_t all_vcpus_;  // a bit for each
  bool resizes_;
  std::map<std::pair<Pfn, uint32_t>, Last> entries_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_ENTRY_HISTORY_H_
