// A violation, and the places in it, in words.
#ifndef RACEWALK_SCENARIOS_VIOLATION_TEXT_H_
#define RACEWALK_SCENARIOS_VIOLATION_TEXT_H_

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

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_VIOLATION_TEXT_H_
