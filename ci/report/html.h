// A night as a page: one file that opens from a disk, readable without scripts, in light and dark,
// on a phone.
#ifndef RACEWALK_CI_REPORT_HTML_H_
#define RACEWALK_CI_REPORT_HTML_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// Of bounded size, whatever the store holds: of longer lists the page says what it leaves out.
std::string ReportHtml(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_HTML_H_
