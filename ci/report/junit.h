// A night as JUnit XML, which every CI system opens.
#ifndef RACEWALK_CI_REPORT_JUNIT_H_
#define RACEWALK_CI_REPORT_JUNIT_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// A suite for each engine, a test case for each row: of exploration a scenario, MMU, variant and
// strategy. A row with violations has one failure, which has them all; one whose workers did not
// end chunks has an error. A weakened point that was not killed is skipped, because it is no
// failure of the MMU; with --against, what got worse is a suite of failures.
std::string JunitXml(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_JUNIT_H_
