// Values of flags, from words to numbers, with messages of ours.
#ifndef RACEWALK_CI_FLAG_VALUES_H_
#define RACEWALK_CI_FLAG_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// "FLAG: expected ..., not 'VALUE'; for example FLAG=EXAMPLE".
absl::Status BadValue(absl::string_view flag, absl::string_view expected, absl::string_view value,
                      absl::string_view example);

// SimpleAtoi takes signs and spaces; these numbers are digits only.
bool ParseDigits(absl::string_view text, uint64_t& number);

// These leave what they set alone where `value` is "", that is not given.
// Errors: InvalidArgument, one line.
absl::Status ReadSeconds(absl::string_view flag, const std::string& value,
                         std::optional<double>& seconds);
// A number from 1; `what` is "executions" in its message.
absl::Status ReadCount(absl::string_view flag, absl::string_view what, const std::string& value,
                       std::optional<uint64_t>& count);
absl::Status ReadJobs(const std::string& value, int& jobs);
absl::Status ReadSeed(absl::string_view flag, absl::string_view value,
                      std::optional<uint64_t>& seed);
absl::Status ReadMmu(const std::string& value, std::string& mmu);

// The words between separators, of all values.
std::vector<std::string> SplitValues(const std::vector<std::string>& values, char separator);

}  // namespace racewalk

#endif  // RACEWALK_CI_FLAG_VALUES_H_
