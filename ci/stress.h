// `racewalk stress`: scenarios on real threads.
#ifndef RACEWALK_CI_STRESS_H_
#define RACEWALK_CI_STRESS_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/stress_run.h"

namespace racewalk {

// `command` is the command line, for reports. `can_explore`: this program has
// `check` too. Must be called from a process of one thread.
ExitStatus RunStress(const StressOptions& options, const std::string& command,
                     const RoundRunner& runner, bool can_explore, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRESS_H_
