// All that can be reached from a table, for oracles.
#ifndef RACEWALK_SCENARIOS_MACHINE_PEEK_H_
#define RACEWALK_SCENARIOS_MACHINE_PEEK_H_

#include "core/geometry.h"

namespace racewalk {

// Calls visit(gfn, level, entry) for every entry of table `pfn`, whose entries
// are at `level` and begin at `base`, and of the tables below it.
template <typename G, typename Tables, typename F>
void PeekTable(Tables& tables, Pfn pfn, F visit, int level = G::kLevels, Gfn base = 0) {
  auto* table = tables.Peek(pfn);
  if (table == nullptr) return;
  for (uint32_t i = 0; i < G::kEntries; ++i) {
    const auto entry = table->entries[i].peek();
    const Gfn gfn = base + i * G::Span(level);
    visit(gfn, level, entry);
    if (entry.table() && level > 1) PeekTable<G>(tables, entry.pfn(), visit, level - 1, gfn);
  }
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_PEEK_H_
