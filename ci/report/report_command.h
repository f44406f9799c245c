// `racewalk report`.
#ifndef RACEWALK_CI_REPORT_REPORT_COMMAND_H_
#define RACEWALK_CI_REPORT_REPORT_COMMAND_H_

#include <string>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"

namespace racewalk {

// `command` as typed. Files are written whole or not at all; stores are only read.
ExitStatus RunReport(const ReportOptions& options, const std::string& command,
                     const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_REPORT_COMMAND_H_
