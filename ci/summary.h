// A check in words: the table, what a clean result means, and the verdict.
#ifndef RACEWALK_CI_SUMMARY_H_
#define RACEWALK_CI_SUMMARY_H_

#include <string>

#include "ci/check_report.h"

namespace racewalk {

// The table, the sentences on luck and on bounds, and the last line: the
// parameters with the verdict.
std::string FormatSummary(const CheckReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_SUMMARY_H_
