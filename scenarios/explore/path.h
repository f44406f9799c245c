// An execution by the decisions that were taken in it, in one word.
//
// A digit is the thread that was picked, a letter what was chosen: 'a' is 0,
// 'b' is 1, and each 'z' adds 25 to the letter that follows. Decisions with one
// option are left out. After the last character every decision is the usual
// one: the thread that stepped last goes on, or the lowest that may; the choice
// is 0. So "001a1" preempts thread 0 after two steps. "-" is no decision at all.
#ifndef RACEWALK_SCENARIOS_EXPLORE_PATH_H_
#define RACEWALK_SCENARIOS_EXPLORE_PATH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"

namespace racewalk {

struct PathStep {
  bool is_pick = true;
  uint32_t taken = 0;
  bool operator==(const PathStep&) const = default;
};

// A path must fit into a token, and a token into one argument of a command.
inline constexpr std::size_t kMaxPathBytes = 100'000;

std::string FormatPath(const std::vector<PathStep>& path);
// Returns false unless `text` is what FormatPath writes, of at most kMaxPathBytes.
bool ParsePath(absl::string_view text, std::vector<PathStep>& path);

// Who is picked unless something else is said.
inline int UsualPick(const PickView& view) {
  const bool goes_on = view.current >= 0 && (view.enabled >> view.current & 1) != 0;
  return goes_on ? view.current : std::countr_zero(view.enabled);
}

// Whether to pick another thread than UsualPick is a preemption: who stepped
// last could go on, has begun, and is not about to pause or yield. `started` is
// a mask of the threads that have taken a step: whoever is picked first of all
// interrupts nobody, although the world has brought thread 0 to its first step.
inline bool WouldPreempt(const PickView& view, uint32_t started) {
  if (view.current < 0 || (view.enabled & started & uint32_t{1} << view.current) == 0) return false;
  if (view.next == nullptr) return true;
  const OpKind next = (*view.next)[static_cast<std::size_t>(view.current)].kind;
  return next != OpKind::kPause && next != OpKind::kYield;
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_PATH_H_
