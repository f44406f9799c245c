#include "ci/finding.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/page.h"
#include "ci/synchronization.h"
#include "ci/timeline.h"
#include "ci/timeline_rows.h"
#include "ci/token_target.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

std::string ThreadName(int thread, const std::vector<std::string>& threads) {
  const auto index = static_cast<std::size_t>(thread);
  return thread >= 0 && index < threads.size() ? threads[index] : "";
}

// "  seen at step 17 in b, tdp_mmu.h:120".
std::string StepLine(absl::string_view what, uint64_t step, absl::string_view thread,
                     absl::string_view place) {
  return absl::StrCat("  ", what, " at step ", step, thread.empty() ? "" : " in ", thread,
                      place.empty() ? "" : ", ", place, "\n");
}

}  // namespace

Finding MakeFinding(const Explorer& explorer, const Target& target, absl::string_view strategy,
                    uint64_t key, const Recording& recording, const TextStyle& style, bool page) {
  const Violation& violation = recording.violation;
  const std::vector<std::string>& threads = explorer.thread_names();
  Finding finding;
  finding.kind = violation.kind;
  finding.invariant = violation.invariant;
  finding.sentence = ViolationSentence(violation, threads);
  finding.explanation = Explanation(recording, threads);
  finding.thread = ThreadName(violation.thread, threads);
  finding.place = PlaceText(violation.where);
  finding.step = violation.step;
  finding.other_thread = ThreadName(violation.other, threads);
  finding.other_place = PlaceText(violation.other_where);
  finding.other_step = violation.other_step;
  finding.points = MarkedPoints(recording);
  finding.scenario = ScenarioLabel(target.subject.scenario);
  finding.mmu = target.subject.mmu;
  finding.variant = target.subject.variant;
  finding.strategy = std::string(strategy);
  finding.key = key;
  finding.token = FormatToken(TokenFor(target, strategy, key));
  finding.trace = FormatTrace(TraceFor(target, strategy, key, recording));
  const OperationNames names = [&explorer](int thread, uint64_t ordinal) {
    return explorer.OperationText(thread, ordinal);
  };
  const std::vector<TimelineRow> rows = TimelineRows(recording, threads, names);
  finding.timeline = FormatTimeline(rows, threads, style);
  if (page) {
    finding.page = FormatPage({.target = target,
                               .recording = recording,
                               .threads = threads,
                               .rows = rows,
                               .strategy = finding.strategy,
                               .token = finding.token,
                               .explanation = finding.explanation});
  }
  return finding;
}

std::string ClassOf(const Finding& finding) {
  return absl::StrCat(Name(finding.kind), "|", finding.invariant, "|", finding.place, "|",
                      finding.other_place);
}

std::string FindingText(const Finding& finding) {
  std::string text = absl::StrCat("VIOLATION: ", Name(finding.kind));
  if (!finding.invariant.empty()) absl::StrAppend(&text, " (invariant ", finding.invariant, ")");
  absl::StrAppend(&text, "\n  ", finding.sentence, "\n");
  if (!finding.explanation.empty()) absl::StrAppend(&text, "  why: ", finding.explanation, "\n");
  absl::StrAppend(&text, "  scenario ", finding.scenario, ", ", finding.mmu, " ", finding.variant,
                  ", strategy ", finding.strategy, "\n");
  absl::StrAppend(&text, StepLine("seen", finding.step, finding.thread, finding.place));
  if (finding.other_step != Violation::kNoNumber) {
    absl::StrAppend(&text, StepLine("made wrong", finding.other_step, finding.other_thread,
                                    finding.other_place));
  } else if (!finding.other_thread.empty() || !finding.other_place.empty()) {
    absl::StrAppend(&text, "  made wrong by ", finding.other_thread,
                    finding.other_place.empty() ? "" : ", ", finding.other_place, "\n");
  }
  if (!finding.points.empty()) {
    absl::StrAppend(&text, "  protocol points there: ", absl::StrJoin(finding.points, ", "), "\n");
  }
  return text;
}

void WriteFinding(const Finding& finding, WireWriter& writer) {
  writer.Number(static_cast<uint64_t>(finding.kind));
  writer.Text(finding.invariant);
  writer.Text(finding.sentence);
  writer.Text(finding.explanation);
  writer.Text(finding.thread);
  writer.Text(finding.place);
  writer.Number(finding.step);
  writer.Text(finding.other_thread);
  writer.Text(finding.other_place);
  writer.Number(finding.other_step);
  writer.Texts(finding.points);
  writer.Text(finding.scenario);
  writer.Text(finding.mmu);
  writer.Text(finding.variant);
  writer.Text(finding.strategy);
  writer.Number(finding.key);
  writer.Text(finding.token);
  writer.Text(finding.timeline);
  writer.Text(finding.trace);
  writer.Text(finding.page);
}

Finding ReadFinding(WireReader& reader) {
  Finding finding;
  const uint64_t kind = reader.Number();
  if (kind < kViolationKindNames.size()) finding.kind = static_cast<ViolationKind>(kind);
  finding.invariant = reader.Text();
  finding.sentence = reader.Text();
  finding.explanation = reader.Text();
  finding.thread = reader.Text();
  finding.place = reader.Text();
  finding.step = reader.Number();
  finding.other_thread = reader.Text();
  finding.other_place = reader.Text();
  finding.other_step = reader.Number();
  finding.points = reader.Texts();
  finding.scenario = reader.Text();
  finding.mmu = reader.Text();
  finding.variant = reader.Text();
  finding.strategy = reader.Text();
  finding.key = reader.Number();
  finding.token = reader.Text();
  finding.timeline = reader.Text();
  finding.trace = reader.Text();
  finding.page = reader.Text();
  return finding;
}

}  // namespace racewalk
