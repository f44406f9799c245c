// Which frames the guest must not reach, because they have been given away (A6).
#ifndef RACEWALK_SCENARIOS_MACHINE_DONATIONS_H_
#define RACEWALK_SCENARIOS_MACHINE_DONATIONS_H_

#include <cstdint>
#include <map>

#include "core/geometry.h"

namespace racewalk {

// Plain memory: orders nothing. Of operations that overlap nobody can say which
// came first, so a frame counts only if its donation has returned and no
// reclaim of it has been under way since the donation began.
class Donations {
 public:
  // Of an operation that begins now.
  uint64_t Begin() { return ++clock_; }
  void Donated(Gfn gfn, uint64_t begun) {
    Frame& frame = frames_[gfn];
    frame.away = frame.reclaims == 0 && frame.reclaimed < begun;
  }
  void ReclaimBegins(Gfn gfn) {
    frames_[gfn].away = false;
    ++frames_[gfn].reclaims;
  }
  void ReclaimEnds(Gfn gfn) {
    --frames_[gfn].reclaims;
    frames_[gfn].reclaimed = ++clock_;
  }
  bool Away(Gfn gfn) const {
    const auto found = frames_.find(gfn);
    return found != frames_.end() && found->second.away;
  }

 private:
  struct Frame {
    bool away = false;
    int reclaims = 0;        // under way
    uint64_t reclaimed = 0;  // when the last one ended
  };
  std::map<Gfn, Frame> frames_;
  uint64_t clock_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_DONATIONS_H_
