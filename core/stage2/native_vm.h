// A stage-2 MMU on real threads with a fake environment, for tests.
#ifndef RACEWALK_CORE_STAGE2_NATIVE_VM_H_
#define RACEWALK_CORE_STAGE2_NATIVE_VM_H_

#include <utility>

#include "core/platform/native.h"
#include "core/stage2/view.h"
#include "core/vm/native_vm.h"

namespace racewalk {

template <typename Shape, typename PlatformT>
struct Stage2Native : Stage2View<PlatformT, Shape> {
  using Variant = Stage2Variant;
  using Options = Stage2Options;
  static constexpr point kFollow = point::stage2_follow;
  // That is what relax_flushes is for.
  static constexpr bool kDropsOnFault = false;
  // All designs flush before they free, so that nothing else keeps tables for the hardware.
  static constexpr bool kFlushEndsWalks = true;

  static bool Notes(const Stage2Options& options) { return options.hardware_af; }
  static bool Logs(const Stage2Options& /*options*/) { return false; }
  static bool BooksAreRight(NativeVm<Stage2Native>& vm, const auto& /*count*/) {
    bool right = true;
    vm.EachTable([&](const auto& table, int /*level*/, Gfn /*base*/) {
      right = right && table.IsCountedRight();
    });
    return right;
  }
};

template <typename G, typename P = NativePlatform>
using Stage2Vm = NativeVm<Stage2Native<G, P>>;

// What is flushed where [first, last], more than a page, has to be.
template <typename G>
std::pair<Gfn, Gfn> FlushOfMany(const Stage2Options& options, Gfn first, Gfn last) {
  if (options.range_flush) return {first, last};
  return {0, G::kFrames - 1};
}

// What the tests run through: every design, with what the processors may or may
// not offer, and blocks split early or late.
using Stage2Kind = NativeKind<Stage2Variant, Stage2Options>;
inline constexpr Stage2Kind kStage2Kinds[] = {
    {"Defer", {.design = SubtreeDesign::kDeferToCallback}, {}},
    {"DeferBbm2Ranged",
     {.design = SubtreeDesign::kDeferToCallback, .bbm2 = true},
     {.range_flush = true}},
    {"DeferSoftAfLateSplit",
     {.design = SubtreeDesign::kDeferToCallback},
     {.hardware_af = false, .eager_split = false}},
    {"LockSubtree", {.design = SubtreeDesign::kLockSubtree}, {}},
    {"LockSubtreeBbm2Ranged",
     {.design = SubtreeDesign::kLockSubtree, .bbm2 = true},
     {.range_flush = true}},
    {"LockSubtreeSoftAfLateSplit",
     {.design = SubtreeDesign::kLockSubtree},
     {.hardware_af = false, .eager_split = false}},
    {"Rwlock", {.design = SubtreeDesign::kRwlock}, {}},
    {"RwlockBbm2Ranged", {.design = SubtreeDesign::kRwlock, .bbm2 = true}, {.range_flush = true}},
    {"RwlockSoftAfLateSplit",
     {.design = SubtreeDesign::kRwlock},
     {.hardware_af = false, .eager_split = false}},
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_NATIVE_VM_H_
