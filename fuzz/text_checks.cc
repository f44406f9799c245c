#include "fuzz/text_checks.h"

#include <array>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "fuzz/input.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"
#include "scenarios/hash.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"

namespace racewalk {
namespace {

std::string Problem(absl::string_view of, absl::string_view what, absl::string_view text) {
  return absl::StrCat(of, ": ", what, "\n", text);
}

// An error is one line for a person, whatever the bytes were.
std::string ErrorProblem(absl::string_view of, const absl::Status& status) {
  const absl::string_view message = status.message();
  if (message.empty()) return Problem(of, "is refused without a word", "");
  for (const char byte : message) {
    if (byte < ' ' || byte > '~') return Problem(of, "an error that does not print", message);
  }
  return "";
}

std::string ScenarioText(absl::string_view bytes) {
  const absl::StatusOr<Scenario> read = ParseScenario(bytes, "x");
  if (!read.ok()) return ErrorProblem("scenario", read.status());
  using Print = std::string (*)(const Scenario&);
  for (const Print print : std::array<Print, 3>{PrintScenario, PrintOneLine, PrintExplicit}) {
    const std::string text = print(*read);
    const absl::StatusOr<Scenario> again = ParseScenario(text, "x");
    if (!again.ok()) return Problem("scenario", again.status().message(), text);
    if (!(*again == *read)) return Problem("scenario", "is read as another", text);
    if (ShortHash(*again) != ShortHash(*read)) return Problem("scenario", "changes its hash", text);
    if (print(*again) != text) return Problem("scenario", "is written as another", text);
  }
  for (const std::string& mmu : ModelledMmus()) RunsOn(*read, mmu, "");
  return "";
}

std::string InputText(absl::string_view bytes) {
  const absl::StatusOr<Input> read = ParseInput(bytes, "x");
  if (!read.ok()) return ErrorProblem("input", read.status());
  const std::string text = PrintInput(*read);
  const absl::StatusOr<Input> again = ParseInput(text, "x");
  if (!again.ok()) return Problem("input", again.status().message(), text);
  const ReplayToken token = TokenOf(*read);
  if (!(TokenOf(*again) == token)) return Problem("input", "is read as another", text);
  const absl::StatusOr<ReplayToken> copy = ParseToken(FormatToken(token));
  if (!copy.ok()) return Problem("input", copy.status().message(), FormatToken(token));
  return *copy == token ? "" : Problem("input", "its token is read as another", text);
}

std::string TokenText(absl::string_view bytes) {
  const absl::StatusOr<ReplayToken> read = ParseToken(bytes);
  if (!read.ok()) return ErrorProblem("token", read.status());
  const std::string text = FormatToken(*read);
  const absl::StatusOr<ReplayToken> again = ParseToken(text);
  if (!again.ok()) return Problem("token", again.status().message(), text);
  return *again == *read ? "" : Problem("token", "is read as another", text);
}

std::string ReadTrace(absl::string_view bytes) {
  const absl::StatusOr<Trace> read = ParseTrace(bytes, "x");
  if (!read.ok()) return ErrorProblem("trace", read.status());
  const std::string text = FormatTrace(*read);
  const absl::StatusOr<Trace> again = ParseTrace(text, "x");
  if (!again.ok()) return Problem("trace", again.status().message(), text);
  return *again == *read ? "" : Problem("trace", "is read as another", text);
}

std::string TraceText(absl::string_view bytes) {
  std::string problem = ReadTrace(bytes);
  if (problem.empty() && absl::StartsWith(bytes, "racewalk-trace")) {
    problem = ReadTrace(Sealed(bytes));
  }
  return problem;
}

}  // namespace

std::string Sealed(absl::string_view bytes) {
  const std::string label = "\ndecisions: ";
  const absl::string_view lines = absl::StripSuffix(bytes, "\n");
  const std::string body(lines.substr(0, lines.rfind('\n') + 1));
  const std::size_t count = body.find(label);
  const std::size_t begin = count == std::string::npos ? body.size() : count + label.size();
  std::size_t end = begin;
  while (end < body.size() && absl::ascii_isdigit(static_cast<unsigned char>(body[end]))) ++end;
  return absl::StrCat(body, "end ", body.substr(begin, end - begin), " ",
                      FormatHex64(Fnv1a64(body)), "\n");
}

std::string TextProblem(absl::string_view bytes) {
  for (const auto check : {ScenarioText, InputText, TokenText, TraceText}) {
    if (std::string problem = check(bytes); !problem.empty()) return problem;
  }
  return "";
}

}  // namespace racewalk
