// Numbers over the nights, on the page of a night.
#ifndef RACEWALK_CI_REPORT_TRENDS_HTML_H_
#define RACEWALK_CI_REPORT_TRENDS_HTML_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// A section: pictures, and the same as a table for those who cannot see them.
std::string TrendsHtml(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_TRENDS_HTML_H_
