// All that can be reached from a table, for oracles and tests.
#ifndef RACEWALK_CORE_TABLES_PEEK_H_
#define RACEWALK_CORE_TABLES_PEEK_H_

#include <cstdint>

#include "core/geometry.h"

namespace racewalk {

// Calls visit(table, level, base) for table `pfn`, whose entries are at `level`
// and begin at guest frame `base`, and then for the tables below it.
template <typename G, typename Tables, typename F>
void PeekTables(Tables& tables, Pfn pfn, F&& visit, int level = G::kLevels, Gfn base = 0) {
  auto* table = tables.Peek(pfn);
  if (table == nullptr) return;
  visit(*table, level, base);
  for (uint32_t i = 0; i < G::kEntries && level > 1; ++i) {
    const auto entry = table->entries[i].peek();
    if (entry.table()) {
      PeekTables<G>(tables, entry.pfn(), visit, level - 1, base + i * G::Span(level));
    }
  }
}

// The same entry by entry: visit(gfn, level, entry).
template <typename G, typename Tables, typename F>
void PeekEntries(Tables& tables, Pfn pfn, F visit) {
  PeekTables<G>(tables, pfn, [&](const auto& table, int level, Gfn base) {
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      visit(base + i * G::Span(level), level, table.entries[i].peek());
    }
  });
}

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_PEEK_H_
