// Choices that are not of a thread, for strategies that concern threads.
#ifndef RACEWALK_SCENARIOS_EXPLORE_RARE_CHOICE_H_
#define RACEWALK_SCENARIOS_EXPLORE_RARE_CHOICE_H_

#include <cstdint>

#include "core/platform/decisions.h"
#include "scenarios/rng.h"

namespace racewalk {

// A stale read and a yield each have probability 1/4, rare enough for long
// walks to end; reuse and grace periods are uniform.
inline uint32_t RareChoice(Rng& rng, uint32_t n, Choice kind) {
  if (kind == Choice::kGracePeriod || kind == Choice::kReuse) return rng.Below(n);
  if (rng.Below(4) != 0) return 0;
  return n <= 2 ? n - 1 : 1 + rng.Below(n - 1);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_RARE_CHOICE_H_
