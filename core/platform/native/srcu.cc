#include "core/platform/native/srcu.h"

#include "core/platform/native/fail.h"

namespace racewalk {

NativeSrcu::~NativeSrcu() {
  if (Presence::AnyInside(&inside_)) {
    NativeFail(ViolationKind::kUseAfterFree, "L7", "an SRCU domain goes away before its sections",
               Location::current());
  }
}

void NativeSrcu::synchronize(Location loc) {
  if (held()) {
    NativeFail(ViolationKind::kDeadlock, "P2",
               "{thread} waits for a grace period inside of a read section", loc);
  }
  TsanRelease(&waits_);
  Presence::AwaitLeft(&inside_, [] {});
}

}  // namespace racewalk
