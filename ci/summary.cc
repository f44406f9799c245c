#include "ci/summary.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/sentences.h"
#include "ci/table.h"
#include "ci/target.h"

namespace racewalk {
namespace {

// A scenario given as text has its text for a label.
constexpr std::size_t kLongestLabel = 40;

std::string Shortened(const std::string& label) {
  if (label.size() <= kLongestLabel) return label;
  return absl::StrCat(label.substr(0, kLongestLabel - 3), "...");
}

std::string RateText(const UnitResult& unit) {
  if (unit.seconds <= 0) return "-";
  return Grouped(
      static_cast<uint64_t>(std::llround(static_cast<double>(unit.executions) / unit.seconds)));
}

// A table longer than this is told by scenario.
constexpr std::size_t kMostRows = 48;

std::vector<std::string> Row(const CheckReport& report, std::size_t index) {
  const Unit& unit = report.plan.units[index];
  const Subject& subject = unit.target.subject;
  const UnitResult& result = report.result.units[index];
  return {Shortened(ScenarioLabel(subject.scenario)),
          subject.mmu,
          subject.variant,
          unit.strategy,
          result.executions == 0 ? "not run" : LabelOf(report, index),
          Grouped(result.executions),
          absl::StrCat(result.distinct_exact ? "" : "~", Grouped(result.distinct)),
          RateText(result),
          result.violated ? "VIOLATION" : ""};
}

// The rows [first, last), which are of one scenario and MMU, as one: the sum of
// the executions, and of the distinct interleavings the most that a row saw.
std::vector<std::string> SumOf(const CheckReport& report, std::size_t first, std::size_t last) {
  UnitResult sum = report.result.units[first];
  for (std::size_t i = first + 1; i < last; ++i) {
    const UnitResult& unit = report.result.units[i];
    sum.executions += unit.executions;
    sum.seconds += unit.seconds;
    if (unit.distinct > sum.distinct) {
      sum.distinct = unit.distinct;
      sum.distinct_exact = unit.distinct_exact;
    }
  }
  std::vector<std::string> row = Row(report, first);
  row[2] = Count(last - first, "row");
  row[3] = "";
  row[5] = Grouped(sum.executions);
  row[6] = absl::StrCat(sum.distinct_exact ? "" : "~", Grouped(sum.distinct));
  row[7] = RateText(sum);
  return row;
}

std::string Table(const CheckReport& report) {
  std::vector<std::vector<std::string>> rows = {{"scenario", "mmu", "variant", "strategy", "label",
                                                 "executions", "distinct", "per second", ""}};
  const std::size_t units = report.plan.units.size();
  const bool summed = units > kMostRows;
  for (std::size_t i = 0; i < units;) {
    // Rows go together if nothing of note happened in any of them.
    const auto alike = [&](std::size_t other) {
      const Subject& one = report.plan.units[i].target.subject;
      const Subject& two = report.plan.units[other].target.subject;
      return one.scenario.name == two.scenario.name && one.mmu == two.mmu &&
             !report.result.units[other].violated && report.result.units[other].executions != 0 &&
             LabelOf(report, other) == LabelOf(report, i);
    };
    std::size_t last = i + 1;
    while (summed && alike(i) && last < units && alike(last)) ++last;
    rows.push_back(last > i + 1 ? SumOf(report, i, last) : Row(report, i));
    i = last;
  }
  return absl::StrCat(
      FormatTable(rows, {false, false, false, false, false, true, true, true, false}),
      summed ? "(rows of one scenario are summed, distinct is the most of a row; --json has each)\n"
             : "");
}

// Each bound once: it depends on the unit by its numbers.
std::string Bounds(const CheckReport& report) {
  std::vector<std::pair<std::string, uint64_t>> bounds;
  for (const UnitResult& unit : report.result.units) {
    if (unit.bound.empty() || unit.violated) continue;
    const auto known = std::find_if(bounds.begin(), bounds.end(),
                                    [&](const auto& bound) { return bound.first == unit.bound; });
    if (known == bounds.end()) {
      bounds.emplace_back(unit.bound, 1);
    } else {
      ++known->second;
    }
  }
  std::string text;
  // A library has as many bounds as it has sizes; the first few say enough.
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(bounds.size(), kShown); ++i) {
    absl::StrAppend(&text, bounds[i].first, " (", Count(bounds[i].second, "row"), ")\n");
  }
  if (bounds.size() > kShown) {
    absl::StrAppend(&text, "and likewise for ", bounds.size() - kShown,
                    " other sizes; --json has all\n");
  }
  return text;
}

std::string LuckText(const CheckReport& report) {
  std::size_t index = 0;
  const UnitResult* least = LeastExplored(report, &index);
  if (least == nullptr) return "";
  const std::string luck = LuckSentence(LuckOf(least->executions));
  if (report.plan.units.size() == 1) return absl::StrCat(luck, "\n");
  return absl::StrCat("least explored row, ", Shortened(UnitName(report.plan.units[index])), ": ",
                      luck, "\n");
}

// What is missing where every execution was to be run.
std::string UnfinishedText(const CheckReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.plan.units.size(); ++i) {
    const UnitResult& unit = report.result.units[i];
    if (!report.plan.units[i].enumerates || unit.violated || unit.executions == 0) continue;
    if (!unit.claim.empty()) continue;
    absl::StrAppend(&text, Shortened(UnitName(report.plan.units[i])), ": ");
    if (unit.done >= 1) {
      absl::StrAppend(&text, "all was run, but fairness cut ", Count(unit.cut, "execution"),
                      " short: threads that retry were made to wait for others\n");
    } else {
      absl::StrAppend(&text, "not finished, some ", absl::StrFormat("%.2g", 100 * unit.done),
                      " % of it was run; give more --seconds, fewer operations, or bound:k\n");
    }
  }
  return text;
}

std::string FoundText(const CheckReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.result.found.size(); ++i) {
    const FoundClass& found = report.result.found[i];
    absl::StrAppend(
        &text, "found: ", Name(found.finding.kind), found.finding.invariant.empty() ? "" : " ",
        found.finding.invariant, " in ", Shortened(found.finding.scenario),
        found.units > 1 ? absl::StrCat(" and ", Count(found.units - 1, "other row")) : "", "\n  ",
        ReplayCommand(found.finding.token), "\n");
    if (i < report.traces.size() && !report.traces[i].empty()) {
      absl::StrAppend(&text, "  ", ReplayCommand(report.traces[i]), "\n");
    }
  }
  return text;
}

}  // namespace

std::string FormatSummary(const CheckReport& report) {
  std::string text = absl::StrCat("\n", Table(report), "\n", Bounds(report), LuckText(report),
                                  UnfinishedText(report));
  const bool stopped = report.plan.stop_at_first && !report.result.found.empty();
  if (const uint64_t never = NeverRun(report); never != 0 && !stopped) {
    absl::StrAppend(&text, Count(never, "row"), " of ", report.plan.units.size(),
                    " never ran; give more --seconds or fewer scenarios\n");
  }
  if (report.result.time_limit_hit) absl::StrAppend(&text, "cut short by --time-limit\n");
  absl::StrAppend(&text, FoundText(report));
  absl::StrAppend(&text, "verdict: ", VerdictOf(report), " (", LabelOf(report), "); ",
                  report.parameters, "\n");
  return text;
}

}  // namespace racewalk
