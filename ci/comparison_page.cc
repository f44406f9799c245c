#include "ci/comparison_page.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/kill_table.h"
#include "ci/sentences.h"
#include "ci/sort_by_key.h"
#include "ci/table.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"

namespace racewalk {
namespace {

using Executions = std::vector<std::optional<uint64_t>>;
using Targets = std::vector<const ComparedTarget*>;
using Rows = std::vector<std::vector<std::string>>;

bool Less(const std::optional<uint64_t>& one, const std::optional<uint64_t>& two) {
  if (!one || !two) return one.has_value() && !two.has_value();
  return *one < *two;
}

std::string TextOf(const std::optional<uint64_t>& executions, uint64_t limit) {
  return executions ? absl::StrCat(*executions) : absl::StrCat(">", limit);
}

Targets MeasuredOf(const ComparisonReport& report, bool bugs) {
  Targets targets;
  for (const ComparedTarget& target : report.targets) {
    if (target.bug == bugs && !target.runs.empty()) targets.push_back(&target);
  }
  return targets;
}

std::string WorstOf(const Targets& targets, std::size_t strategy, uint64_t limit) {
  std::optional<uint64_t> worst = 0;
  std::string name;
  std::size_t alike = 0;
  for (const ComparedTarget* target : targets) {
    const Executions& runs = target->runs[strategy];
    const std::optional<uint64_t> most = *std::max_element(runs.begin(), runs.end(), Less);
    if (Less(worst, most)) {
      worst = most;
      alike = 0;
    }
    if (most == worst && alike++ == 0) {
      name = absl::StrCat("`", target->name, "`", target->bug ? "" : " ",
                          target->bug ? "" : target->variant);
    }
  }
  return absl::StrCat(TextOf(worst, limit), ", ", name,
                      alike > 1 ? absl::StrCat(" and ", alike - 1, " more") : "");
}

std::vector<std::string> SummaryRow(const ComparisonReport& report, absl::string_view what,
                                    const Targets& targets, std::size_t strategy) {
  std::size_t by_all = 0;
  std::size_t by_some = 0;
  Executions all;
  for (const ComparedTarget* target : targets) {
    const Executions& runs = target->runs[strategy];
    const auto found = static_cast<std::size_t>(std::count_if(
        runs.begin(), runs.end(), [](const auto& executions) { return executions.has_value(); }));
    by_all += found == runs.size() ? 1 : 0;
    by_some += found != 0 && found < runs.size() ? 1 : 0;
    all.insert(all.end(), runs.begin(), runs.end());
  }
  return {std::string(what),
          absl::StrCat("`", report.strategies[strategy], "`"),
          absl::StrCat(by_all, "/", targets.size()),
          absl::StrCat(by_some),
          absl::StrCat(targets.size() - by_all - by_some),
          TextOf(RankOf(all, 1, 2), report.limit),
          TextOf(RankOf(all, 9, 10), report.limit),
          WorstOf(targets, strategy, report.limit)};
}

Rows SummaryRows(const ComparisonReport& report) {
  Rows rows = {{"", "strategy", "found by all seeds", "by some", "by none", "median",
                "90th percentile", "worst"}};
  for (const bool bugs : {false, true}) {
    const Targets targets = MeasuredOf(report, bugs);
    for (std::size_t i = 0; i < report.strategies.size() && !targets.empty(); ++i) {
      rows.push_back(SummaryRow(report, bugs ? "bugs" : "units", targets, i));
    }
  }
  return rows;
}

// The product of the medians of a row, as a logarithm.
double HardnessOf(const ComparisonReport& report, const ComparedTarget& target) {
  double hardness = 0;
  for (const Executions& runs : target.runs) {
    const std::optional<uint64_t> median = RankOf(runs, 1, 2);
    hardness += std::log(static_cast<double>(median.value_or(report.limit + 1)));
  }
  return hardness;
}

Rows DetailRows(const ComparisonReport& report, bool bugs) {
  std::vector<std::string> head = {bugs ? "bug" : "point", "MMU", "variant", "scenario"};
  for (const std::string& strategy : report.strategies) {
    head.push_back(absl::StrCat("`", strategy, "`"));
  }
  Rows rows = {std::move(head)};
  Targets targets = MeasuredOf(report, bugs);
  SortByKey(targets, [&](const ComparedTarget* target) { return -HardnessOf(report, *target); });
  for (const ComparedTarget* target : targets) {
    std::vector<std::string> row = {absl::StrCat("`", target->name, "`"), target->mmu,
                                    target->variant, target->scenario};
    for (const Executions& runs : target->runs) {
      row.push_back(TextOf(RankOf(runs, 1, 2), report.limit));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string Markdown(const Rows& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    absl::StrAppend(&text, "| ", absl::StrJoin(rows[i], " | "), " |\n");
    if (i == 0) {
      absl::StrAppend(&text, "| ", absl::StrJoin(Rows::value_type(rows[0].size(), "---"), " | "),
                      " |\n");
    }
  }
  return text;
}

}  // namespace

std::optional<uint64_t> RankOf(Executions runs, std::size_t n, std::size_t of) {
  std::sort(runs.begin(), runs.end(), Less);
  return runs[(runs.size() * n + of - 1) / of - 1];
}

std::string ComparisonSummary(const ComparisonReport& report) {
  std::string text = absl::StrCat(
      "\n", FormatTable(SummaryRows(report), {false, false, true, true, true, true, true, false}),
      "(executions until the first violation, of all targets and seeds; a run ends after ",
      Grouped(report.limit), ")\n");
  if (report.without_scenario != 0) {
    absl::StrAppend(&text,
                    "left out, with no kill in the table: ", Count(report.without_scenario, "unit"),
                    "\n");
  }
  if (report.time_limit_hit) text += "cut short by --time-limit\n";
  return absl::StrCat(text, "verdict: ", VerdictOf(report), "; ", report.parameters, "\n");
}

std::string ComparisonInputs() {
  std::string bugs;
  for (const Bug& bug : Bugs()) {
    absl::StrAppend(&bugs, bug.name, " ", bug.mmu, " ", bug.variant, " ", bug.scenario, " ",
                    absl::StrJoin(bug.points, ","), "\n");
  }
  const KillInputs inputs = CurrentKillInputs();
  return absl::StrCat("Inputs: points ", inputs.points, ", library ", inputs.library, ", bugs ",
                      FormatHex64(Fnv1a64(bugs)), ".");
}

std::string ComparisonPage(const ComparisonReport& report) {
  std::string flags =
      absl::StrCat("--compare=", absl::StrJoin(report.strategies, ","),
                   " --seeds=", absl::StrJoin(report.seeds, ","), " --executions=", report.limit);
  std::string text = absl::StrCat(
      "# The strategies compared\n\nMade by `racewalk mutants ", flags,
      " --update`; do not edit.\n", ComparisonInputs(),
      "\n\nHow many executions does each strategy need until the first violation? A unit is a "
      "protocol point, weakened, in a variant\nthat needs it, and is run in the scenario that "
      "`scenarios/library/kills.tsv` names for it; a historical bug is run in its\nown. All "
      "strategies race the same programs with the same seeds. Only the number of executions ends a "
      "run, and a run's chunks\nfollow one another, so that no number depends on the machine: `>` "
      "marks a run that had found nothing by then, and counts as more\nthan any that had.\n\n"
      "- The scenarios of units are those in which a search with the default strategies found them "
      "first: an advantage for these.\n"
      "- Units that differ in the variant or in the side of a pair are often the same program, and "
      "then show the same numbers.\n"
      "- Executions from which `pct` and `surw` learn before they start are not counted.\n\n");
  if (report.without_scenario != 0) {
    absl::StrAppend(&text, "Left out, because no scenario is known for them: ",
                    Count(report.without_scenario, "unit"), ".\n\n");
  }
  absl::StrAppend(
      &text, Markdown(SummaryRows(report)),
      "\nMedian and percentile are over all runs of a strategy; worst is the run that "
      "took longest.\n\n## Units\n\nEach number is the median of the seeds. The hardest "
      "come first, by the product of their row.\n\n",
      Markdown(DetailRows(report, false)));
  if (const Rows bugs = DetailRows(report, true); bugs.size() > 1) {
    absl::StrAppend(&text, "\n## Bugs\n\n", Markdown(bugs));
  }
  return text;
}

}  // namespace racewalk
