#include "ci/mutants_summary.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "ci/sentences.h"
#include "ci/table.h"
#include "core/protocol.h"
#include "scenarios/explore/subject_words.h"

namespace racewalk {
namespace {

std::string MatrixText(const MutantsReport& report) {
  std::vector<std::vector<std::string>> rows = {{"point", "mmu", "variant", "outcome", "invariant",
                                                 "scenario", "executions", "seconds", "token"}};
  for (const MutantState* state : WorstFirst(report)) {
    const MutantResult& result = state->result;
    rows.push_back({state->unit.point, state->unit.mmu, state->unit.variant,
                    result.killed() ? result.kind : OutcomeOf(*state), OrDash(result.invariant),
                    OrDash(result.scenario), ExecutionsText(result), SecondsText(result),
                    OrDash(result.token)});
  }
  return FormatTable(rows, {false, false, false, false, false, false, true, true, false});
}

// What needs a look, by name, before hundreds of rows that do not.
std::string Survivors(const MutantsReport& report) {
  std::string text;
  for (const MutantState* state : WorstFirst(report)) {
    if (state->result.killed() || state->origin == MutantOrigin::kNone) continue;
    absl::StrAppend(&text,
                    state->unfinished ? "unfinished: " : "SURVIVED: ", MutantName(state->unit));
    if (state->unfinished) {
      absl::StrAppend(&text, "; not every row of the library was run, give more --seconds");
    } else if (!state->explanation.empty()) {
      absl::StrAppend(&text, ", explained: ", state->explanation);
    }
    text += '\n';
  }
  return text.empty() ? "" : absl::StrCat(text, "\n");
}

std::string WithoutUnits(const std::vector<PointWithoutUnits>& points) {
  if (points.empty()) return "";
  std::string text = "\njudged nowhere:\n";
  for (const PointWithoutUnits& point : points) {
    absl::StrAppend(&text, "  ", point.point, ": ", point.why, "\n");
  }
  return text;
}

std::string Counts(const MutantsReport& report) {
  const MutantCounts counts = CountMutants(report);
  const std::size_t total = report.states.size();
  std::string text = absl::StrCat("\n", CountsText(report), "\n", OriginsText(report), "\n");
  if (report.presubmit && total != 0) {
    absl::StrAppend(&text, "a pre-submit run kills ",
                    absl::StrFormat("%.1f", 100.0 * static_cast<double>(counts.killed) /
                                                static_cast<double>(total)),
                    " % of these units; ", absl::StrFormat("%.0f", 100 * kPresubmitRate),
                    " % are wanted\n");
  }
  if (report.time_limit_hit) text += "cut short by --time-limit\n";
  return text;
}

bool Explained(const MutantUnit& unit, const std::vector<Survivor>& survivors) {
  return std::any_of(survivors.begin(), survivors.end(),
                     [&](const Survivor& survivor) { return survivor.unit == unit; });
}

// A cell of a table in Markdown.
std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}});
}

std::string PageHead(const KillTable& table, const std::vector<Survivor>& survivors,
                     const std::vector<MutantUnit>& units) {
  std::vector<const MutantResult*> killed;
  std::size_t partly = 0;
  std::string missing;
  for (const MutantUnit& unit : units) {
    const MutantResult* result = table.Find(unit);
    if (result != nullptr && result->killed()) {
      killed.push_back(result);
      partly += result->killed_by_all() ? 0 : 1;
    } else if (!Explained(unit, survivors)) {
      absl::StrAppend(&missing, "- `", MutantName(unit), "`",
                      result == nullptr ? ": not searched yet" : "", "\n");
    }
  }
  std::string text = absl::StrCat(
      "# The kill matrix\n\n"
      "Made by `racewalk mutants --update`; do not edit. A unit is a protocol point, an MMU and a "
      "variant that needs it. It is killed\nif the library, explored with the point weakened, "
      "shows a violation. A row is found by a search and then kept, numbers included, as\n"
      "long as its token, replayed, shows the same; what no longer does is searched anew, last "
      "with `",
      table.settings, "`.\n\n", killed.size(), " of ", units.size(), " units are killed, ",
      killed.size() - partly, " by every seed of their search and ", partly,
      " by some of its seeds; ", units.size() - killed.size(), " are not.",
      killed.empty() ? "" : absl::StrCat(" The searches were of ", SeedsText(killed), "."), "\n\n");
  if (!missing.empty()) {
    absl::StrAppend(&text, "Survivors without an explanation:\n\n", missing, "\n");
  }
  if (!survivors.empty()) {
    text += "Survivors with an explanation, from `scenarios/library/survivors.tsv`:\n\n";
    for (const Survivor& survivor : survivors) {
      absl::StrAppend(&text, "- `", MutantName(survivor.unit), "`: ", survivor.why, "\n");
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string MutantsSummary(const MutantsReport& report) {
  return absl::StrCat("\n", Survivors(report), MatrixText(report),
                      WithoutUnits(report.without_units), Counts(report),
                      "verdict: ", VerdictOf(report), "; ", report.parameters, "\n");
}

std::string KillPage(const KillTable& table, const std::vector<Survivor>& survivors) {
  const std::vector<MutantUnit> units = AllMutants();
  std::string text = PageHead(table, survivors, units);
  const std::vector<PointWithoutUnits> without = PointsWithoutUnits(kPoints);
  if (!without.empty()) {
    text += "Points that are judged nowhere:\n\n";
    for (const PointWithoutUnits& point : without) {
      absl::StrAppend(&text, "- `", point.point, "`: ", point.why, "\n");
    }
    text += '\n';
  }
  text +=
      "Executions are those of the whole library until the violation was found, one number for "
      "each "
      "seed; seconds are wall time.\nBoth vary from run to run, because worker processes share the "
      "work. Scenarios that killed the same point before come first, so\na unit that was searched "
      "again is found sooner than in a run of `racewalk mutants --fresh`. Kind, invariant and "
      "scenario are\nthose of the first seed that found one; the token is in "
      "`scenarios/library/kills.tsv`.\n\n"
      "| point | MMU | variant | kind | invariant | scenario | executions | seconds |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const MutantUnit& unit : units) {
    const MutantResult* result = table.Find(unit);
    if (result == nullptr) continue;
    absl::StrAppend(&text, "| `", unit.point, "` | ", unit.mmu, " | ", unit.variant, " | ",
                    OrDash(result->kind), " | ", OrDash(result->invariant), " | ",
                    Cell(OrDash(result->scenario)), " | ", ExecutionsText(*result), " | ",
                    SecondsText(*result), " |\n");
  }
  return text;
}

}  // namespace racewalk
