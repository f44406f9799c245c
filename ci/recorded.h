// An execution that somebody names, by a token or a trace, and wants to see again.
#ifndef RACEWALK_CI_RECORDED_H_
#define RACEWALK_CI_RECORDED_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/target.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/trace.h"

namespace racewalk {

// What to run: an execution by its key, or decision by decision.
struct Recorded {
  Target target{};
  std::string strategy{};
  uint64_t key = 0;
  std::optional<Trace> trace{};
};

// `argument` is the name of a trace file if there is such a file, else a token.
// Errors: InvalidArgument, or what the file system says; one line with a remedy.
absl::StatusOr<Recorded> LoadRecorded(absl::string_view argument);
absl::StatusOr<Recorded> RecordedOf(absl::string_view token);
// `name` is the trace's, for messages.
absl::StatusOr<Recorded> RecordedIn(absl::string_view trace, absl::string_view name);

// The strategy that leads to it, whose key is Recorded::key.
// Error: InvalidArgument if it names no single execution.
absl::StatusOr<std::unique_ptr<Strategy>> StrategyOf(const Recorded& recorded);

// An execution that was recorded must come out as it was, or it says nothing
// about the code. Error: InvalidArgument with the step.
absl::Status CheckFits(const Recorded& recorded, const Recording& recording);

}  // namespace racewalk

#endif  // RACEWALK_CI_RECORDED_H_
