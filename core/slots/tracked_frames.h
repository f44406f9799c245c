// Guest frames that must not be written by the guest, such as its page tables
// when they are shadowed (KVM: gfn_write_track, account_shadowed).
#ifndef RACEWALK_CORE_SLOTS_TRACKED_FRAMES_H_
#define RACEWALK_CORE_SLOTS_TRACKED_FRAMES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/platform/platform.h"

namespace racewalk {

// Guarded by the MMU lock: exclusive for Add, at least shared for the rest.
// A frame stays tracked for the life of the VM.
template <Platform P>
class TrackedFrames {
 public:
  void Add(Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) {
      if (!Any(gfn, gfn)) frames_.push_back(gfn);
    }
    count_.store(frames_.size());
  }
  bool Any(Gfn first, Gfn last) const {
    if (count_.load() == 0) [[likely]] {
      return false;
    }
    return AnyOfSome(first, last);
  }

 private:
  // Most VMs track none: only that is worth inlining.
  [[gnu::cold, gnu::noinline]] bool AnyOfSome(Gfn first, Gfn last) const {
    return std::any_of(frames_.begin(), frames_.end(),
                       [&](Gfn gfn) { return first <= gfn && gfn <= last; });
  }

  typename P::template Plain<uint64_t> count_{0, WordName{"tracked_frames"}};
  std::vector<Gfn> frames_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_SLOTS_TRACKED_FRAMES_H_
