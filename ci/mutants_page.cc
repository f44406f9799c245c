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
#include "ci/page_files.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

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
      PageBegin("the kill matrix", MutantsPageCss()), "<h1>The kill matrix</h1>\n<p>",
      HtmlEscaped(CountsText(report)), ".<br>", HtmlEscaped(OriginsText(report)),
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
  return absl::StrCat(html, UnitsHtml(report), "<script>\n", MutantsPageJs(),
                      "</script>\n</body>\n</html>\n");
}

}  // namespace racewalk
