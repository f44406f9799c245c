// A TDP MMU on real threads with a fake environment, for tests.
#ifndef RACEWALK_CORE_TDP_NATIVE_VM_H_
#define RACEWALK_CORE_TDP_NATIVE_VM_H_

#include <cstddef>

#include "core/platform/native.h"
#include "core/tdp/view.h"
#include "core/vm/native_vm.h"

namespace racewalk {

template <typename Shape, typename PlatformT>
struct TdpNative : TdpView<PlatformT, Shape> {
  using Variant = TdpVariant;
  using Options = TdpOptions;
  static constexpr point kFollow = point::walk_follow;
  // An EPT violation drops what was cached for the address (Intel SDM, 29.4.3.1).
  static constexpr bool kDropsOnFault = true;
  // It is an interrupt, and nobody waits for one who is out of the guest by then.
  static constexpr bool kFlushEndsWalks = false;

  static bool Notes(const TdpOptions& options) { return options.ad_bits; }
  static bool Logs(const TdpOptions& options) { return options.dirty_bit_logging; }
  // S4.
  static bool BooksAreRight(NativeVm<TdpNative>& vm, const auto& count) {
    const auto& state = vm.mmu->state();
    bool right = state.table_pages.peek() == count.tables;
    for (std::size_t i = 0; i < count.mapped.size(); ++i) {
      right = right && state.mapped_pages[i].peek() == count.mapped[i];
    }
    return right;
  }
};

template <typename G, typename P = NativePlatform>
using TdpVm = NativeVm<TdpNative<G, P>>;

using TdpKind = NativeKind<TdpVariant, TdpOptions>;
inline constexpr TdpKind kTdpDesigns[] = {{"Owned"},
                                          {"LastPutZaps", {.last_put_zaps = true}},
                                          {"AdAtZap", {.ad_at_zap = true}},
                                          {"AsyncZap", {.async_zap = true}}};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_NATIVE_VM_H_
