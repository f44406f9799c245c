// `racewalk fuzz`: new scenarios, those that show new interleavings kept.
#ifndef RACEWALK_CI_FUZZ_H_
#define RACEWALK_CI_FUZZ_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/token_target.h"
#include "fuzz/reduce.h"

namespace racewalk {

// What inputs are run by: the real ones, or a test's own.
struct FuzzWorld {
  ExplorerFactory factory{};
  InputFunction run{};    // empty: InputRunner's
  int task_seconds = 60;  // after which a worker is taken for hung
};

// `command` is the command line, for the record. Must be called from a process of one thread in
// which no Explorer lives. Bad input, files of the corpus included, is told before anything is
// written.
ExitStatus RunFuzzCommand(const FuzzOptions& options, const std::string& command,
                          const FuzzWorld& world, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_FUZZ_H_
