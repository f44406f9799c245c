// `racewalk mutants --compare`: how many executions each strategy needs until
// the first violation, side by side.
//
// What is looked for is each unit of the kill matrix, in the scenario that the
// kill table names for it, and each historical bug in its own.
#ifndef RACEWALK_CI_STRATEGY_COMPARISON_H_
#define RACEWALK_CI_STRATEGY_COMPARISON_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/token_target.h"

namespace racewalk {

struct ComparedTarget {
  bool bug = false;  // else a point, weakened
  std::string name{};
  std::string mmu{};
  std::string variant{};
  std::string scenario{};
  // By strategy and seed: executions until the violation; nothing: the limit
  // was reached. Empty: not measured.
  std::vector<std::vector<std::optional<uint64_t>>> runs{};
};

struct ComparisonReport {
  std::string command{};
  std::string parameters{};
  std::vector<std::string> strategies{};
  std::vector<uint64_t> seeds{};
  uint64_t limit = 0;  // executions of a run
  std::vector<ComparedTarget> targets{};
  std::size_t without_scenario = 0;  // units that the table has no kill of
  bool interrupted = false;
  bool time_limit_hit = false;
  bool internal_error = false;
  std::vector<std::string> errors{};
};

// "measured", "cut-short", "internal-error", "interrupted".
std::string VerdictOf(const ComparisonReport& report);
// kExitClean if everything was measured.
ExitStatus ExitStatusOf(const ComparisonReport& report);

// As RunMutants; only the number of executions ends a run, so that no result
// depends on the machine or on the number of jobs.
ExitStatus RunComparison(const MutantsOptions& options, const std::string& command,
                         const ExplorerFactory& factory, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRATEGY_COMPARISON_H_
