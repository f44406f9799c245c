// Tables on the page of a night: what was run, what was killed, what went wrong.
#ifndef RACEWALK_CI_REPORT_TABLES_HTML_H_
#define RACEWALK_CI_REPORT_TABLES_HTML_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// Each a section, or "" if there is nothing to tell.
std::string KillsHtml(const NightReport& report);
std::string WorkHtml(const NightReport& report);
std::string IncidentsHtml(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_TABLES_HTML_H_
