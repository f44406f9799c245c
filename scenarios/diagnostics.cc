#include "scenarios/diagnostics.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

bool IsContinuation(absl::string_view text, std::size_t i) {
  return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
}

// Overlong forms and surrogates are refused too, as JSON writers do.
bool IsUtf8(absl::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
    std::size_t length = 1;
    if (lead >= 0x80) {
      if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
      } else if ((lead & 0xF0) == 0xE0) {
        length = 3;
        if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F)) return false;
      } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if ((lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F)) return false;
      } else {
        return false;
      }
    }
    for (std::size_t k = 1; k < length; ++k) {
      if (!IsContinuation(text, i + k)) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string printable(text);
  const bool utf8 = IsUtf8(text);
  for (char& c : printable) {
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    if (high ? !utf8 : absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
  }
  return printable;
}

std::string NearestOrAll(absl::string_view word, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(word, candidates);
  if (!nearest.empty()) return absl::StrCat("did you mean '", nearest, "'?");
  if (candidates.size() == 1) return absl::StrCat("write '", candidates[0], "'");
  return absl::StrCat("choose from ", absl::StrJoin(candidates, ", "));
}

absl::Status InputError(absl::string_view name, Position at, absl::string_view message) {
  const std::string label = name.empty() ? "text" : Printable(name);
  if (at.line == 0) return absl::InvalidArgumentError(absl::StrCat(label, ": ", message));
  return absl::InvalidArgumentError(
      absl::StrCat(label, ":", at.line, ":", at.column, ": ", message));
}

}  // namespace racewalk
