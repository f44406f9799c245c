// From subjects to tokens and traces, and back.
#ifndef RACEWALK_CI_TOKEN_TARGET_H_
#define RACEWALK_CI_TOKEN_TARGET_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/target.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"

namespace racewalk {

// Explorer::Create, or a test's own.
using ExplorerFactory =
    std::function<absl::StatusOr<std::unique_ptr<Explorer>>(const Subject& subject)>;

ReplayToken TokenFor(const Target& target, absl::string_view strategy, uint64_t key);
Trace TraceFor(const Target& target, absl::string_view strategy, uint64_t key,
               const Recording& recording);

// Errors: InvalidArgument with a remedy if the scenario is unknown or has
// changed since (its hash differs), or a name is.
absl::StatusOr<Target> TargetOf(const ReplayToken& token);
absl::StatusOr<Target> TargetOf(const Trace& trace);

}  // namespace racewalk

#endif  // RACEWALK_CI_TOKEN_TARGET_H_
