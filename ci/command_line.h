// Turns the command line into options.
#ifndef RACEWALK_CI_COMMAND_LINE_H_
#define RACEWALK_CI_COMMAND_LINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/options.h"

namespace racewalk {

// Which commands a build has: one with a sanitizer cannot explore.
enum class Commands : uint8_t { kAll, kStress };

// `arguments` are those after the program's name. Names that need a look at
// the library (scenarios, points, bugs) are not checked here.
//
// Errors: InvalidArgument, one line that says what is wrong, the nearest valid
// word where there is one, and where to look.
absl::StatusOr<Invocation> ParseCommandLine(const std::vector<std::string>& arguments,
                                            Commands commands = Commands::kAll);

}  // namespace racewalk

#endif  // RACEWALK_CI_COMMAND_LINE_H_
