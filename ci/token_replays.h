// Many tokens replayed at once, each in a worker process: what they still show.
#ifndef RACEWALK_CI_TOKEN_REPLAYS_H_
#define RACEWALK_CI_TOKEN_REPLAYS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/token_target.h"

namespace racewalk {

struct ReplayHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(std::size_t done)> progress = [](std::size_t) {};
};

// The kind of violation that each token shows, by name; "" for none, for one
// that no longer fits the code or the library, and for those that were left
// out after an interrupt. Must be called from a process of one thread in which
// no Explorer lives. Error: Internal if workers cannot be started.
absl::StatusOr<std::vector<std::string>> ReplayTokens(const std::vector<std::string>& tokens,
                                                      int jobs, const ExplorerFactory& factory,
                                                      const ReplayHooks& hooks);

}  // namespace racewalk

#endif  // RACEWALK_CI_TOKEN_REPLAYS_H_
