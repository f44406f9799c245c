// `racewalk shrink`: a violation made as small as a person would have written it.
#ifndef RACEWALK_CI_SHRINK_H_
#define RACEWALK_CI_SHRINK_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/token_target.h"

namespace racewalk {

// Must be called from a process of one thread in which no Explorer lives. When
// the time ends or somebody interrupts, the best so far is told.
ExitStatus RunShrink(const ShrinkCommandOptions& options, const std::string& command,
                     const ExplorerFactory& factory, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_SHRINK_H_
