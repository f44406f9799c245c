// The outcome of `racewalk stress`, as values and in words.
#ifndef RACEWALK_CI_STRESS_REPORT_H_
#define RACEWALK_CI_STRESS_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/stress_run.h"
#include "ci/target.h"

namespace racewalk {

struct StressReport {
  std::string command{};     // as typed
  std::string parameters{};  // every one of them, drawn ones included, on one line
  uint64_t seed = 0;
  std::vector<Target> targets{};
  StressResult result{};
  std::vector<std::string> errors{};  // as printed on standard error
};

// "clean", "violation", "bad-input", "internal-error", "interrupted".
std::string VerdictOf(const StressReport& report);
ExitStatus ExitStatusOf(const StressReport& report);
// Rows of which a round was begun.
uint64_t RowsRun(const StressReport& report);

// The table, what was found, once more in short, and the last line: the
// parameters with the verdict.
std::string FormatStressSummary(const StressReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRESS_REPORT_H_
