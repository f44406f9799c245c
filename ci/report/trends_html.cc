#include "ci/report/trends_html.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/report/chart.h"
#include "ci/report/night_report.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

// A number of each night.
struct Trend {
  const char* id;
  const char* title;
  std::function<std::optional<double>(const Night&)> value;
  std::function<std::string(const Night&)> text;
};

NightWork WorkOf(const Night& night, const char* engine) {
  const auto found = night.engines.find(engine);
  return found == night.engines.end() ? NightWork{} : found->second;
}

std::optional<double> Known(uint64_t number, uint64_t chunks) {
  if (chunks == 0) return std::nullopt;
  return static_cast<double>(number);
}

std::vector<Trend> Trends() {
  return {
      {"trend-executions", "executions explored",
       [](const Night& night) {
         const NightWork work = WorkOf(night, "explore");
         return Known(work.executions, work.chunks);
       },
       [](const Night& night) { return Grouped(WorkOf(night, "explore").executions); }},
      {"trend-rate", "executions a second of a worker",
       [](const Night& night) { return WorkOf(night, "explore").rate(); },
       [](const Night& night) { return RateText(WorkOf(night, "explore").rate()); }},
      {"trend-features", "new features of the fuzzer",
       [](const Night& night) {
         const NightWork work = WorkOf(night, "fuzz");
         return Known(work.distinct, work.chunks);
       },
       [](const Night& night) { return Grouped(WorkOf(night, "fuzz").distinct); }},
      {"trend-rounds", "rounds on real threads",
       [](const Night& night) {
         const NightWork work = WorkOf(night, "stress");
         return Known(work.executions, work.chunks);
       },
       [](const Night& night) { return Grouped(WorkOf(night, "stress").executions); }},
      {"trend-kills", "share of weakened points killed",
       [](const Night& night) -> std::optional<double> {
         if (night.mutants == 0) return std::nullopt;
         return static_cast<double>(night.mutants_killed) / static_cast<double>(night.mutants);
       },
       [](const Night& night) { return ShareText(night.mutants_killed, night.mutants); }},
      {"trend-violations", "classes of violations",
       [](const Night& night) -> std::optional<double> {
         return static_cast<double>(night.violations);
       },
       [](const Night& night) { return Grouped(night.violations); }},
  };
}

std::string NightRow(const Night& night, const std::vector<Trend>& trends) {
  std::string html = absl::StrCat("<tr><th scope=\"row\">", TimeText(night.started), "</th>");
  for (const Trend& trend : trends) {
    absl::StrAppend(&html, "<td class=\"n\" data-name=\"", trend.title, "\">",
                    trend.value(night) ? HtmlEscaped(trend.text(night)) : "-", "</td>");
  }
  return absl::StrCat(html, "<td class=\"n\" data-name=\"new violations\">",
                      Grouped(night.new_violations), "</td><td data-name=\"racewalk\">",
                      HtmlEscaped(night.version), night.complete() ? "" : " (not ended)",
                      "</td></tr>\n");
}

}  // namespace

std::string TrendsHtml(const NightReport& report) {
  const std::vector<Night>& nights = report.store.nights;
  const std::vector<Trend> trends = Trends();
  std::string html = "<section id=\"trends\">\n<h2>Over the nights</h2>\n<div class=\"charts\">\n";
  std::string heads;
  for (const Trend& trend : trends) {
    Chart chart{.id = trend.id, .title = trend.title};
    for (const Night& night : nights) {
      chart.points.push_back({DayText(night.started), trend.value(night), trend.text(night)});
    }
    html += ChartHtml(chart);
    absl::StrAppend(&heads, "<th scope=\"col\" class=\"n\">", trend.title, "</th>");
  }
  html += "</div>\n";
  if (report.store.nights_left_out > 0) {
    absl::StrAppend(&html, "<p class=\"faint\">",
                    Count(report.store.nights_left_out, "older night"), " left out.</p>\n");
  }
  absl::StrAppend(&html,
                  "<details><summary>the same as a table</summary>\n<div class=\"scroll\"><table "
                  "class=\"rows\"><thead><tr><th scope=\"col\">night</th>",
                  heads,
                  "<th scope=\"col\" class=\"n\">new violations</th><th scope=\"col\">racewalk</th>"
                  "</tr></thead>\n<tbody>\n");
  for (auto night = nights.rbegin(); night != nights.rend(); ++night) {
    html += NightRow(*night, trends);
  }
  return html + "</tbody></table></div></details>\n</section>\n";
}

}  // namespace racewalk
