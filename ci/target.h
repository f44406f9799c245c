// A subject and the names by which people, tokens and traces know it.
#ifndef RACEWALK_CI_TARGET_H_
#define RACEWALK_CI_TARGET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"
#include "scenarios/scenario.h"

namespace racewalk {

// Explorer::Create, or a test's own.
using ExplorerFactory =
    std::function<absl::StatusOr<std::unique_ptr<Explorer>>(const Subject& subject)>;

// `subject.weakened` is made of `weaken` and of the bug's points.
struct Target {
  Subject subject{};
  std::vector<std::string> weaken{};  // as asked for, by name
  std::string bug{};                  // its short name, "" for none
};

// Sets `subject.weakened` from `weaken` and `bug`.
// Errors: InvalidArgument or NotFound with the nearest name.
absl::Status ResolveWeakened(Target& target);

// The library name if the scenario is the library's of that name, else "".
std::string LibraryName(const Scenario& scenario);
// What a table calls it: its name, or its text if it has none.
std::string ScenarioLabel(const Scenario& scenario);

Token TokenFor(const Target& target, absl::string_view strategy, uint64_t key);
Trace TraceFor(const Target& target, absl::string_view strategy, uint64_t key,
               const Recording& recording);

// Errors: InvalidArgument with a remedy if the scenario is unknown or has
// changed since (its hash differs), or a name is.
absl::StatusOr<Target> TargetOf(const Token& token);
absl::StatusOr<Target> TargetOf(const Trace& trace);

}  // namespace racewalk

#endif  // RACEWALK_CI_TARGET_H_
