// What the command line asks for, done.
#ifndef RACEWALK_CI_RUN_COMMAND_H_
#define RACEWALK_CI_RUN_COMMAND_H_

#include "ci/command_line.h"
#include "ci/console.h"
#include "ci/options.h"

namespace racewalk {

// The commands of this build.
extern const Commands kBuiltCommands;

// Returns the exit status. `invocation` is of one of those commands.
int RunCommand(const Invocation& invocation, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_RUN_COMMAND_H_
