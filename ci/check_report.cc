#include "ci/check_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace racewalk {

ExitStatus ExitStatusOf(const CheckReport& report) {
  const ExplorationResult& result = report.result;
  // A harness that is wrong, or was asked the wrong thing, has no other verdict.
  if (!result.internal_errors.empty()) return kExitInternalError;
  if (!result.input.ok()) return kExitBadInput;
  if (result.interrupted) return kExitInterrupted;
  if (!result.found.empty()) return kExitViolation;
  return NeverRun(report) + Unfinished(report) == 0 ? kExitClean : kExitBudgetEnded;
}

std::string VerdictOf(const CheckReport& report) { return Verdict(ExitStatusOf(report)); }

std::string LabelOf(const CheckReport& report, std::size_t unit) {
  const std::string& claim = report.result.units[unit].claim;
  return claim.empty() ? "sampled" : claim;
}

std::string LabelOf(const CheckReport& report) {
  std::string weakest;
  const auto strength = [](const std::string& label) -> uint64_t {
    if (label == "sampled") return 0;
    if (label == "exhausted") return ~uint64_t{0};
    return std::stoull(label.substr(label.find('(') + 1)) + 1;
  };
  for (std::size_t i = 0; i < report.result.units.size(); ++i) {
    const std::string label = LabelOf(report, i);
    if (weakest.empty() || strength(label) < strength(weakest)) weakest = label;
  }
  return weakest.empty() ? "sampled" : weakest;
}

const UnitResult* LeastExplored(const CheckReport& report, std::size_t* index) {
  const UnitResult* least = nullptr;
  for (std::size_t i = 0; i < report.result.units.size(); ++i) {
    const UnitResult& unit = report.result.units[i];
    if (unit.violated || unit.executions == 0 || report.plan.units[i].enumerates) continue;
    if (least == nullptr || unit.executions < least->executions) {
      least = &unit;
      *index = i;
    }
  }
  return least;
}

uint64_t NeverRun(const CheckReport& report) {
  const std::vector<UnitResult>& units = report.result.units;
  return static_cast<uint64_t>(std::count_if(
      units.begin(), units.end(), [](const UnitResult& unit) { return unit.executions == 0; }));
}

uint64_t Unfinished(const CheckReport& report) {
  uint64_t unfinished = 0;
  for (std::size_t i = 0; i < report.result.units.size(); ++i) {
    const UnitResult& unit = report.result.units[i];
    if (unit.executions == 0 || unit.violated || !unit.claim.empty()) continue;
    unfinished += report.plan.units[i].enumerates ? 1 : 0;
  }
  return unfinished;
}

}  // namespace racewalk
