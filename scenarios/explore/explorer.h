// Runs one subject (a scenario on one MMU, variant and set of weakened
// points) under a strategy, many executions at a time, on Relacy.
#ifndef RACEWALK_SCENARIOS_EXPLORE_EXPLORER_H_
#define RACEWALK_SCENARIOS_EXPLORE_EXPLORER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/platform/event.h"
#include "core/protocol.h"
#include "core/violation.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"

namespace racewalk {

class Meter;
class Watcher;

struct Batch {
  uint64_t executions = 0;  // that were run, the failing one included
  uint64_t steps = 0;       // of all of them
  uint64_t max_steps = 0;   // of the longest
  uint64_t choices = 0;     // decisions that had more than one option
  uint64_t cut = 0;         // executions that fairness kept from going on as they might
  bool violated = false;    // the last of them failed; `key` and `index` name it
  uint64_t key = 0;
  uint64_t index = 0;
  Violation violation{};
};

struct Recording {
  Violation violation{};        // kind kNone: clean
  std::vector<Event> events{};  // empty unless asked for
  std::vector<Decision> decisions{};
  uint64_t fingerprint = 0;   // of every step, its word and value, in order
  uint64_t interleaving = 0;  // of the order of conflicting operations only
  uint64_t final_state = 0;   // of the state at rest
  uint64_t steps = 0;
  std::optional<Divergence> divergence{};
};

// Thread-compatible. At most one Explorer exists in a process at any time,
// and it must be used on the thread that made it.
class Explorer {
 public:
  virtual ~Explorer() = default;

  // Errors: InvalidArgument if the scenario does not fit the MMU or variant,
  // breaks a precondition, or has nothing to race.
  static absl::StatusOr<std::unique_ptr<Explorer>> Create(Subject subject);

  virtual const Subject& subject() const = 0;
  // Threads in the order of Event::thread: the scenario's, then "rcu".
  virtual const std::vector<std::string>& thread_names() const = 0;
  // What operation `ordinal` (Event::value of kBegin) of `thread` was: "write 0".
  virtual std::string OperationText(int thread, uint64_t ordinal) const = 0;

  // A pilot of a few executions with fixed seeds.
  virtual Profile Pilot() = 0;

  // Runs executions `first` to `first + count - 1` of `seed`; stops at the
  // first violation, and when the strategy is exhausted. Appends each
  // execution's interleaving hash if asked.
  virtual Batch Run(Strategy& strategy, uint64_t seed, uint64_t first, uint64_t count,
                    std::vector<uint64_t>* interleavings) = 0;

  // From now on `meter`, which must outlive this, counts what Run and Record do;
  // null: nothing does, and it costs nothing.
  virtual void set_meter(Meter* /*meter*/) {}

  // From now on `watcher`, which must outlive this, is shown the shape of the VM's tables whenever
  // a thread's operation returns; null: nobody is, and it costs nothing.
  virtual void set_watcher(Watcher* /*watcher*/) {}

  // From now on Record calls `stop` in the midst of an execution whose events it
  // records: on the stack of the first operation of `step`, which has just been
  // done. For debuggers: it must not run anything of the execution. Null: never.
  virtual void set_stop(uint64_t /*step*/, const std::function<void()>& /*stop*/) {}

  // Runs the execution `key` once, recording decisions, and events if asked.
  virtual Recording Record(Strategy& strategy, uint64_t key, bool events) = 0;
};

// Most executions after a failure leave memory behind in Relacy; a process
// that has seen this many failures should be replaced.
inline constexpr int kFailuresPerProcess = 64;

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_EXPLORER_H_
