#include "ci/mutant_search.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/options.h"
#include "ci/seconds.h"
#include "ci/sort_by_key.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace {

// Rows of equal rank stay in the order of the library.
void InOrder(std::vector<Unit>& units, const MutantSearchOptions& options) {
  const std::vector<std::string>& first = options.first_scenarios;
  const auto rank = [&](const Unit& unit) {
    const Scenario& scenario = unit.target.subject.scenario;
    const auto known = std::find(first.begin(), first.end(), scenario.name);
    if (known != first.end()) return static_cast<std::size_t>(known - first.begin());
    const bool later = options.own_mmu_first && scenario.mmu == MmuChoice::kAny;
    return first.size() + (later ? 1 : 0);
  };
  SortByKey(units, rank);
}

void Add(ExplorationResult result, MutantSearchOutcome& outcome) {
  outcome.seconds += result.seconds;
  outcome.finished = true;
  for (const UnitResult& unit : result.units) {
    outcome.executions += unit.executions;
    outcome.finished = outcome.finished && unit.executions != 0;
  }
  outcome.interrupted = result.interrupted;
  outcome.time_limit_hit = result.time_limit_hit;
  outcome.errors = std::move(result.internal_errors);
  if (!result.input.ok()) {
    const auto message = result.input.message();
    outcome.errors.emplace_back(message.data(), message.size());
  }
  if (!result.found.empty()) outcome.finding = std::move(result.found.front().finding);
}

}  // namespace

std::vector<std::string> LikelyKillers(const MutantUnit& unit, const std::vector<Kill>& kills) {
  std::vector<std::string> scenarios;
  for (const bool same : {true, false}) {
    for (const Kill& kill : kills) {
      if (!kill.result.killed() || kill.unit.point != unit.point) continue;
      if ((kill.unit == unit) == same) scenarios.push_back(kill.result.scenario);
    }
  }
  return scenarios;
}

absl::StatusOr<Plan> PlanOfMutant(const MutantUnit& unit,
                                  const std::vector<std::string>& strategies) {
  CheckOptions check;
  check.weaken = {unit.point};
  check.mmu = unit.mmu;
  check.variants = {unit.variant};
  check.strategies = strategies;
  return MakePlan(check);
}

absl::StatusOr<MutantSearchOutcome> SearchMutant(const MutantUnit& unit,
                                                 const MutantSearchOptions& options,
                                                 const ExplorerFactory& factory,
                                                 const ExplorationHooks& hooks) {
  MutantSearchOutcome outcome;
  for (const SearchPhase& phase : options.phases) {
    absl::StatusOr<Plan> plan = PlanOfMutant(unit, phase.strategies);
    if (!plan.ok()) return plan.status();
    InOrder(plan->units, options);
    ExplorationOptions exploration;
    exploration.jobs = options.jobs;
    exploration.seed = options.seed;
    exploration.budget = Seconds(phase.seconds);
    exploration.executions = options.executions;
    exploration.stop_at_first = true;
    if (options.seconds_left) {
      exploration.time_limit = Seconds(std::max(*options.seconds_left - outcome.seconds, 0.001));
    }
    absl::StatusOr<ExplorationResult> result = Explore(plan->units, exploration, factory, hooks);
    if (!result.ok()) return result.status();
    Add(*std::move(result), outcome);
    if (outcome.finding || outcome.interrupted || outcome.time_limit_hit) break;
    if (!outcome.errors.empty()) break;
  }
  return outcome;
}

}  // namespace racewalk
