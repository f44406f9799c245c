// A night as the object that `racewalk report --json` prints: docs/json.md.
#ifndef RACEWALK_CI_REPORT_JSON_H_
#define RACEWALK_CI_REPORT_JSON_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// Indented, with a line end. Bytes that are no UTF-8 are replaced.
std::string ReportJson(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_JSON_H_
