#include "ci/plan.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ci/rows.h"
#include "ci/target.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {
namespace {

constexpr double kLibrarySeconds = 60;
constexpr double kNamedSeconds = 10;

// A spec is checked now; what it learns in a pilot comes later.
absl::Status CheckStrategies(const std::vector<std::string>& specs) {
  for (const std::string& spec : specs) {
    absl::Status status = MakeStrategy(spec, {.threads = 3, .steps = 100}).status();
    if (!status.ok()) return status;
    // Run many times it would prove nothing, and look as if it did.
    if (absl::StartsWith(spec, "path:")) {
      return absl::InvalidArgumentError(
          "strategy path names a single execution; give racewalk replay a token with it");
    }
  }
  return absl::OkStatus();
}

bool Enumerates(const std::string& spec) {
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = MakeStrategy(spec, {});
  return strategy.ok() && (*strategy)->enumeration() != nullptr;
}

}  // namespace

std::string UnitName(const Unit& unit) {
  const Subject& subject = unit.target.subject;
  return absl::StrCat(ScenarioLabel(subject.scenario), " ", subject.mmu, " ", subject.variant, " ",
                      unit.strategy);
}

absl::StatusOr<Plan> MakePlan(const CheckOptions& options) {
  Plan plan;
  plan.strategies = options.strategies;
  if (plan.strategies.empty()) plan.strategies = {"random", "pct:3"};
  absl::Status status = CheckStrategies(plan.strategies);
  if (!status.ok()) return status;
  absl::StatusOr<Rows> rows = SelectRows({.scenarios = options.scenarios,
                                          .mmu = options.mmu,
                                          .variants = options.variants,
                                          .weaken = options.weaken,
                                          .bug = options.bug});
  if (!rows.ok()) return rows.status();
  for (const Target& target : rows->targets) {
    for (const std::string& strategy : plan.strategies) {
      plan.units.push_back(
          {.target = target, .strategy = strategy, .enumerates = Enumerates(strategy)});
    }
  }
  plan.bug = rows->bug;
  plan.seconds = options.seconds;
  if (!plan.seconds && !options.executions) {
    plan.seconds = rows->whole_library ? kLibrarySeconds : kNamedSeconds;
  }
  plan.stop_at_first = plan.bug != nullptr || !options.weaken.empty();
  return plan;
}

}  // namespace racewalk
