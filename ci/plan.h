// What a check is to run: one unit for each scenario, MMU, variant and
// strategy.
#ifndef RACEWALK_CI_PLAN_H_
#define RACEWALK_CI_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/options.h"
#include "ci/target.h"
#include "scenarios/bugs.h"

namespace racewalk {

struct Unit {
  Target target{};
  std::string strategy{};   // as asked for: "pct:3"
  bool enumerates = false;  // the strategy runs every execution once: "full", "bound:2"
};

// "fault_vs_collapse stage2 lock_subtree pct:3".
std::string UnitName(const Unit& unit);

struct Plan {
  std::vector<Unit> units{};  // never empty
  std::vector<std::string> strategies{};
  const Bug* bug = nullptr;
  std::optional<double> seconds{};  // of exploration in total
  // The first violation ends the run: it was asked whether there is one.
  bool stop_at_first = false;
};

// Errors: InvalidArgument, one line with a remedy: an unknown name, or nothing
// left of what was selected.
absl::StatusOr<Plan> MakePlan(const CheckOptions& options);

}  // namespace racewalk

#endif  // RACEWALK_CI_PLAN_H_
