// The outcome of a check, as values: what the summary and the JSON say.
#ifndef RACEWALK_CI_CHECK_REPORT_H_
#define RACEWALK_CI_CHECK_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/exploration.h"
#include "ci/plan.h"
#include "ci/shrinker.h"

namespace racewalk {

struct CheckReport {
  std::string command{};     // as typed
  std::string parameters{};  // every one of them, drawn ones included, on one line
  uint64_t seed = 0;
  Plan plan{};
  ExplorationResult result{};
  std::vector<std::string> traces{};  // path of each of result.found, or ""
  // Of each of result.found: what was made of it, if there was time.
  std::vector<std::optional<ShrinkResult>> shrunk{};
  std::vector<std::string> errors{};  // as printed on standard error
};

// "clean", "violation", "bad-input", "budget-ended", "internal-error", "interrupted".
std::string VerdictOf(const CheckReport& report);
ExitStatus ExitStatusOf(const CheckReport& report);

// What a clean result of a unit claims: "exhausted" (every execution was run,
// and none was cut), "bounded(k)" (likewise with at most k preemptions), or
// "sampled" (nothing but luck).
std::string LabelOf(const CheckReport& report, std::size_t unit);
// Of all units: the weakest.
std::string LabelOf(const CheckReport& report);

// The unit that was sampled least, without those that failed; at least one
// execution. Nullptr if there is none. An enumeration is no sample.
const UnitResult* LeastExplored(const CheckReport& report, std::size_t* index);
// How many units were never run.
uint64_t NeverRun(const CheckReport& report);
// How many enumerations found nothing and yet established nothing.
uint64_t Unfinished(const CheckReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_CHECK_REPORT_H_
