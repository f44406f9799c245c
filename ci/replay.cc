#include "ci/replay.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/chrome_trace.h"
#include "ci/finding.h"
#include "ci/json_output.h"
#include "ci/output_path.h"
#include "ci/page.h"
#include "ci/record_twice.h"
#include "ci/recorded.h"
#include "ci/replay_report.h"
#include "ci/sentences.h"
#include "ci/stop_at.h"
#include "ci/timeline.h"
#include "ci/timeline_rows.h"
#include "ci/word_history.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/token.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

absl::Status Prefixed(absl::string_view prefix, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(prefix, status.message()));
}

// What the files are to be made of, written before anything is printed.
absl::Status WriteFiles(const ReplayOptions& options, const PageSubject& subject) {
  if (!options.html.empty()) {
    absl::Status status = WriteFileAtomically(options.html, FormatPage(subject));
    if (!status.ok()) return Prefixed("--html: ", status);
  }
  if (options.perfetto.empty()) return absl::OkStatus();
  return Prefixed("--perfetto: ", WriteFileAtomically(options.perfetto, ChromeTrace(subject)));
}

absl::StatusOr<ReplayReport> Replay(Recorded recorded, const ReplayOptions& options,
                                    const ExplorerFactory& factory, const TextStyle& style) {
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = StrategyOf(recorded);
  if (!strategy.ok()) return strategy.status();
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory(recorded.target.subject);
  if (!explorer.ok()) return explorer.status();
  absl::StatusOr<Recording> recording = RecordTwice(**explorer, **strategy, recorded.key, true);
  if (!recording.ok()) return recording.status();
  absl::Status status = CheckFits(recorded, *recording);
  if (!status.ok()) return status;
  ReplayReport report;
  if (options.stop_at) {
    status = CheckStep(*recording, *options.stop_at);
    if (!status.ok()) return status;
    if (options.break_there) BreakAt(**explorer, **strategy, recorded.key, *options.stop_at);
    CutAfter(*recording, *options.stop_at);
    report.stopped_at = options.stop_at;
    report.state = StateText(recording->events, recording->events.size());
  }
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
  absl::Status written =
      WriteFiles(options, {.target = recorded.target,
                           .recording = *recording,
                           .threads = report.threads,
                           .rows = report.rows,
                           .strategy = report.strategy,
                           .token = report.token,
                           .explanation = report.finding ? report.finding->explanation : "",
                           .stopped_at = options.stop_at});
  if (!written.ok()) return written;
  report.target = std::move(recorded.target);
  return report;
}

absl::StatusOr<ReplayReport> LoadAndReplay(const ReplayOptions& options,
                                           const ExplorerFactory& factory, const TextStyle& style) {
  absl::Status status = CheckNewFile("--html", options.html);
  status.Update(CheckNewFile("--perfetto", options.perfetto));
  status.Update(CheckDifferentFiles("--html", options.html, "--perfetto", options.perfetto));
  if (!status.ok()) return status;
  absl::StatusOr<Recorded> recorded = LoadRecorded(options.target);
  if (!recorded.ok()) return recorded.status();
  return Replay(*std::move(recorded), options, factory, style);
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
    absl::StrAppend(&text, "nothing was found ",
                    report.stopped_at ? "up to here\n" : "in this execution\n");
  }
  if (report.stopped_at) absl::StrAppend(&text, "\n", report.state, "\n");
  absl::StrAppend(
      &text, "verdict: ", VerdictOf(report),
      report.stopped_at ? absl::StrCat(" at step ", *report.stopped_at, " of ") : std::string("; "),
      Count(report.steps, "step"), ", fingerprint ", FormatHex64(report.fingerprint), "\n");
  return text;
}

}  // namespace

ExitStatus RunReplay(const ReplayOptions& options, const std::string& command,
                     const ExplorerFactory& factory, const Console& console) {
  absl::StatusOr<ReplayReport> report = LoadAndReplay(options, factory, console.style);
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
