#include "ci/replay.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/finding.h"
#include "ci/json_output.h"
#include "ci/record_twice.h"
#include "ci/recorded.h"
#include "ci/replay_report.h"
#include "ci/sentences.h"
#include "ci/timeline.h"
#include "ci/timeline_rows.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/token.h"

namespace racewalk {
namespace {

absl::StatusOr<ReplayReport> Replay(Recorded recorded, const ExplorerFactory& factory,
                                    const TextStyle& style) {
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = StrategyOf(recorded);
  if (!strategy.ok()) return strategy.status();
  absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory(recorded.target.subject);
  if (!explorer.ok()) return explorer.status();
  absl::StatusOr<Recording> recording = RecordTwice(**explorer, **strategy, recorded.key, true);
  if (!recording.ok()) return recording.status();
  absl::Status status = CheckFits(recorded, *recording);
  if (!status.ok()) return status;
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
  absl::StatusOr<Recorded> recorded = LoadRecorded(argument);
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
