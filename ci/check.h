// `racewalk check`: explores scenarios and says what was found.
#ifndef RACEWALK_CI_CHECK_H_
#define RACEWALK_CI_CHECK_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/token_target.h"

namespace racewalk {

// `command` is the command line, for the record. Must be called from a process
// of one thread in which no Explorer lives. Bad input is told before anything
// is written.
ExitStatus RunCheck(const CheckOptions& options, const std::string& command,
                    const ExplorerFactory& factory, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_CHECK_H_
