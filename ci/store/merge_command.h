// `racewalk merge`: joins the stores of campaigns.
#ifndef RACEWALK_CI_STORE_MERGE_COMMAND_H_
#define RACEWALK_CI_STORE_MERGE_COMMAND_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"

namespace racewalk {

// `command` is the command line, for the record. Whatever is refused, and
// whenever the disk is full, OUT is as it was.
ExitStatus RunMerge(const MergeOptions& options, const std::string& command,
                    const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_MERGE_COMMAND_H_
