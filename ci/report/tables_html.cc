#include "ci/report/tables_html.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

constexpr std::size_t kMostTableRows = 500;
constexpr std::size_t kMostSurvivors = 100;
constexpr std::size_t kMostSlow = 15;

// A column; those of numbers are aligned to the right, and on a phone each value has its name.
struct Column {
  absl::string_view name{};
  bool number = false;
};

std::string Table(const std::vector<Column>& columns,
                  const std::vector<std::vector<std::string>>& rows, absl::string_view noun) {
  std::string html = "<div class=\"scroll\"><table class=\"rows\"><thead><tr>";
  for (const Column& column : columns) {
    absl::StrAppend(&html, "<th scope=\"col\"", column.number ? " class=\"n\"" : "", ">",
                    column.name, "</th>");
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < rows.size() && i < kMostTableRows; ++i) {
    html += "<tr>";
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const std::string text = rows[i][k].empty() ? "-" : HtmlEscaped(rows[i][k]);
      if (k == 0) {
        absl::StrAppend(&html, "<th scope=\"row\">", text, "</th>");
      } else {
        absl::StrAppend(&html, "<td", columns[k].number ? " class=\"n\"" : "", " data-name=\"",
                        columns[k].name, "\">", text, "</td>");
      }
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (rows.size() > kMostTableRows) {
    absl::StrAppend(&html, "<p class=\"faint\">And ", Count(rows.size() - kMostTableRows, noun),
                    " more, which <code>racewalk report --json</code> has.</p>\n");
  }
  return html;
}

std::string ByVariant(const NightReport& report) {
  std::map<std::pair<std::string, std::string>, std::pair<uint64_t, uint64_t>> counts;
  for (const NightMutant& mutant : report.store.mutants) {
    auto& [killed, all] = counts[{mutant.name.mmu, mutant.name.variant}];
    killed += mutant.killed ? 1 : 0;
    ++all;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, count] : counts) {
    const auto& [killed, all] = count;
    rows.push_back({absl::StrCat(name.first, " ", name.second), Grouped(all), Grouped(killed),
                    Grouped(all - killed), ShareText(killed, all)});
  }
  return Table({{"MMU and variant"},
                {"weakened points", true},
                {"killed", true},
                {"survived", true},
                {"share", true}},
               rows, "row");
}

std::string MutantsList(absl::string_view title, const std::vector<const NightMutant*>& mutants) {
  if (mutants.empty()) return "";
  std::string html = absl::StrCat("<h3>", title, "</h3>\n<ul class=\"survivors\">\n");
  for (std::size_t i = 0; i < mutants.size() && i < kMostSurvivors; ++i) {
    absl::StrAppend(&html, "<li><code>", HtmlEscaped(MutantText(mutants[i]->name)), "</code> in ",
                    Count(mutants[i]->executions, "execution"), ", ", SpanText(mutants[i]->seconds),
                    "</li>\n");
  }
  html += "</ul>\n";
  if (mutants.size() > kMostSurvivors) {
    absl::StrAppend(&html, "<p class=\"faint\">And ", Grouped(mutants.size() - kMostSurvivors),
                    " more, which <code>racewalk report --json</code> has.</p>\n");
  }
  return html;
}

// What half of the kills, and nine of ten, took.
std::string TimeToKill(const NightReport& report) {
  std::vector<const NightMutant*> kills = SlowestKills(report, report.store.mutants.size());
  if (kills.empty()) return "";
  const NightMutant& middle = *kills[kills.size() / 2];
  const NightMutant& slow = *kills[kills.size() / 10];
  return absl::StrCat("<p>Half of the kills by search took a worker at most ",
                      SpanText(middle.seconds), ", nine of ten at most ", SpanText(slow.seconds),
                      ".</p>\n");
}

std::string SlowestHtml(const NightReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const NightMutant* mutant : SlowestKills(report, kMostSlow)) {
    rows.push_back({MutantText(mutant->name), SpanText(mutant->seconds),
                    Grouped(mutant->executions), mutant->kind, mutant->scenario});
  }
  if (rows.empty()) return "";
  return absl::StrCat(
      "<details><summary>slowest to kill</summary>\n",
      Table({{"weakened point"}, {"time", true}, {"executions", true}, {"kind"}, {"killed by"}},
            rows, "point"),
      "</details>\n");
}

std::string EnginesTable(const NightReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [engine, work] : report.store.told().engines) {
    rows.push_back({engine, Grouped(work.chunks),
                    absl::StrCat(Grouped(work.executions), " ", CountedBy(engine)),
                    RateText(work.rate()), SpanText(work.seconds()), Grouped(work.lost)});
  }
  return Table({{"engine"},
                {"chunks", true},
                {"run", true},
                {"per second", true},
                {"time of workers", true},
                {"lost chunks", true}},
               rows, "engine");
}

// Of one engine.
std::string ScenariosTable(const std::vector<ScenarioWork>& all, absl::string_view engine) {
  std::vector<std::vector<std::string>> rows;
  for (const ScenarioWork& row : all) {
    if (row.unit.engine != engine) continue;
    rows.push_back({row.unit.scenario, row.unit.strategy, Grouped(row.rows),
                    Grouped(row.work.executions), RateText(row.work.rate()),
                    row.work.most_distinct == 0 ? "" : Grouped(row.work.most_distinct),
                    row.work.distinct == 0 ? "" : ShareText(row.work.distinct, row.work.executions),
                    row.violations == 0 ? "" : Grouped(row.violations)});
  }
  if (rows.empty()) return "";
  return absl::StrCat(
      "<details><summary>", engine == "explore" ? "exploration" : std::string(engine), ", ",
      Count(rows.size(), "row"), "</summary>\n",
      Table({{"scenario"},
             {"strategy"},
             {"MMUs and variants", true},
             {CountedBy(engine), true},
             {"per second", true},
             {engine == "fuzz" ? "most features in a chunk" : "most distinct in a chunk", true},
             {engine == "fuzz" ? "new" : "distinct", true},
             {"violations", true}},
            rows, "row"),
      "</details>\n");
}

}  // namespace

std::string KillsHtml(const NightReport& report) {
  if (report.store.mutants.empty()) return "";
  return absl::StrCat(
      "<section id=\"kills\">\n<h2>Weakened points</h2>\n<p>", HtmlEscaped(KillsText(report)),
      ".</p>\n", TimeToKill(report), MutantsList("Not killed", Survivors(report)),
      MutantsList("Not found by search, killed by the known token only", OnlyReplayed(report)),
      ByVariant(report), SlowestHtml(report), "</section>\n");
}

std::string WorkHtml(const NightReport& report) {
  const std::vector<ScenarioWork> all = WorkByScenario(report);
  if (report.store.told().engines.empty()) return "";
  std::string html = absl::StrCat(
      "<section id=\"work\">\n<h2>What was run</h2>\n<p class=\"faint\">Rates are of one worker. "
      "Distinct: executions whose conflicting operations came in an order that the chunk had not "
      "seen; a low share says that there is little left to see.</p>\n",
      EnginesTable(report));
  for (const char* engine : {"explore", "fuzz", "stress"}) html += ScenariosTable(all, engine);
  return html + "</section>\n";
}

std::string IncidentsHtml(const NightReport& report) {
  const uint64_t all = report.store.told().incidents;
  if (all == 0) return "";
  std::vector<std::vector<std::string>> rows;
  for (const NightIncident& incident : report.store.incidents) {
    rows.push_back({UnitText(incident.unit), absl::StrCat(incident.number), incident.text});
  }
  std::string html =
      absl::StrCat("<section id=\"incidents\">\n<h2>Incidents</h2>\n<p>",
                   all == 1 ? "1 worker did" : absl::StrCat(Grouped(all), " workers did"),
                   " not end a chunk.</p>\n",
                   Table({{"of"}, {"chunk", true}, {"the worker"}}, rows, "incident"));
  if (all > rows.size()) {
    absl::StrAppend(&html, "<p class=\"faint\">The first ", rows.size(), " are shown.</p>\n");
  }
  return html + "</section>\n";
}

}  // namespace racewalk
