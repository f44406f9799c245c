// The TDP MMU as oracles and tests see it, in whatever world it is.
#ifndef RACEWALK_CORE_TDP_VIEW_H_
#define RACEWALK_CORE_TDP_VIEW_H_

#include "core/platform/platform.h"
#include "core/tdp/mmu.h"

namespace racewalk {

template <Platform PlatformT, typename GeometryT>
struct TdpView {
  using P = PlatformT;
  using G = GeometryT;
  using Mmu = TdpMmu<P, G>;
  using Tables = TdpTables<P, G>;
  using Entry = Spte<P>;

  // Calls visit(table, valid) for each root.
  template <typename F>
  static void ForEachRoot(Mmu& mmu, F visit) {
    mmu.roots().PeekEach(
        [&](TdpRoot<P, G>& root) { visit(root.table.peek(), !root.invalid.peek()); });
  }
  // Somebody owns the entry.
  static bool Taken(const Entry& entry) { return entry.frozen(); }
  // Returns when what runs by itself is over.
  static void Settle(Mmu& mmu) {
    if (mmu.state().worker.has_value()) mmu.state().worker->barrier();
  }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_VIEW_H_
