// Numbers in the spec of a strategy.
#ifndef RACEWALK_SCENARIOS_EXPLORE_SPEC_NUMBER_H_
#define RACEWALK_SCENARIOS_EXPLORE_SPEC_NUMBER_H_

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// SimpleAtoi takes signs and spaces; a spec has digits only.
inline bool ParseSpecNumber(absl::string_view text, uint32_t& number) {
  if (text.empty() || text.size() > 10) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, &number);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SPEC_NUMBER_H_
