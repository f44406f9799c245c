// The command. Everything it does is in the library beside it, where tests reach it.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/command_line.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"
#include "ci/run_command.h"

int main(int argc, char** argv) {
  const racewalk::Console console = racewalk::StandardConsole();
  const absl::StatusOr<racewalk::Invocation> invocation = racewalk::ParseCommandLine(
      std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), racewalk::kBuiltCommands);
  if (!invocation.ok()) {
    console.err(absl::StrCat("racewalk: ", invocation.status().message(), "\n"));
    return absl::IsInternal(invocation.status()) ? racewalk::kExitInternalError
                                                 : racewalk::kExitBadInput;
  }
  const int status = racewalk::RunCommand(*invocation, console);
  return racewalk::OutputLost() ? racewalk::kExitInternalError : status;
}
