#include "ci/sentences.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace racewalk {
std::string Grouped(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string DurationText(double seconds) {
  if (seconds < 1) return absl::StrFormat("%.0f ms", seconds * 1000);
  return seconds < 10 ? absl::StrFormat("%.2g s", seconds) : absl::StrFormat("%.0f s", seconds);
}

std::string SecondsText(double seconds) { return absl::StrFormat("%.2g", seconds); }

std::string Count(uint64_t number, absl::string_view noun) {
  return absl::StrCat(Grouped(number), " ", noun, number == 1 ? "" : "s");
}

Luck LuckOf(uint64_t clean_executions) {
  Luck luck{.executions = clean_executions};
  if (clean_executions < 3) return luck;
  // A third makes the probability about e^-3, the usual 5 %; one digit is
  // kept, rounded down, so that the probability errs on the low side of it.
  uint64_t scale = 1;
  uint64_t third = clean_executions / 3;
  while (third >= 10) {
    third /= 10;
    scale *= 10;
  }
  luck.once_in = third * scale;
  luck.probability = std::exp(static_cast<double>(clean_executions) *
                              std::log1p(-1.0 / static_cast<double>(luck.once_in)));
  return luck;
}

std::string LuckSentence(const Luck& luck) {
  if (luck.once_in < 2) {
    return absl::StrCat(Count(luck.executions, "clean execution"), ", too few to say anything");
  }
  return absl::StrCat(Count(luck.executions, "clean execution"), "; a bug that shows once in ",
                      Grouped(luck.once_in), " executions would have been missed with probability ",
                      absl::StrFormat("%.2g", luck.probability));
}

}  // namespace racewalk
