// The stage-2 MMU as oracles and tests see it, in whatever world it is.
#ifndef RACEWALK_CORE_STAGE2_VIEW_H_
#define RACEWALK_CORE_STAGE2_VIEW_H_

#include "core/platform/platform.h"
#include "core/stage2/mmu.h"

namespace racewalk {

// As TdpView.
template <Platform PlatformT, typename GeometryT>
struct Stage2View {
  using P = PlatformT;
  using G = GeometryT;
  using Mmu = Stage2Mmu<P, G>;
  using Tables = Stage2Tables<P, G>;
  using Entry = Pte<P>;

  template <typename F>
  static void ForEachRoot(Mmu& mmu, F visit) {
    visit(mmu.state().root, true);
  }
  static bool Taken(const Entry& entry) { return entry.locked(); }
  static void Settle(Mmu& /*mmu*/) {}
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_VIEW_H_
