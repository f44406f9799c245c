#include "ci/escape.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "scenarios/diagnostics.h"

namespace racewalk {
namespace {

// Printable keeps to one line.
std::string Clean(absl::string_view text, absl::string_view line_end) {
  std::string clean;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    absl::StrAppend(&clean, i == 0 ? "" : line_end, Printable(lines[i]));
  }
  return clean;
}

}  // namespace

std::string HtmlEscaped(absl::string_view text) {
  return absl::StrReplaceAll(
      Clean(text, "\n"),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string JsonQuoted(absl::string_view text) {
  const std::string escaped = absl::StrReplaceAll(Clean(text, "\n"), {{"\\", "\\\\"},
                                                                      {"\"", "\\\""},
                                                                      {"\n", "\\n"},
                                                                      {"<", "\\u003c"},
                                                                      {">", "\\u003e"},
                                                                      {"&", "\\u0026"}});
  return absl::StrCat("\"", escaped, "\"");
}

std::string ShellQuoted(absl::string_view argument) {
  constexpr absl::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%^";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == absl::string_view::npos) {
    return std::string(argument);
  }
  std::string quoted = "'";
  for (char c : argument) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string ReplayCommand(absl::string_view target) {
  return absl::StrCat("racewalk replay ", ShellQuoted(target));
}

}  // namespace racewalk
