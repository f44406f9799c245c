// A run of the fuzzer: shares its tasks out to worker processes, in rounds, and
// gathers what they find.
//
// A round is some chunks that start from the same corpus; what they keep joins it in their order
// before the next round. So the outcome is a function of the starting corpus, the seed and the
// executions, whatever the number of workers, unless time ends it, somebody interrupts or a worker
// is lost.
#ifndef RACEWALK_CI_FUZZ_RUN_H_
#define RACEWALK_CI_FUZZ_RUN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/finding.h"
#include "ci/fuzz_pool.h"
#include "ci/fuzz_task.h"
#include "fuzz/corpus.h"
#include "fuzz/coverage.h"
#include "fuzz/input.h"

namespace racewalk {

struct FuzzStart {
  Input input{};
  // In the corpus even if it shows nothing new, as the files of a corpus are.
  bool stays = false;
};

struct FuzzRunOptions {
  int jobs = 1;
  uint64_t seed = 0;
  std::optional<std::chrono::nanoseconds> budget{};  // wall time, from the first chunk on
  std::optional<uint64_t> executions{};              // at most, but for those of the start
  // Longer than any task takes; then the worker is taken for hung.
  std::chrono::milliseconds task_limit{60'000};
  std::size_t most = ~std::size_t{0};  // inputs that a minimised corpus has, at most
  uint64_t chunks = 16;                // of a round
  uint64_t inputs = 16;                // of a chunk
};

struct FoundInput {
  Finding finding{};
  std::string input{};     // as PrintInput
  uint64_t execution = 0;  // of the run, from 1
};

// How many of them are pairs; the others are states.
std::size_t PairsIn(const std::set<Feature>& features);

// How much had been reached by then.
struct FuzzMoment {
  double seconds = 0;
  uint64_t executions = 0;
  std::size_t pairs = 0;
  std::size_t states = 0;
};

struct FuzzResult {
  Corpus corpus{};
  std::set<Feature> features{};     // of all that ran, kept or not
  std::vector<FoundInput> found{};  // the first of each class, in the order of execution
  uint64_t violations = 0;          // whatever their class
  uint64_t inputs = 0;
  uint64_t executions = 0;
  uint64_t steps = 0;
  std::vector<FuzzMoment> moments{};  // each about twice as late as the one before; the last is now
  std::vector<LostInput> lost{};
  std::vector<std::string> internal_errors{};
  bool interrupted = false;
  double seconds = 0;  // wall time
};

struct FuzzProgress {
  uint64_t executions = 0;
  double seconds = 0;
  std::size_t inputs = 0;  // of the corpus
  std::size_t pairs = 0;
  std::size_t violations = 0;  // classes
  std::optional<double> seconds_left{};
};

// "1,234,567 executions, 45,678/s, corpus of 321 inputs, 2,345 pairs, no violation, 12 s left".
std::string ProgressText(const FuzzProgress& progress);

// All are called in this process, between messages.
struct FuzzHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const FuzzProgress&)> progress = [](const FuzzProgress&) {};
  // What has joined the corpus, as soon as it has; not of those that stay.
  std::function<void(const Input&)> kept = [](const Input&) {};
  // The first of each class, as soon as it is known.
  std::function<void(const FoundInput&)> found = [](const FoundInput&) {};
  std::function<void(const LostInput&)> lost = [](const LostInput&) {};
};

// Measures what it starts from, and then runs chunks until the budget or the executions are used
// up; with neither, only the start. A worker that dies or hangs ends its chunk, not the run.
// Must be called from a process of one thread in which no Explorer lives.
// Error: Internal if workers cannot be started.
absl::StatusOr<FuzzResult> RunFuzz(const std::vector<FuzzStart>& start, const FuzzContext& context,
                                   const FuzzRunOptions& options, const FuzzHooks& hooks);

// As few and small inputs as show what `start` does, each made smaller as long as what only it
// shows remains: the result's corpus. Where options.most are too few for that, they are those that
// show most. `options.budget` is for making them smaller. If somebody
// interrupted, a worker was lost or an input shows a violation, the corpus is empty.
absl::StatusOr<FuzzResult> MinimizeFuzz(const std::vector<FuzzStart>& start,
                                        const FuzzContext& context, const FuzzRunOptions& options,
                                        const FuzzHooks& hooks);

// What inputs show together, each run `executions` times, as features of the result, whose corpus
// is empty. Likewise.
absl::StatusOr<FuzzResult> MeasureFuzz(const std::vector<FuzzStart>& start, uint64_t executions,
                                       const FuzzContext& context, const FuzzRunOptions& options,
                                       const FuzzHooks& hooks);

}  // namespace racewalk

#endif  // RACEWALK_CI_FUZZ_RUN_H_
