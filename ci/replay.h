// `racewalk replay`: the same execution again, as a timeline.
#ifndef RACEWALK_CI_REPLAY_H_
#define RACEWALK_CI_REPLAY_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/token_target.h"

namespace racewalk {

// Runs in this very process, so that a debugger sees the execution. What is
// printed is the same bytes each time. A trace that no longer fits the code is
// bad input: it never yields a verdict.
ExitStatus RunReplay(const ReplayOptions& options, const std::string& command,
                     const ExplorerFactory& factory, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPLAY_H_
