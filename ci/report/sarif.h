// A night as SARIF 2.1.0, which code hosts show beside the source.
#ifndef RACEWALK_CI_REPORT_SARIF_H_
#define RACEWALK_CI_REPORT_SARIF_H_

#include <string>

#include "ci/report/night_report.h"

namespace racewalk {

// One run. A rule is a kind of violation, a result a class of them: where it was seen, what made it
// wrong, its fingerprint, and the execution's steps that have a place.
std::string SarifJson(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_SARIF_H_
