// Shares the units of a plan out to worker processes and gathers what they find.
#ifndef RACEWALK_CI_EXPLORATION_H_
#define RACEWALK_CI_EXPLORATION_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/finding.h"
#include "ci/plan.h"
#include "ci/terminal.h"
#include "ci/token_target.h"

namespace racewalk {

struct ExplorationOptions {
  int jobs = 1;
  uint64_t seed = 0;
  std::optional<std::chrono::nanoseconds> budget{};      // of exploration, wall time
  std::optional<uint64_t> executions{};                  // of each unit
  std::optional<std::chrono::nanoseconds> time_limit{};  // everything stops at once
  bool stop_at_first = false;
  // One chunk of a unit at a time: the executions of a unit that fails are then
  // those until its first violation, whatever the number of jobs.
  bool serial = false;
  // Longer than any chunk takes; then the worker is taken for hung.
  std::chrono::milliseconds chunk_limit{60'000};
  TextStyle style{};   // of the timelines
  bool pages = false;  // findings have a page
};

struct UnitResult {
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t choices = 0;
  uint64_t distinct = 0;  // interleavings
  bool distinct_exact = true;
  double seconds = 0;  // of workers
  bool violated = false;
  std::string bound{};  // Strategy::bound()
  // Of a strategy that enumerates: what is established, "exhausted" or
  // "bounded(2)", and "" until then; about how much of the tree has been run.
  std::string claim{};
  double done = 0;
  uint64_t cut = 0;  // executions that fairness kept from going on as they might
};

// A class of violations: the first one seen of it, and in how many units.
struct FoundClass {
  Finding finding{};
  uint64_t units = 0;
};

struct ExplorationResult {
  std::vector<UnitResult> units{};  // as in the plan
  std::vector<FoundClass> found{};  // in the order of finding
  // InvalidArgument if a unit cannot be run or has nothing to race; it ends the run.
  absl::Status input{};
  std::vector<std::string> internal_errors{};
  bool interrupted = false;
  bool time_limit_hit = false;
  double seconds = 0;  // wall time
};

struct ExplorationProgress {
  uint64_t executions = 0;
  uint64_t violations = 0;  // classes
  double seconds = 0;
  std::optional<double> seconds_left{};
};

// "1,234,567 executions, 98,765/s, no violation, 12 s left".
std::string ProgressText(const ExplorationProgress& progress);

// All are called in this process, between messages.
struct ExplorationHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const ExplorationProgress&)> progress = [](const ExplorationProgress&) {};
  // For the first of each class, as soon as it is known; may change it.
  std::function<void(Finding&)> found = [](Finding&) {};
};

// Every unit gets an equal share of the time. A unit that has failed is not
// run on. Returns when the budget, the executions or the time limit are used
// up. Must be called from a process of one thread in which no Explorer lives.
// Error: Internal if workers cannot be started.
absl::StatusOr<ExplorationResult> Explore(const std::vector<Unit>& units,
                                          const ExplorationOptions& options,
                                          const ExplorerFactory& factory,
                                          const ExplorationHooks& hooks);

}  // namespace racewalk

#endif  // RACEWALK_CI_EXPLORATION_H_
