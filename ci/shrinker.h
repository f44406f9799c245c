// Makes a violation small: a scenario and a schedule that a person would have
// written, with the same kind of violation at the same oracle.
#ifndef RACEWALK_CI_SHRINKER_H_
#define RACEWALK_CI_SHRINKER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "ci/finding.h"
#include "ci/recorded.h"
#include "ci/target.h"
#include "ci/terminal.h"
#include "ci/token_target.h"

namespace racewalk {

struct ShrinkOptions {
  int jobs = 1;  // does not change the result, unless the time ends
  uint64_t seed = 1;
  uint64_t executions = 20'000;  // at most, for each scenario that is tried
  std::optional<std::chrono::nanoseconds> time{};
  // Longer than any task takes; then the worker is taken for hung.
  std::chrono::milliseconds task_limit{60'000};
  TextStyle style{};  // of the timeline
};

// What shrinking makes smaller.
struct ShrinkNumbers {
  uint64_t threads = 0;
  uint64_t operations = 0;  // of the whole scenario, repeats unrolled
  uint64_t frames = 0;
  uint64_t preemptions = 0;
  uint64_t steps = 0;
  bool operator==(const ShrinkNumbers&) const = default;
};

struct ShrinkResult {
  Target target{};    // the shrunk scenario, its MMU, its weakened points
  Finding finding{};  // of the shrunk execution; its strategy is a path
  Finding original{};
  std::string scenario{};  // text as of a file, with a line that says what it shows
  ShrinkNumbers before{};
  ShrinkNumbers after{};
  uint64_t executions = 0;
  uint64_t scenarios = 0;  // that were tried
  uint64_t lost = 0;       // of these, those that a worker died of or hung in
  double seconds = 0;
  // Neither: nothing smaller was found in `executions` of each scenario.
  bool time_ended = false;
  bool interrupted = false;
};

struct ShrinkProgress {
  ShrinkNumbers now{};
  uint64_t executions = 0;
  double seconds = 0;
  std::optional<double> seconds_left{};
};

// Called in this process, between messages.
struct ShrinkHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const ShrinkProgress&)> progress = [](const ShrinkProgress&) {};
};

// Greedy: the first smaller scenario that still shows the goal is taken, until
// there is none; then the schedule. With the points that are weakened, MMU and
// variant as they are. The result is a function of what was recorded, the seed
// and the executions, unless the time ended or somebody interrupted: then it is
// the best so far. Must be called from a process of one thread in which no
// Explorer lives.
// Errors: InvalidArgument if the execution is clean, diverges or does not fit;
// Internal if the harness is at fault.
absl::StatusOr<ShrinkResult> Shrink(const Recorded& recorded, const ShrinkOptions& options,
                                    const ExplorerFactory& factory, const ShrinkHooks& hooks = {});
absl::StatusOr<ShrinkResult> Shrink(const Finding& finding, const ShrinkOptions& options,
                                    const ExplorerFactory& factory, const ShrinkHooks& hooks = {});

}  // namespace racewalk

#endif  // RACEWALK_CI_SHRINKER_H_
