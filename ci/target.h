// A subject and the names by which people, tokens and traces know it.
#ifndef RACEWALK_CI_TARGET_H_
#define RACEWALK_CI_TARGET_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"

namespace racewalk {

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

}  // namespace racewalk

#endif  // RACEWALK_CI_TARGET_H_
