#include "ci/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

constexpr double kTerminalSeconds = 0.2;
constexpr double kPlainSeconds = 5;

}  // namespace

std::string ProgressText(const ExplorationProgress& progress) {
  const double rate = static_cast<double>(progress.executions) / std::max(progress.seconds, 0.001);
  std::string text = absl::StrCat(
      Count(progress.executions, "execution"), ", ",
      Grouped(static_cast<uint64_t>(std::llround(rate))), "/s, ",
      progress.violations == 0 ? "no violation" : Count(progress.violations, "violation"));
  if (progress.seconds_left) {
    absl::StrAppend(&text, ", ", std::llround(std::ceil(*progress.seconds_left)), " s left");
  }
  return text;
}

bool Progress::Due(double seconds) const {
  return seconds - shown_ >= (console_.err_is_terminal ? kTerminalSeconds : kPlainSeconds);
}

void Progress::Show(const ExplorationProgress& progress) {
  if (Due(progress.seconds)) Show(ProgressText(progress), progress.seconds);
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
