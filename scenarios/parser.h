// Turns the text of a scenario into a tree. LANGUAGE.md describes the text.
#ifndef RACEWALK_SCENARIOS_PARSER_H_
#define RACEWALK_SCENARIOS_PARSER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scenarios/scenario.h"

namespace racewalk {

// Parses and validates `text`, in the multi-line or the one-line form. `name`
// becomes Scenario::name and begins every message. Any bytes may be passed.
//
// Errors: InvalidArgument with the first error, in one line:
// "name:line:column: found X, expected Y; <what to do>".
absl::StatusOr<Scenario> ParseScenario(absl::string_view text, absl::string_view name);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_PARSER_H_
