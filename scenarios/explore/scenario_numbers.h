// The frames, slots and roles of a scenario, and how to make them smaller.
#ifndef RACEWALK_SCENARIOS_EXPLORE_SCENARIO_NUMBERS_H_
#define RACEWALK_SCENARIOS_EXPLORE_SCENARIO_NUMBERS_H_

#include <cstdint>
#include <vector>

#include "scenarios/scenario.h"

namespace racewalk {

struct NumberSums {
  uint64_t width = 0;    // of all ranges
  uint64_t numbers = 0;  // of frames, slots and roles
};
NumberSums SumsOf(const Scenario& scenario);

// With half the frames: what lies beyond is left out of ranges, or folded back.
// Neither validity nor size is looked at, here and below.
std::vector<Scenario> WithFewerFrames(const Scenario& scenario);

// With narrower ranges and lower numbers: one frame number everywhere at a
// time, then each range on its own.
std::vector<Scenario> WithLowerNumbers(const Scenario& scenario);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SCENARIO_NUMBERS_H_
