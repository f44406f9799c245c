// Running another program and reading what it prints.
#ifndef RACEWALK_CI_RUN_PROGRAM_H_
#define RACEWALK_CI_RUN_PROGRAM_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace racewalk {

struct ProgramResult {
  int status = 0;     // exit status; -N if signal N ended it
  std::string out{};  // standard output, cut
  std::string err{};  // standard error, cut
};

// `words` are the program, a path or a name in PATH, and its arguments. Its
// input is empty, and it dies with this process, which must have one thread.
// Without `interrupted` it does not hear the terminal's Ctrl-C: it ends when it is done.
// Errors: Cancelled if `interrupted` says so meanwhile; NotFound if there is no
// such program; Internal if no process can be made.
absl::StatusOr<ProgramResult> RunProgram(const std::vector<std::string>& words,
                                         std::size_t most_bytes,
                                         const std::function<bool()>& interrupted = nullptr);

}  // namespace racewalk

#endif  // RACEWALK_CI_RUN_PROGRAM_H_
