#include "ci/progress.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

constexpr double kTerminalSeconds = 0.2;
constexpr double kPlainSeconds = 5;

}  // namespace

bool Progress::Due(double seconds) const {
  return seconds - shown_ >= (console_.err_is_terminal ? kTerminalSeconds : kPlainSeconds);
}

void Progress::Show(absl::string_view text, double seconds) {
  if (!Due(seconds)) return;
  shown_ = seconds;
  if (console_.err_is_terminal) {
    console_.err(absl::StrCat("\r\033[K", text));
    line_shown_ = true;
  } else {
    console_.err(absl::StrCat(text, "\n"));
  }
}

void Progress::Clear() {
  if (line_shown_) console_.err("\r\033[K");
  line_shown_ = false;
}

}  // namespace racewalk
