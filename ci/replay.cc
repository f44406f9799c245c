#include "ci/replay.h"

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
#include "ci/finding.h"
#include "ci/json_output.h"
#include "ci/record_twice.h"
#include "ci/replay_report.h"
#include "ci/sentences.h"
#include "ci/timeline.h"
#include "ci/timeline_rows.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/files.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

// What to run: an execution by its key, or decision by decision.
struct Recorded {
  Target target{};
  std::string strategy{};
  uint64_t key = 0;
  std::optional<Trace> trace{};
};

bool FileExists(absl::string_view path) {
  std::error_code error;
  return path.find('\0') == absl::string_view::npos &&
         std::filesystem::exists(std::string(path), error);
}

absl::StatusOr<Recorded> Load(absl::string_view argument) {
  Recorded recorded;
  if (FileExists(argument)) {
    absl::StatusOr<std::string> text = ReadFile(argument, kMaxTraceBytes);
    if (!text.ok()) return text.status();
    absl::StatusOr<Trace> trace = ParseTrace(*text, argument);
    if (!trace.ok()) return trace.status();
    absl::StatusOr<Target> target = TargetOf(*trace);
    if (!target.ok()) return target.status();
    recorded.target = *std::move(target);
    recorded.strategy = trace->strategy;
    recorded.key = trace->key;
    recorded.trace = *std::move(trace);
    return recorded;
  }
  if (!absl::StrContains(argument, "/seed=")) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no file ", Quoted(argument),
                     " and it is no token, which would end in /seed= and 16 digits; racewalk check "
                     "prints tokens, and with --out writes trace files"));
  }
  absl::StatusOr<Token> token = ParseToken(argument);
  if (!token.ok()) return token.status();
  absl::StatusOr<Target> target = TargetOf(*token);
  if (!target.ok()) return target.status();
  recorded.target = *std::move(target);
  recorded.strategy = token->strategy;
  recorded.key = token->key;
  return recorded;
}

// A trace must come out as it was recorded, or it says nothing about the code.
absl::Status CheckFits(const Trace& trace, const Recording& recording) {
  constexpr absl::string_view kRemedy =
      "; replay it with the version that wrote it, or run racewalk check again";
  if (recording.divergence) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the trace no longer fits the code: ", recording.divergence->message, kRemedy));
  }
  if (trace.fingerprint == recording.fingerprint && trace.violation == recording.violation.kind) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the trace no longer fits the code: its decisions fit up to step ", recording.steps,
      ", the end, but it recorded ", Name(trace.violation), " with fingerprint ",
      FormatHex64(trace.fingerprint), " and the run showed ", Name(recording.violation.kind),
      " with ", FormatHex64(recording.fingerprint), kRemedy));
}

absl::StatusOr<ReplayReport> Replay(Recorded recorded, const ExplorerFactory& factory,
                                    const TextStyle& style) {
  absl::StatusOr<std::unique_ptr<Strategy>> strategy =
      recorded.trace ? MakeReplay(recorded.trace->decisions) : MakeStrategy(recorded.strategy, {});
  if (!strategy.ok()) return strategy.status();
  if ((*strategy)->enumeration() != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("strategy ", recorded.strategy,
                     " runs every execution, and a seed names none of them; the tokens of those it "
                     "reports have a strategy path:..."));
  }
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory(recorded.target.subject);
  if (!explorer.ok()) return explorer.status();
  absl::StatusOr<Recording> recording = RecordTwice(**explorer, **strategy, recorded.key, true);
  if (!recording.ok()) return recording.status();
  if (recorded.trace) {
    absl::Status status = CheckFits(*recorded.trace, *recording);
    if (!status.ok()) return status;
  } else if (recording->divergence) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token no longer fits the code: ", recording->divergence->message,
                     "; run racewalk check again"));
  }
  ReplayReport report;
  report.strategy = recorded.strategy;
  report.key = recorded.key;
  report.token = FormatToken(TokenFor(recorded.target, recorded.strategy, recorded.key));
  report.fingerprint = recording->fingerprint;
  report.steps = recording->steps;
  report.threads = (*explorer)->thread_names();
  report.rows = TimelineRows(*recording, report.threads, [&](int thread, uint64_t ordinal) {
    return (*explorer)->OperationText(thread, ordinal);
  });
  if (recording->violation.kind != ViolationKind::kNone) {
    report.finding = MakeFinding(**explorer, recorded.target, recorded.strategy, recorded.key,
                                 *recording, style);
  }
  report.target = std::move(recorded.target);
  return report;
}

absl::StatusOr<ReplayReport> LoadAndReplay(absl::string_view argument,
                                           const ExplorerFactory& factory, const TextStyle& style) {
  absl::StatusOr<Recorded> recorded = Load(argument);
  if (!recorded.ok()) return recorded.status();
  return Replay(*std::move(recorded), factory, style);
}

std::string ReportText(const ReplayReport& report, const TextStyle& style) {
  const Subject& subject = report.target.subject;
  std::string text =
      absl::StrCat("replay of ", report.token, "\n", "scenario ", ScenarioLabel(subject.scenario),
                   ", ", subject.mmu, " ", subject.variant, ", strategy ", report.strategy, "\n\n");
  absl::StrAppend(&text, FormatTimeline(report.rows, report.threads, style), "\n");
  if (report.finding) {
    absl::StrAppend(&text, FindingText(*report.finding));
  } else {
    absl::StrAppend(&text, "nothing was found in this execution\n");
  }
  absl::StrAppend(&text, "verdict: ", report.finding ? "violation" : "clean", "; ",
                  Count(report.steps, "step"), ", fingerprint ", FormatHex64(report.fingerprint),
                  "\n");
  return text;
}

}  // namespace

ExitStatus RunReplay(const ReplayOptions& options, const std::string& command,
                     const ExplorerFactory& factory, const Console& console) {
  absl::StatusOr<ReplayReport> report = LoadAndReplay(options.target, factory, console.style);
  if (!report.ok()) {
    const auto message = report.status().message();
    console.err(
        absl::StrCat("racewalk replay: ", absl::string_view(message.data(), message.size()), "\n"));
    return absl::IsInternal(report.status()) ? kExitInternalError : kExitBadInput;
  }
  report->command = command;
  console.out(options.json ? ReplayJson(*report) : ReportText(*report, console.style));
  return report->finding ? kExitViolation : kExitClean;
}

}  // namespace racewalk
