// Shares the rounds of a run out to worker processes and gathers what they find.
#ifndef RACEWALK_CI_STRESS_RUN_H_
#define RACEWALK_CI_STRESS_RUN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/stress_finding.h"
#include "ci/target.h"
#include "sanitizers/plan_round.h"
#include "sanitizers/round.h"

namespace racewalk {

// RunRound, or a test's own.
using RoundRunner = std::function<absl::Status(const RoundPlan& plan, RoundLogs logs)>;

struct StressRunOptions {
  int jobs = 1;  // worker processes; each runs the threads of one round
  uint64_t seed = 0;
  StressLimits limits{};
  bool events = true;
  std::optional<std::chrono::nanoseconds> budget{};  // wall time; a round under way ends
  std::optional<uint64_t> rounds{};                  // of each row
  std::optional<uint64_t> only{};                    // this round of each row, again and again
  // A message takes that long or a little more; the time of a round comes on top.
  std::chrono::nanoseconds batch{200'000'000};
  // A round that takes longer is stuck.
  std::chrono::milliseconds stuck{30'000};
};

struct StressRow {
  uint64_t rounds = 0;  // begun: those that ended in a violation too
  uint64_t found = 0;   // violations, whatever their class
  double seconds = 0;   // of workers
};

// Violations are told apart by class; this many classes are kept.
inline constexpr std::size_t kMostStressFindings = 100;

struct StressResult {
  std::vector<StressRow> rows{};          // as the targets
  std::vector<StressFinding> findings{};  // the first of each class, in the order of finding
  // Violations of classes beyond the most that are kept, and races beyond those that a message has
  // room for, whatever their class.
  uint64_t untold = 0;
  absl::Status input{};  // InvalidArgument if a round cannot be run
  // Workers that were killed from outside; what is wrong with their rounds is not known.
  uint64_t killed = 0;
  bool interrupted = false;
  double seconds = 0;  // wall time
};

struct StressProgress {
  uint64_t rounds = 0;
  uint64_t violations = 0;  // classes
  double seconds = 0;
  std::optional<double> seconds_left{};
};

// "1,234 rounds, 98/s, no violation, 12 s left".
std::string ProgressText(const StressProgress& progress);

// All are called in this process, between messages.
struct StressHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const StressProgress&)> progress = [](const StressProgress&) {};
  // For the first of each class, as soon as it is known.
  std::function<void(const StressFinding&)> found = [](const StressFinding&) {};
  // What is wrong with this machine, once: a sentence with the remedy.
  std::function<void(const std::string&)> trouble = [](const std::string&) {};
};

// Every row gets its turn, in an order that the seed fixes. A round that ends
// in a violation, dies or is stuck ends its process, not the run; one whose
// process is killed from outside is passed over. Must be called from a process
// of one thread.
// Error: Internal if workers cannot be started.
absl::StatusOr<StressResult> RunRounds(const std::vector<Target>& targets,
                                       const StressRunOptions& options, const RoundRunner& runner,
                                       const StressHooks& hooks);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRESS_RUN_H_
