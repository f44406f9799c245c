#include "ci/recorded.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/token_target.h"
#include "core/violation.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/token.h"
#include "scenarios/files.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

bool FileExists(absl::string_view path) {
  std::error_code error;
  return path.find('\0') == absl::string_view::npos &&
         std::filesystem::exists(std::string(path), error);
}

// "leak (L3) at step 17, fingerprint 0123456789abcdef".
std::string Shown(ViolationKind kind, absl::string_view invariant, uint64_t step,
                  uint64_t fingerprint) {
  return absl::StrCat(Name(kind), " (", OrDash(invariant), ") at step ", step, ", fingerprint ",
                      FormatHex64(fingerprint));
}

absl::Status CheckTraceFits(const Trace& trace, const Recording& recording) {
  constexpr absl::string_view kRemedy =
      "; replay it with the version that wrote it, or run racewalk check again";
  if (recording.divergence) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the trace no longer fits the code: ", recording.divergence->message, kRemedy));
  }
  const Violation& violation = recording.violation;
  const std::string recorded =
      Shown(trace.violation, trace.invariant, trace.step, trace.fingerprint);
  const std::string shown =
      Shown(violation.kind, violation.invariant, violation.step, recording.fingerprint);
  if (recorded == shown) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the trace no longer fits the code: its decisions fit up to step ", recording.steps,
      ", the end, but it recorded ", recorded, " and the run showed ", shown, kRemedy));
}

}  // namespace

absl::StatusOr<Recorded> RecordedIn(absl::string_view text, absl::string_view name) {
  absl::StatusOr<Trace> trace = ParseTrace(text, name);
  if (!trace.ok()) return trace.status();
  absl::StatusOr<Target> target = TargetOf(*trace);
  if (!target.ok()) return target.status();
  Recorded recorded;
  recorded.target = *std::move(target);
  recorded.strategy = trace->strategy;
  recorded.key = trace->key;
  recorded.trace = *std::move(trace);
  return recorded;
}

absl::StatusOr<Recorded> RecordedOf(absl::string_view text) {
  absl::StatusOr<ReplayToken> token = ParseToken(text);
  if (!token.ok()) return token.status();
  absl::StatusOr<Target> target = TargetOf(*token);
  if (!target.ok()) return target.status();
  Recorded recorded;
  recorded.target = *std::move(target);
  recorded.strategy = token->strategy;
  recorded.key = token->key;
  return recorded;
}

absl::StatusOr<Recorded> LoadRecorded(absl::string_view argument) {
  if (FileExists(argument)) {
    absl::StatusOr<std::string> text = ReadFile(argument, kMaxTraceBytes);
    if (!text.ok()) return text.status();
    return RecordedIn(*text, argument);
  }
  if (!absl::StrContains(argument, "/seed=")) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no file ", Quoted(argument),
                     " and it is no token, which would end in /seed= and 16 digits; racewalk check "
                     "prints tokens, and with --out writes trace files"));
  }
  return RecordedOf(argument);
}

absl::StatusOr<std::unique_ptr<Strategy>> StrategyOf(const Recorded& recorded) {
  if (recorded.trace) return MakeReplay(recorded.trace->decisions);
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = MakeStrategy(recorded.strategy, {});
  if (!strategy.ok()) return strategy.status();
  if ((*strategy)->enumeration() != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("strategy ", recorded.strategy,
                     " runs every execution, and a seed names none of them; the tokens of those it "
                     "reports have a strategy path:..."));
  }
  return strategy;
}

absl::Status CheckFits(const Recorded& recorded, const Recording& recording) {
  if (recorded.trace) return CheckTraceFits(*recorded.trace, recording);
  if (!recording.divergence) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the token no longer fits the code: ", recording.divergence->message,
                   "; run racewalk check again"));
}

}  // namespace racewalk
