// Runs inputs, a few executions of each, and says what they showed.
#ifndef RACEWALK_FUZZ_RUNNER_H_
#define RACEWALK_FUZZ_RUNNER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "core/violation.h"
#include "fuzz/coverage.h"
#include "fuzz/input.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"

namespace racewalk {

// The first execution of an input that failed.
struct InputViolation {
  uint64_t index = 0;      // of the input's executions; 0 is the one that the input names
  uint64_t key = 0;        // of the execution
  std::string strategy{};  // Strategy::spec(), with what was learned
  Violation violation{};
};

struct InputResult {
  // InvalidArgument, with what is wrong, if the input cannot be run: its strategy is not one that
  // draws from a seed, or its MMU lacks a word. Then the rest is empty.
  absl::Status status{};
  uint64_t executions = 0;  // the failing one included; without the pilot's
  uint64_t steps = 0;       // of all of them
  std::optional<InputViolation> violation{};
};

// Names the execution that failed. What was weakened, and a bug's name, are for the caller to add.
ReplayToken TokenOf(const Input& input, const InputViolation& violation);

// Keeps the explorer, and what a pilot has learned, while the subject stays the same. There can be
// no more than one explorer, so none other may exist while this has one.
//
// Thread-compatible; one per process, used on the thread that made it.
class InputRunner {
 public:
  // How many executions of an input are worth their time: making its explorer costs as much as
  // some of them, and most of what an input can show is seen in the first few.
  static constexpr uint64_t kExecutions = 8;

  InputRunner() = default;
  ~InputRunner() { Close(); }
  InputRunner(const InputRunner&) = delete;
  InputRunner& operator=(const InputRunner&) = delete;

  // Runs `executions` (at least 1) of the input, whose subject passes CheckSubject, or as many as
  // there are up to its first violation. Execution 0 is the one that TokenOf(input) names, i > 0
  // has the key ExecutionKey(input.key, i). Points in the subject's `weakened` are left out. Adds
  // what they did to `coverage`; features depend on the input and `executions` alone.
  InputResult Run(const Input& input, uint64_t executions, Coverage& coverage);

  // Lets go of the explorer, so that another one may be made.
  void Close();

  // Violations leave memory behind: a process in which this is true should be replaced. Explorers
  // leave none. Failures of a pilot are not counted: it has 16 executions, and what fails in them
  // nearly always fails in the input's own too, so that memory is at most some 17 times as much.
  bool should_retire() const { return failures_ >= kFailuresPerProcess; }

 private:
  absl::Status Open(const Input& input);
  std::unique_ptr<Strategy> strategy_{};
  std::unique_ptr<Explorer> explorer_{};
  std::optional<Profile> profile_{};  // of the explorer's subject, once one was needed
  int failures_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_RUNNER_H_
