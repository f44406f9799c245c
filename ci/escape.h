// Text put into pages, JSON and shell commands, whatever bytes it has.
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

// As one word of a POSIX shell; a plain one stays as it is.
std::string ShellQuoted(absl::string_view argument);

// What to paste to see an execution again; a token or the name of a trace.
std::string ReplayCommand(absl::string_view target);

}  // namespace racewalk

#endif  // RACEWALK_CI_ESCAPE_H_
