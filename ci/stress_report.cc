#include "ci/stress_report.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ci/sentences.h"
#include "ci/stress_run.h"
#include "ci/table.h"
#include "ci/target.h"
#include "sanitizers/round_record.h"

namespace racewalk {
namespace {

// A scenario given as text has its text for a label.
constexpr std::size_t kLongestLabel = 40;
// A table longer than this is told by scenario.
constexpr std::size_t kMostRows = 48;

std::string Shortened(const std::string& label) {
  if (label.size() <= kLongestLabel) return label;
  return absl::StrCat(label.substr(0, kLongestLabel - 3), "...");
}

std::vector<std::string> Row(const Subject& subject, const std::string& variant,
                             const StressRow& row) {
  const double rate = row.seconds > 0 ? static_cast<double>(row.rounds) / row.seconds : 0;
  return {Shortened(ScenarioLabel(subject.scenario)),
          subject.mmu,
          variant,
          row.rounds == 0 ? "not run" : Grouped(row.rounds),
          row.rounds == 0 ? "-" : Grouped(static_cast<uint64_t>(std::llround(rate))),
          row.found == 0 ? "" : absl::StrCat("FOUND ", Grouped(row.found))};
}

std::string Table(const StressReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"scenario", "mmu", "variant", "rounds", "per second", ""}};
  const std::size_t count = report.targets.size();
  const bool summed = count > kMostRows;
  for (std::size_t i = 0; i < count;) {
    const Subject& subject = report.targets[i].subject;
    StressRow sum = report.result.rows[i];
    std::size_t last = i + 1;
    const auto alike = [&](std::size_t other) {
      const Subject& two = report.targets[other].subject;
      return subject.scenario.name == two.scenario.name && subject.mmu == two.mmu;
    };
    for (; summed && last < count && alike(last); ++last) {
      sum.rounds += report.result.rows[last].rounds;
      sum.found += report.result.rows[last].found;
      sum.seconds += report.result.rows[last].seconds;
    }
    rows.push_back(Row(subject, last > i + 1 ? Count(last - i, "row") : subject.variant, sum));
    i = last;
  }
  return absl::StrCat(FormatTable(rows, {false, false, false, true, true, false}),
                      summed ? "(rows of one scenario are summed; --json has each)\n" : "");
}

std::string FoundText(const StressReport& report) {
  std::string text;
  for (const StressFinding& finding : report.result.findings) {
    const Subject& subject = report.targets[finding.row].subject;
    // Of what it has reported once, ThreadSanitizer reports no more in that process.
    const bool reports = finding.reports;
    absl::StrAppend(&text, reports ? "reported " : "found ",
                    finding.count == 1 ? "once" : Count(finding.count, "time"),
                    reports ? " (once at most by each process): " : ": ", Name(finding.kind),
                    finding.invariant.empty() ? "" : " ", finding.invariant, " in ",
                    Shortened(ScenarioLabel(subject.scenario)), " ", subject.mmu, " ",
                    subject.variant, ", first in round ", finding.round);
    if (!finding.place.empty()) absl::StrAppend(&text, ", ", finding.place);
    if (!finding.other_place.empty()) absl::StrAppend(&text, " and ", finding.other_place);
    absl::StrAppend(&text, "\n");
    if (!finding.explored.empty()) absl::StrAppend(&text, "  ", finding.explored, "\n");
    if (!finding.token.empty()) {
      absl::StrAppend(&text, "  racewalk replay '", finding.token, "'\n");
    }
  }
  if (report.result.untold != 0) {
    absl::StrAppend(&text, "and ", Count(report.result.untold, "violation"),
                    " that are not told: ", kMostStressFindings, " classes are kept, and ",
                    RoundRecord::kRaces, " races of one process's turn\n");
  }
  return text;
}

}  // namespace

ExitStatus ExitStatusOf(const StressReport& report) {
  if (report.result.interrupted) return kExitInterrupted;
  // Whatever else went wrong, a violation stands.
  if (!report.result.findings.empty()) return kExitViolation;
  if (!report.result.input.ok()) return kExitBadInput;
  return report.result.killed == 0 ? kExitClean : kExitInternalError;
}

std::string VerdictOf(const StressReport& report) { return Verdict(ExitStatusOf(report)); }

uint64_t RowsRun(const StressReport& report) {
  const std::vector<StressRow>& rows = report.result.rows;
  return static_cast<uint64_t>(std::count_if(rows.begin(), rows.end(),
                                             [](const StressRow& row) { return row.rounds != 0; }));
}

std::string FormatStressSummary(const StressReport& report) {
  std::string text = absl::StrCat("\n", Table(report), "\n");
  const uint64_t run = RowsRun(report);
  const uint64_t all = report.targets.size();
  if (run != all) {
    absl::StrAppend(&text, Count(all - run, "row"), " of ", all,
                    " never ran; give more --seconds or fewer scenarios\n");
  }
  if (report.result.killed != 0) {
    absl::StrAppend(&text, Count(report.result.killed, "round"),
                    " passed over, whose processes were killed from outside or could not look for "
                    "leaks; see standard error\n");
  }
  const std::string bug = report.targets.empty() ? "" : report.targets.front().bug;
  if (!bug.empty() && report.result.findings.empty()) {
    absl::StrAppend(&text, "bug ", bug, " did not show on real threads; racewalk check --bug=", bug,
                    " explores it\n");
  }
  uint64_t rounds = 0;
  for (const StressRow& row : report.result.rows) rounds += row.rounds;
  absl::StrAppend(&text, Count(rounds, "round"), " on real threads in ",
                  DurationText(report.result.seconds), "\n", FoundText(report),
                  "verdict: ", VerdictOf(report),
                  run == all ? "" : absl::StrCat(" (", run, " of ", all, " rows)"), "; ",
                  report.parameters, "\n");
  return text;
}

}  // namespace racewalk
