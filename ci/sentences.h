// Violations, protocol points and places in words.
#ifndef RACEWALK_CI_SENTENCES_H_
#define RACEWALK_CI_SENTENCES_H_

#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/violation.h"

namespace racewalk {

// One sentence in the user's terms, full stop included: Violation::what with
// its numbers and names filled in. `threads` are the names by index; `guest_frame`
// says how a guest frame's number is told, if not as it is.
std::string ViolationSentence(const Violation& violation, const std::vector<std::string>& threads,
                              const std::function<std::string(uint64_t)>& guest_frame = nullptr);

// "walk.h:42"; "" if nothing is known. Folders are left out so that the same
// tree gives the same text wherever it was built.
std::string PlaceText(const std::source_location& where);
std::string PlaceText(absl::string_view file, uint32_t line);

// "1 execution", "2 executions", "1,234,567 executions".
std::string Count(uint64_t number, absl::string_view noun);
// "1,234,567".
std::string Grouped(uint64_t number);

// "700 ms", "1.5 s", "30 s".
std::string DurationText(double seconds);

// "0.012": two digits, because more would change with every run.
std::string SecondsText(double seconds);

// What a clean result means: "300 clean executions; a bug that shows once in
// 100 executions would have been missed with probability 0.049". Empty for
// too few executions to say anything (fewer than 3).
struct Luck {
  uint64_t executions = 0;
  uint64_t once_in = 0;    // a round number near a third of the executions
  double probability = 0;  // (1 - 1/once_in)^executions
};
Luck LuckOf(uint64_t clean_executions);
std::string LuckSentence(const Luck& luck);

}  // namespace racewalk

#endif  // RACEWALK_CI_SENTENCES_H_
