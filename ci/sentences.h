// Numbers, times and luck in words; violations and places are in scenarios/violation_text.h.
#ifndef RACEWALK_CI_SENTENCES_H_
#define RACEWALK_CI_SENTENCES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace racewalk {

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
