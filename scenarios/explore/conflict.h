// Whether the order of two announced operations can matter.
#ifndef RACEWALK_SCENARIOS_EXPLORE_CONFLICT_H_
#define RACEWALK_SCENARIOS_EXPLORE_CONFLICT_H_

#include "core/platform/decisions.h"

namespace racewalk {

// A page walker's access is taken for a write: it may set A or D.
inline bool OnlyReads(OpKind kind) {
  return kind == OpKind::kLoad || kind == OpKind::kLockShared || kind == OpKind::kRcuEnter;
}

// For sampling, which may err: what a step does beyond what it announces (an
// unlock, a free, a plain access) is not seen, and a location of 0 conflicts
// with nothing but where RCU is concerned. No ground for leaving executions out.
inline bool Conflict(const Announcement& a, const Announcement& b) {
  const auto rcu = [](OpKind kind) {
    return kind == OpKind::kRcuWork || kind == OpKind::kRcuEnter || kind == OpKind::kWait;
  };
  if (a.kind == OpKind::kRcuWork || b.kind == OpKind::kRcuWork) return rcu(a.kind) && rcu(b.kind);
  if (a.location == 0 || a.location != b.location) return false;
  return !OnlyReads(a.kind) || !OnlyReads(b.kind);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_CONFLICT_H_
