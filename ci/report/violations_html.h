// Violations on the page of a night, and what got worse.
#ifndef RACEWALK_CI_REPORT_VIOLATIONS_HTML_H_
#define RACEWALK_CI_REPORT_VIOLATIONS_HTML_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// Each a section, or "" if there is nothing to tell.
std::string WorseHtml(const NightReport& report);
std::string NewViolationsHtml(const NightReport& report);
std::string KnownViolationsHtml(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_VIOLATIONS_HTML_H_
