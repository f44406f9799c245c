// Table pages of the stage-2 MMU.
#ifndef RACEWALK_CORE_STAGE2_TABLE_H_
#define RACEWALK_CORE_STAGE2_TABLE_H_

#include <cstdint>

#include "core/stage2/pte.h"
#include "core/tables/table_pool.h"

namespace racewalk {

// Beside the entries: who refers to the page. 1 for the entry that links it (or
// whoever is about to link or free it) and 1 for each counted entry in it.
template <Platform P, typename G>
struct Stage2Table : TablePage<P, G, Pte<P>> {
  explicit Stage2Table(uint32_t pfn)
      : TablePage<P, G, Pte<P>>(pfn), references(WordName{"table_references", pfn}) {}

  typename P::template Atomic<int32_t> references;

  // For oracles, at rest (A1).
  bool IsCountedRight() const {
    int32_t counted = 1;
    for (const auto& word : this->entries) counted += word.peek().counted() ? 1 : 0;
    return references.peek() == counted;
  }
};

template <Platform P, typename G>
using Stage2Tables = TablePool<P, G, Stage2Table<P, G>>;

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_TABLE_H_
