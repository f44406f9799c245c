// Where a command writes, and how.
#ifndef RACEWALK_CI_CONSOLE_H_
#define RACEWALK_CI_CONSOLE_H_

#include <functional>

#include "absl/strings/string_view.h"
#include "ci/terminal.h"

namespace racewalk {

struct Console {
  std::function<void(absl::string_view)> out{};  // results
  std::function<void(absl::string_view)> err{};  // messages and progress
  TextStyle style{};                             // of what goes to `out`
  bool err_is_terminal = false;                  // then progress is one line, rewritten
};

// Standard output and standard error; every write is flushed.
Console StandardConsole();
// Whether something written to standard output has not arrived; said on standard error once.
bool OutputLost();

}  // namespace racewalk

#endif  // RACEWALK_CI_CONSOLE_H_
