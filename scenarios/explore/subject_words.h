// What the parts of a token and the fields of a trace may look like: one rule
// for both, so that what one accepts the other can carry.
//
// Each function returns what is wrong, with a remedy, on one line without a
// place; "" if nothing is. Pure and thread-safe; any bytes may be given.
#ifndef RACEWALK_SCENARIOS_EXPLORE_SUBJECT_WORDS_H_
#define RACEWALK_SCENARIOS_EXPLORE_SUBJECT_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

// A library name or one-line text: letters, digits, spaces and _ . ; { } = , : | -
// `bad` is set to the offset of the first byte that may not be there, else to 0.
std::string ScenarioProblem(absl::string_view text, std::size_t& bad);
std::string HashProblem(absl::string_view text);  // 8 lower-case hexadecimal digits
// One variant's name: lower-case letters, digits and '_'.
std::string VariantProblem(absl::string_view word);
std::string PointProblem(absl::string_view word);  // a name of kPoints
// A bug's name: letters, digits, '_', '.' and '-'.
std::string BugProblem(absl::string_view word);
// The characters of Strategy::spec(); whether it exists is for MakeStrategy to say.
std::string StrategyProblem(absl::string_view spec);

// The text itself, or "-" for none: how files and tables write it.
std::string OrDash(absl::string_view text);

// 16 lower-case hexadecimal digits.
std::string FormatHex64(uint64_t number);
// Accepts exactly what FormatHex64 writes, in either letter case.
bool ParseHex64(absl::string_view text, uint64_t& number);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SUBJECT_WORDS_H_
