// A night as text for a terminal: the verdict first.
#ifndef RACEWALK_CI_REPORT_TEXT_H_
#define RACEWALK_CI_REPORT_TEXT_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// At most a few dozen lines, whatever was found.
std::string ReportText(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_TEXT_H_
