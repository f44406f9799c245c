// P1 of a thread's long walk: it lets others have the MMU lock, and comes
// further between two times that it does.
#ifndef RACEWALK_SCENARIOS_MACHINE_WALK_PROGRESS_H_
#define RACEWALK_SCENARIOS_MACHINE_WALK_PROGRESS_H_

#include <cstdint>
#include <source_location>

#include "core/geometry.h"
#include "core/platform/relacy/world.h"

namespace racewalk {

// Plain memory: orders nothing.
class WalkProgress {
 public:
  WalkProgress() = default;
  explicit WalkProgress(bool bounded) : bounded_(bounded) {}

  // `self` looks at the entry where the walk goes on at `next`; it offers to
  // yield before it has looked at more than `most` while others wait.
  template <typename Lock>
  void Visited(const Lock& lock, int self, Gfn next, uint32_t most) {
    if (next != yielded_at_) moved_ = true;
    if (!lock.HeldBy(self)) return;  // nobody waits for this walk
    const uint32_t hold = lock.HoldOf(self);
    if (hold != hold_ || !lock.contended()) visits_ = 0;
    hold_ = hold;
    if (!lock.contended() || bounded_) return;
    if (visits_ == most) Fail();
    ++visits_;
  }

  void Yielded(Gfn next, std::source_location where) {
    if (!moved_ && yielded_at_ == next) {
      World::Get().Fail({.kind = ViolationKind::kLivelock,
                         .invariant = "P1",
                         .what = "{thread} yields a second time at the same entry: two such walks "
                                 "never end",
                         .where = where});
    }
    yielded_at_ = next;
    moved_ = false;
  }

 private:
  void Fail() const {
    World::Get().Fail({.kind = ViolationKind::kLivelock,
                       .invariant = "P1",
                       .what = "{thread} goes on through {value} entries with the MMU lock held "
                               "while others wait for it, and does not offer to yield",
                       .value = visits_ + 1});
  }

  uint32_t hold_ = 0;    // of the MMU lock
  uint32_t visits_ = 0;  // entries under that hold while somebody waited
  Gfn yielded_at_ = ~Gfn{0};
  bool moved_ = true;  // beyond yielded_at_
  bool bounded_ = false;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_WALK_PROGRESS_H_
