// Text put into pages and into JSON, whatever bytes it has.
#ifndef RACEWALK_CI_ESCAPE_H_
#define RACEWALK_CI_ESCAPE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace racewalk {

// For the text of an element and for a quoted attribute. Like JsonQuoted it
// gives valid UTF-8: bytes that are none, and control bytes but the line end,
// become '?'.
std::string HtmlEscaped(absl::string_view text);

// With its quotes. Safe inside of a script element: it has no '<', '>' or '&'.
std::string JsonQuoted(absl::string_view text);

}  // namespace racewalk

#endif  // RACEWALK_CI_ESCAPE_H_
