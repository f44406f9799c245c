#include "ci/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

// Narrower than this nothing can be read, wider nobody follows a line.
constexpr int kNarrowest = 60;
constexpr int kWidest = 240;

absl::string_view VariableOf(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? absl::string_view() : absl::string_view(value);
}

}  // namespace

bool IsTerminal(int descriptor) { return isatty(descriptor) == 1; }

TextStyle StyleFor(int descriptor) {
  TextStyle style;
  if (!IsTerminal(descriptor)) return style;
  int width = 0;
  winsize size{};
  if (!absl::SimpleAtoi(VariableOf("COLUMNS"), &width) || width <= 0) {
    width = ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  }
  if (width > 0) style.width = std::clamp(width, kNarrowest, kWidest);
  style.colour = VariableOf("NO_COLOR").empty() && VariableOf("TERM") != "dumb";
  return style;
}

}  // namespace racewalk
