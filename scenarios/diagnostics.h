// How an input error is told: where, what was found, and what to do about it.
#ifndef RACEWALK_SCENARIOS_DIAGNOSTICS_H_
#define RACEWALK_SCENARIOS_DIAGNOSTICS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// A place in a text: line and column in bytes, both from 1; line 0 is nowhere.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
};

// `text` as one line that any terminal or JSON writer accepts: control bytes,
// and all high bytes unless they form valid UTF-8, become '?'.
std::string Printable(absl::string_view text);

// What to do about `word`: "did you mean 'write'?", or the choices if none is near.
std::string NearestOrAll(absl::string_view word, const std::vector<std::string>& candidates);

// InvalidArgument, "name:line:column: message"; without the line if `at` is
// nowhere, and "text" for an empty name.
absl::Status InputError(absl::string_view name, Position at, absl::string_view message);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_DIAGNOSTICS_H_
