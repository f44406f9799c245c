// The guest frames of a round on real threads, told as those of its scenario.
#ifndef RACEWALK_CI_GUEST_FRAMES_H_
#define RACEWALK_CI_GUEST_FRAMES_H_

#include <cstdint>
#include <string>

#include "sanitizers/round.h"

namespace racewalk {

// Thread-compatible.
class GuestFrames {
 public:
  // Of no round: numbers go by themselves.
  GuestFrames() = default;
  explicit GuestFrames(const RoundPlan& plan);

  // "0x8000003 (frame 0 of the scenario, page 3 of it)"; "0x8000003" if it is of no frame.
  std::string Text(uint64_t gfn) const;

 private:
  uint64_t first_ = 0;
  uint64_t pages_per_frame_ = 1;
  uint64_t frames_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_GUEST_FRAMES_H_
