// The outcome of a check, as values: what the summary and the JSON say.
#ifndef RACEWALK_CI_CHECK_REPORT_H_
#define RACEWALK_CI_CHECK_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/exploration.h"
#include "ci/plan.h"

namespace racewalk {

struct CheckReport {
  std::string command{};     // as typed
  std::string parameters{};  // every one of them, drawn ones included, on one line
  uint64_t seed = 0;
  Plan plan{};
  ExplorationResult result{};
  std::vector<std::string> traces{};  // path of each of result.found, or ""
  std::vector<std::string> errors{};  // as printed on standard error
};

// "clean", "violation", "bad-input", "budget-ended", "internal-error", "interrupted".
std::string VerdictOf(const CheckReport& report);
ExitStatus ExitStatusOf(const CheckReport& report);

// What was explored of a unit; honest about it. So far always "sampled".
std::string LabelOf(const CheckReport& report);

// The units that were run least, without those that failed; at least one
// execution each. Nullptr if there is none.
const UnitResult* LeastExplored(const CheckReport& report, std::size_t* index);
// How many units were never run.
uint64_t NeverRun(const CheckReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_CHECK_REPORT_H_
