// What a report tells, whatever its form: the nights, what they are compared with, the verdict.
#ifndef RACEWALK_CI_REPORT_NIGHT_REPORT_H_
#define RACEWALK_CI_REPORT_NIGHT_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/report/comparison.h"
#include "ci/report/nights.h"

namespace racewalk {

struct NightReport {
  std::string command{};  // as typed
  StoreNights store{};
  std::optional<Comparison> comparison{};  // with --against
};

// "violation", "regression", "known-violations" (only with --against, and none of them new to it),
// "workers-lost": some died, hung or took too much memory, so what they had to run was not run;
// "clean", or "nothing-run": the night has no execution.
std::string VerdictOf(const NightReport& report);
// Without --against kExitViolation for any violation; with it for what got worse, and for nothing
// else: a violation that the other store knows is not news. Then kExitInternalError if workers were
// lost, and kExitBudgetEnded if nothing was run.
ExitStatus ExitStatusOf(const NightReport& report);
// A few sentences: what was found, and what is missing of the night.
std::string Headline(const NightReport& report);
// Facts of the night that a reader must not miss, one sentence each: it was compared with another
// version, ...
std::vector<std::string> Remarks(const NightReport& report);

// "570 of 576 weakened points killed".
std::string KillsText(const NightReport& report);
std::vector<const NightMutant*> Survivors(const NightReport& report);
// Killed by their known token, and by none of the night's searches.
std::vector<const NightMutant*> OnlyReplayed(const NightReport& report);
// Of those that a search killed, most seconds first.
std::vector<const NightMutant*> SlowestKills(const NightReport& report, uint64_t most);

// Each engine's, and of exploration each scenario's and strategy's, MMUs and variants together.
struct ScenarioWork {
  UnitName unit{};  // without MMU and variant
  NightWork work{};
  uint64_t rows = 0;  // MMUs and variants
  uint64_t violations = 0;
};
// Of all engines but mutants, by engine, scenario and strategy.
std::vector<ScenarioWork> WorkByScenario(const NightReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_NIGHT_REPORT_H_
