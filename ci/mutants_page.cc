#include "ci/mutants_page.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

constexpr absl::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>racewalk: the kill matrix</title>
<style>
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --faint: #59636e; --line: #d1d9e0;
  --good: #dafbe1; --some: #fff3c4; --bad: #ffdcd7; }
@media (prefers-color-scheme: dark) { :root { --back: #14181d; --text: #e6edf3; --faint: #9aa5b1;
  --line: #39424d; --good: #12361f; --some: #453a10; --bad: #5a1d1a; } }
body { margin: 0 auto; padding: 1rem; max-width: 80rem; background: var(--back); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.faint { color: var(--faint); } .scroll { overflow-x: auto; border: 1px solid var(--line); }
table { border-collapse: collapse; font-size: .85rem; }
th, td { padding: .2rem .5rem; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: .8rem ui-monospace, monospace; overflow-wrap: anywhere; }
code.token { user-select: all; -webkit-user-select: all; }
.killed { background: var(--good); } .partly { background: var(--some); }
.survived, .unfinished, .not-run { background: var(--bad); }
.matrix { max-height: 80vh; overflow: auto; }
.matrix th.s { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: normal; }
.matrix thead th { position: sticky; top: 0; background: var(--back); vertical-align: bottom; }
.matrix thead th:first-child { left: 0; z-index: 1; }
.matrix tbody th { position: sticky; left: 0; background: var(--back); font-weight: normal; }
.matrix td { text-align: center; border-right: 1px solid var(--line); }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; } summary { cursor: pointer; }
@media (max-width: 40rem) { body { padding: .6rem; font-size: 14px; }
  .units thead { display: none; } .units tr { display: block; padding: .4rem 0; }
  .units td { display: block; border: 0; text-align: left; padding: .1rem .3rem; }
  .units td[data-name]::before { content: attr(data-name) " "; color: var(--faint); } }
</style>
</head>
<body>
)";

// A button for each token, where scripts run; without them a tap selects it.
constexpr absl::string_view kTail = R"(<script>
for (const code of document.querySelectorAll('code.token')) {
  const button = document.createElement('button');
  button.textContent = 'copy';
  button.onclick = () => navigator.clipboard?.writeText(code.textContent);
  code.after(' ', button);
}
</script>
</body>
</html>
)";

const char* ClassOf(const MutantState& state) {
  if (state.result.killed() && !state.result.killed_by_all()) return "partly";
  return OutcomeOf(state);
}

std::string Text(absl::string_view text) { return text.empty() ? "-" : HtmlEscaped(text); }

// What a scenario was the first to kill of a point.
struct Cell {
  std::size_t units = 0;
  std::string title{};
};
// By scenario and then by point.
using Matrix = std::map<std::string, std::map<std::string, Cell>>;

std::vector<std::string> PointsOf(const MutantsReport& report) {
  std::vector<std::string> points;
  for (const MutantState& state : report.states) {
    if (points.empty() || points.back() != state.unit.point) points.push_back(state.unit.point);
  }
  return points;
}

std::string MatrixHtml(const MutantsReport& report) {
  Matrix matrix;
  std::map<std::string, std::size_t> alive;
  for (const MutantState& state : report.states) {
    if (state.result.killed()) {
      Cell& cell = matrix[state.result.scenario][state.unit.point];
      absl::StrAppend(&cell.title, cell.units++ == 0 ? "" : "\n", state.unit.mmu, " ",
                      state.unit.variant, ": ", state.result.kind, ", executions ",
                      ExecutionsText(state.result), ", seconds ", SecondsText(state.result));
    } else {
      ++alive[state.unit.point];
    }
  }
  std::string html =
      "<h2>Points by scenarios</h2>\n<p class=\"faint\">How many of the point's units the scenario "
      "was the first to kill. The point leads to them.</p>\n<div class=\"scroll matrix\"><table>"
      "<thead><tr><th>point</th><th class=\"s\">alive</th>";
  for (const auto& [scenario, points] : matrix) {
    absl::StrAppend(&html, "<th class=\"s\">", HtmlEscaped(scenario), "</th>");
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::string& point : PointsOf(report)) {
    const std::string name = HtmlEscaped(point);
    absl::StrAppend(&html, "<tr><th><a href=\"#", name, "\">", name, "</a></th>");
    const std::size_t left = alive[point];
    absl::StrAppend(&html, left == 0 ? "<td>" : "<td class=\"survived\">",
                    left == 0 ? "" : absl::StrCat(left), "</td>");
    for (const auto& [scenario, points] : matrix) {
      const auto killed = points.find(point);
      absl::StrAppend(&html, killed == points.end()
                                 ? "<td></td>"
                                 : absl::StrCat("<td class=\"killed\" title=\"",
                                                HtmlEscaped(killed->second.title), "\">",
                                                killed->second.units, "</td>"));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string UnitRow(const MutantState& state) {
  const MutantResult& result = state.result;
  return absl::StrCat(
      "<tr class=\"", ClassOf(state), "\"><td>", Text(state.unit.mmu), "</td><td>",
      Text(state.unit.variant), "</td><td>", result.killed() ? Text(result.kind) : OutcomeOf(state),
      "</td><td>", Text(result.invariant), "</td><td>", Text(result.scenario),
      "</td><td class=\"n\" data-name=\"executions\">", Text(ExecutionsText(result)),
      "</td><td class=\"n\" data-name=\"seconds\">", Text(SecondsText(result)), "</td><td>",
      result.killed() ? absl::StrCat("<code class=\"token\">", Text(result.token), "</code>")
                      : Text(state.explanation),
      "</td></tr>\n");
}

std::string UnitsHtml(const MutantsReport& report) {
  std::string html = "<h2>Units</h2>\n";
  for (const std::string& point : PointsOf(report)) {
    std::string rows;
    std::size_t units = 0;
    std::size_t killed = 0;
    for (const MutantState& state : report.states) {
      if (state.unit.point != point) continue;
      ++units;
      killed += state.result.killed() ? 1 : 0;
      rows += UnitRow(state);
    }
    const std::string name = HtmlEscaped(point);
    absl::StrAppend(&html, "<details", killed == units ? "" : " open", "><summary><code>", name,
                    "</code> ", killed, " of ", Count(units, "unit"),
                    " killed</summary>\n<div class=\"scroll\" id=\"", name,
                    "\"><table class=\"units\"><thead><tr>"
                    "<th>MMU</th><th>variant</th><th>kind</th><th>invariant</th><th>scenario</th>"
                    "<th>executions</th><th>seconds</th><th>token for <code>racewalk replay</code>"
                    "</th></tr></thead>\n<tbody>\n",
                    rows, "</tbody></table></div></details>\n");
  }
  return html;
}

std::string SurvivorsHtml(const MutantsReport& report) {
  std::string html;
  for (const MutantState* state : WorstFirst(report)) {
    if (state->result.killed()) continue;
    absl::StrAppend(&html, "<li class=\"", OutcomeOf(*state), "\"><code>",
                    HtmlEscaped(MutantName(state->unit)), "</code>: ", OutcomeOf(*state),
                    state->explanation.empty() ? "" : ", explained: ",
                    HtmlEscaped(state->explanation), "</li>\n");
  }
  return html.empty() ? "" : absl::StrCat("<h2>Not killed</h2>\n<ul>\n", html, "</ul>\n");
}

}  // namespace

std::string MutantsHtml(const MutantsReport& report) {
  std::string html = absl::StrCat(
      kHead, "<h1>The kill matrix</h1>\n<p>", HtmlEscaped(CountsText(report)), ".<br>",
      HtmlEscaped(OriginsText(report)),
      ".<br>A unit is a protocol point, an MMU and a variant that needs it.</p>\n",
      "<p class=\"faint\"><code>", HtmlEscaped(report.command), "</code><br>",
      HtmlEscaped(report.parameters), "</p>\n", SurvivorsHtml(report), MatrixHtml(report));
  if (!report.without_units.empty()) {
    html += "<h2>Judged nowhere</h2>\n<ul>\n";
    for (const PointWithoutUnits& point : report.without_units) {
      absl::StrAppend(&html, "<li><code>", HtmlEscaped(point.point),
                      "</code>: ", HtmlEscaped(point.why), "</li>\n");
    }
    html += "</ul>\n";
  }
  return absl::StrCat(html, UnitsHtml(report), kTail);
}

}  // namespace racewalk
