// Table pages of the TDP MMU.
#ifndef RACEWALK_CORE_TDP_TABLE_H_
#define RACEWALK_CORE_TDP_TABLE_H_

#include "core/tables/table_pool.h"
#include "core/tdp/spte.h"

namespace racewalk {

template <Platform P, typename G>
using TdpTable = TablePage<P, G, Spte<P>>;
template <Platform P, typename G>
using TdpTables = TablePool<P, G, TdpTable<P, G>>;

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_TABLE_H_
