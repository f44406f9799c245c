// `racewalk mutants`: weakens each protocol point where it is needed, and says
// what kills it.
#ifndef RACEWALK_CI_MUTANTS_H_
#define RACEWALK_CI_MUTANTS_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/token_target.h"

namespace racewalk {

// Known killing tokens are replayed first; what no longer replays is searched.
// `command` is the command line, for the record. Must be called from a process
// of one thread in which no Explorer lives. Bad input is told before anything
// is written.
ExitStatus RunMutants(const MutantsOptions& options, const std::string& command,
                      const ExplorerFactory& factory, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANTS_H_
