// Does the token of a kill still show what the table says of it?
#ifndef RACEWALK_CI_KILL_REPLAY_H_
#define RACEWALK_CI_KILL_REPLAY_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/kill_table.h"
#include "ci/token_target.h"

namespace racewalk {

// OK if the token is one of the kill's unit and scenario, fits the code and the
// library decision by decision, and shows its kind of violation of its
// invariant. Else one line that says what does not fit.
absl::Status CheckKill(const Kill& kill, const ExplorerFactory& factory);

struct KillReplayHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(std::size_t done)> progress = [](std::size_t) {};
};

// The same of many at once, each in a worker process. Those that were left out
// after an interrupt are Cancelled. Must be called from a process of one thread
// in which no Explorer lives. Error: Internal if workers cannot be started.
absl::StatusOr<std::vector<absl::Status>> CheckKills(const std::vector<Kill>& kills, int jobs,
                                                     const ExplorerFactory& factory,
                                                     const KillReplayHooks& hooks);

}  // namespace racewalk

#endif  // RACEWALK_CI_KILL_REPLAY_H_
