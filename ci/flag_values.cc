#include "ci/flag_values.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

constexpr int kMaxJobs = 256;
constexpr double kMaxSeconds = 1e7;  // some months

}  // namespace

absl::Status BadValue(absl::string_view flag, absl::string_view expected, absl::string_view value,
                      absl::string_view example) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": expected ", expected, ", not ",
                                                 Quoted(value), "; for example ", flag, "=",
                                                 example));
}

bool ParseDigits(absl::string_view text, uint64_t& number) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos &&
         absl::SimpleAtoi(text, &number);
}

absl::Status ReadSeconds(absl::string_view flag, const std::string& value,
                         std::optional<double>& seconds) {
  if (value.empty()) return absl::OkStatus();
  double number = 0;
  // The comparison also refuses what is not a number.
  if (!absl::SimpleAtod(value, &number) || !(number > 0 && number <= kMaxSeconds)) {
    return BadValue(flag, "a number of seconds above 0", value, "60");
  }
  seconds = number;
  return absl::OkStatus();
}

absl::Status ReadSeed(absl::string_view flag, absl::string_view value,
                      std::optional<uint64_t>& seed) {
  if (value.empty()) return absl::OkStatus();
  uint64_t number = 0;
  const bool hexadecimal = absl::StartsWithIgnoreCase(value, "0x");
  const absl::string_view digits = value.substr(hexadecimal ? 2 : 0);
  const bool good =
      hexadecimal ? digits.find_first_not_of("0123456789abcdefABCDEF") == absl::string_view::npos &&
                        absl::SimpleHexAtoi(digits, &number)
                  : ParseDigits(digits, number);
  if (!good) {
    return BadValue(flag, "a 64-bit number, decimal or 0x and hexadecimal", value, "0x2a");
  }
  seed = number;
  return absl::OkStatus();
}

absl::Status ReadCount(absl::string_view flag, absl::string_view what, const std::string& value,
                       std::optional<uint64_t>& count) {
  if (value.empty()) return absl::OkStatus();
  uint64_t number = 0;
  if (!ParseDigits(value, number) || number == 0) {
    return BadValue(flag, absl::StrCat("a number of ", what, " from 1"), value, "10000");
  }
  count = number;
  return absl::OkStatus();
}

absl::Status ReadJobs(const std::string& value, int& jobs) {
  if (value.empty()) return absl::OkStatus();
  uint64_t number = 0;
  if (!ParseDigits(value, number) || number == 0 || number > kMaxJobs) {
    return BadValue("--jobs", absl::StrCat("a number of processes from 1 to ", kMaxJobs), value,
                    "2");
  }
  jobs = static_cast<int>(number);
  return absl::OkStatus();
}

absl::Status ReadMmu(const std::string& value, std::string& mmu) {
  if (!value.empty() && value != "tdp" && value != "stage2" && value != "any") {
    return BadValue("--mmu", "tdp, stage2 or any", value, "tdp");
  }
  if (value != "any") mmu = value;
  return absl::OkStatus();
}

std::vector<std::string> SplitValues(const std::vector<std::string>& values, char separator) {
  std::vector<std::string> words;
  for (const std::string& value : values) {
    for (absl::string_view word : absl::StrSplit(value, separator, absl::SkipEmpty())) {
      words.emplace_back(word);
    }
  }
  return words;
}

}  // namespace racewalk
