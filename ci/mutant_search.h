// The search for one mutant's killer: the whole library, with one seed, until
// a violation or the end of the budget.
#ifndef RACEWALK_CI_MUTANT_SEARCH_H_
#define RACEWALK_CI_MUTANT_SEARCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/exploration.h"
#include "ci/finding.h"
#include "ci/kill_table.h"
#include "ci/mutant.h"
#include "ci/plan.h"
#include "ci/token_target.h"

namespace racewalk {

// A part of the budget, spent on the whole library.
struct SearchPhase {
  std::vector<std::string> strategies{};  // empty: the default mix
  double seconds = 0;
};

struct MutantSearchOptions {
  int jobs = 1;
  uint64_t seed = 0;
  // In turn. Every row of a phase gets an equal share of its time, so that most
  // kills come sooner in a short one.
  std::vector<SearchPhase> phases{};
  std::optional<uint64_t> executions{};  // of each row, in each phase
  std::optional<double> seconds_left{};  // until everything ends
  // Their rows come first, in this order.
  std::vector<std::string> first_scenarios{};
  // Then those that are for this MMU only.
  bool own_mmu_first = false;
};

struct MutantSearchOutcome {
  std::optional<Finding> finding{};
  uint64_t executions = 0;  // until then
  double seconds = 0;       // likewise, wall time
  // Every row of the library was run. Unless it was, that nothing was found
  // says nothing.
  bool finished = false;
  bool interrupted = false;
  bool time_limit_hit = false;
  std::vector<std::string> errors{};  // of the harness, or a row that cannot be run
};

// Error: Internal if workers cannot be started, InvalidArgument if a strategy
// is unknown or the library has nothing for the MMU and variant.
absl::StatusOr<MutantSearchOutcome> SearchMutant(const MutantUnit& unit,
                                                 const MutantSearchOptions& options,
                                                 const ExplorerFactory& factory,
                                                 const ExplorationHooks& hooks);

// Scenarios that killed this unit before, then those that killed its point
// elsewhere.
std::vector<std::string> LikelyKillers(const MutantUnit& unit, const std::vector<Kill>& kills);

// What `racewalk check --weaken=POINT --mmu --variant` would run.
absl::StatusOr<Plan> PlanOfMutant(const MutantUnit& unit,
                                  const std::vector<std::string>& strategies);

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANT_SEARCH_H_
