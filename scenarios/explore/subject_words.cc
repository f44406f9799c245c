#include "scenarios/explore/subject_words.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "scenarios/diagnostics.h"
#include "scenarios/explore/path.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

constexpr std::size_t kLongestName = 64;
// A path (path.h) and the name before it.
constexpr std::size_t kLongestSpec = kMaxPathBytes + 16;

bool IsOneOf(char c, absl::string_view extra) { return extra.find(c) != absl::string_view::npos; }

bool IsName(absl::string_view text, bool upper, absl::string_view extra,
            std::size_t longest = kLongestName) {
  if (text.empty() || text.size() > longest) return false;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = absl::ascii_islower(byte) || (upper && absl::ascii_isupper(byte));
    if (!letter && !absl::ascii_isdigit(byte) && !IsOneOf(c, extra)) return false;
  }
  return true;
}

}  // namespace

std::string ScenarioProblem(absl::string_view text, std::size_t& bad) {
  bad = 0;
  if (text.empty()) return "no scenario; begin with a library name or one-line scenario text";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (absl::ascii_isalnum(byte) || IsOneOf(text[i], " _.;{}=,:|+-")) continue;
    bad = i;
    return absl::StrCat("a scenario cannot hold ", Quoted(text.substr(i, 1)),
                        "; write its one-line form without comments");
  }
  return "";
}

std::string HashProblem(absl::string_view text) {
  bool good = text.size() == 8;
  for (char c : text) good = good && IsOneOf(c, "0123456789abcdef");
  if (good) return "";
  return absl::StrCat("the scenario's hash must be 8 digits 0-9a-f, not ", Quoted(text),
                      "; copy it as it was printed");
}

std::string VariantProblem(absl::string_view word) {
  if (IsName(word, false, "_")) return "";
  return absl::StrCat("a variant is letters a-z, digits and '_', not ", Quoted(word),
                      "; for example 'owned'");
}

std::string PointProblem(absl::string_view word) {
  if (FindPoint(std::string_view(word.data(), word.size())) != point::none) return "";
  std::vector<std::string> names;
  for (std::size_t i = 1; i < kPointCount; ++i) names.emplace_back(kPoints[i].name);
  return absl::StrCat("unknown point ", Quoted(word), DidYouMean(word, names),
                      " ('racewalk list points' names them all)");
}

std::string BugProblem(absl::string_view word) {
  if (IsName(word, true, "_.-")) return "";
  return absl::StrCat("a bug's name is letters, digits, '_', '.' and '-', not ", Quoted(word),
                      "; 'racewalk list bugs' names them all");
}

std::string StrategyProblem(absl::string_view spec) {
  if (IsName(spec, false, "_.-:,=", kLongestSpec)) return "";
  return absl::StrCat("a strategy is a name and parameters such as 'pct:3,n=3,k=58', not ",
                      Quoted(spec), "; 'racewalk list strategies' names them all");
}

std::string OrDash(absl::string_view text) { return std::string(text.empty() ? "-" : text); }

std::string FormatHex64(uint64_t number) { return absl::StrFormat("%016x", number); }

bool ParseHex64(absl::string_view text, uint64_t& number) {
  if (text.size() != 16) return false;
  number = 0;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (!absl::ascii_isxdigit(byte)) return false;
    const char lower = absl::ascii_tolower(byte);
    number = number << 4 | static_cast<uint64_t>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return true;
}

}  // namespace racewalk
