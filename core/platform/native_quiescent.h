// NativePlatform for embedders whose vCPU threads run loops: their read sections
// cost next to nothing, and what they owe for that is QuiescentThread's contract.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_H_

#include "core/platform/native.h"
#include "core/platform/native/quiescent_rcu.h"
#include "core/platform/native/tsan.h"
#include "core/platform/platform.h"

namespace racewalk {

struct QuiescentPlatform : NativePlatform {
  using Rcu = QuiescentRcu;
  using Srcu = QuiescentSrcu;
  // They share grace periods. With checks both are entered, or `held` would not know, nor
  // would ThreadSanitizer of the edges from sections to callbacks.
  static constexpr bool kSrcuHoldsRcu = !kChecks && !kTsan;
};

static_assert(Platform<QuiescentPlatform>);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_H_
