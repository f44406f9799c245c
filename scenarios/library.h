// The library of scenarios, and what a person may name as one.
#ifndef RACEWALK_SCENARIOS_LIBRARY_H_
#define RACEWALK_SCENARIOS_LIBRARY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scenarios/scenario.h"

namespace racewalk {

// All scenarios of the library, sorted by name; lives as long as the process.
// Aborts with the message if one does not parse, which a test excludes.
const std::vector<Scenario>& Library();

// Null if there is none of that name.
const Scenario* FindScenario(absl::string_view name);

// The scenario that `argument` stands for: a name of the library, a file, or
// the text itself, in this order. A file has a '/' in its path, ends in ".scn"
// or exists; text has a '{' or several lines. A file's stem becomes its name.
// Errors: InvalidArgument with what to do: no such scenario or file, a
// directory, a file that is too large, or that does not parse.
absl::StatusOr<Scenario> ResolveScenario(absl::string_view argument);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_LIBRARY_H_
