// `racewalk replay --stop-at`: an execution up to one step.
#ifndef RACEWALK_CI_STOP_AT_H_
#define RACEWALK_CI_STOP_AT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Whether something was done in `step`: a step in which a thread only found
// that it has to wait has no event.
// Error: InvalidArgument that names the last step, or the nearest ones with events.
absl::Status CheckStep(const Recording& recording, uint64_t step);

// Runs the execution once more and raises SIGTRAP in it, on the stack of the
// first operation of `step`, which has just been done.
void BreakAt(Explorer& explorer, Strategy& strategy, uint64_t key, uint64_t step);

// Forgets what came after `step`, a violation included.
void CutAfter(Recording& recording, uint64_t step);

}  // namespace racewalk

#endif  // RACEWALK_CI_STOP_AT_H_
