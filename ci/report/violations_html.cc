#include "ci/report/violations_html.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

// A page opens at once: longer texts are cut, and the page says where the whole is.
constexpr std::size_t kMostToken = 4000;
constexpr std::size_t kMostTimeline = 30'000;
constexpr std::size_t kMostWorse = 60;
constexpr std::size_t kMostRows = 8;

// At most so many bytes: up to the end of a line if there is one, else of a character.
absl::string_view Beginning(absl::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::size_t line = text.rfind('\n', most);
  if (line != absl::string_view::npos && line != 0) return text.substr(0, line);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

std::string Fact(absl::string_view term, absl::string_view html) {
  return absl::StrCat("<dt>", term, "</dt><dd>", html, "</dd>\n");
}

std::string RowsText(const NightViolation& violation) {
  std::string text;
  for (std::size_t i = 0; i < violation.units.size() && i < kMostRows; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ", UnitText(violation.units[i]));
  }
  if (violation.units.size() > kMostRows) {
    absl::StrAppend(&text, "; and ", Count(violation.units.size() - kMostRows, "other row"));
  }
  return text;
}

std::string ReplayHtml(const NightViolation& violation) {
  if (violation.token.empty()) return "";
  if (violation.token.size() > kMostToken) {
    return Fact("replay", absl::StrCat("its token has ", Grouped(violation.token.size()),
                                       " bytes: <code>racewalk report --json</code> has it"));
  }
  return Fact("replay", absl::StrCat("<code class=\"token\">",
                                     HtmlEscaped(ReplayCommand(violation.token)), "</code>"));
}

std::string TimelineHtml(const NightViolation& violation, bool open) {
  if (violation.timeline.empty()) return "";
  const absl::string_view told = Beginning(violation.timeline, kMostTimeline);
  return absl::StrCat("<details", open ? " open" : "",
                      "><summary>timeline</summary><div class=\"scroll\"><pre>", HtmlEscaped(told),
                      told.size() < violation.timeline.size()
                          ? "\n... shortened; racewalk replay prints all of it"
                          : "",
                      "</pre></div></details>\n");
}

std::string ViolationHtml(const NightViolation& violation, bool open) {
  std::string html =
      absl::StrCat("<article class=\"violation\">\n<h3>", HtmlEscaped(violation.kind));
  if (!violation.invariant.empty()) {
    absl::StrAppend(&html, " <small>invariant ", HtmlEscaped(violation.invariant), "</small>");
  }
  absl::StrAppend(&html, "</h3>\n<p class=\"sentence\">", HtmlEscaped(violation.sentence),
                  "</p>\n");
  if (!violation.explanation.empty()) {
    absl::StrAppend(&html, "<p><b>Why:</b> ", HtmlEscaped(violation.explanation), "</p>\n");
  }
  html += "<dl>\n";
  html += Fact("in", HtmlEscaped(RowsText(violation)));
  if (!violation.place.empty()) {
    html += Fact("seen at", absl::StrCat("<code>", HtmlEscaped(violation.place), "</code>"));
  }
  if (!violation.other_place.empty()) {
    html += Fact("made wrong at",
                 absl::StrCat("<code>", HtmlEscaped(violation.other_place), "</code>"));
  }
  if (!violation.points.empty()) {
    html += Fact("points", absl::StrCat("<code>", HtmlEscaped(violation.points), "</code>"));
  }
  const std::string found =
      violation.is_new()
          ? absl::StrCat("first after ", SpanText(static_cast<double>(violation.seconds_to_find)))
          : absl::StrCat("in ", Count(violation.nights, "earlier night"), ", first on ",
                         TimeText(violation.first_seen));
  html += Fact("seen", absl::StrCat(Count(violation.count, "time"), ", ", found));
  return absl::StrCat(html, ReplayHtml(violation), "</dl>\n", TimelineHtml(violation, open),
                      "</article>\n");
}

// Those that are told in full, and how many are not.
std::string Articles(const NightReport& report, bool is_new) {
  std::string html;
  uint64_t all = 0;
  for (const NightViolation& violation : report.store.violations) {
    if (violation.is_new() != is_new) continue;
    if (++all <= kMostTimelines) html += ViolationHtml(violation, is_new && all == 1);
  }
  if (all > kMostTimelines) {
    absl::StrAppend(&html, "<p class=\"faint\">And ", Grouped(all - kMostTimelines),
                    " more, seen less often, which <code>racewalk report --json</code> has.</p>\n");
  }
  return html;
}

}  // namespace

std::string WorseHtml(const NightReport& report) {
  if (!report.comparison || report.comparison->regressions.empty()) return "";
  const std::vector<Regression>& all = report.comparison->regressions;
  std::string html =
      absl::StrCat("<h2>Worse than in ", HtmlEscaped(NightText(report.comparison->baseline)),
                   "</h2>\n<ul class=\"worse\">\n");
  for (std::size_t i = 0; i < all.size() && i < kMostWorse; ++i) {
    absl::StrAppend(&html, "<li>", HtmlEscaped(Beginning(all[i].what, kMostToken)));
    // A violation has its command further down.
    if (all[i].kind != "new-violation") {
      absl::StrAppend(&html, "<br><span class=\"faint\">look: <code>",
                      HtmlEscaped(Beginning(all[i].look, kMostToken)), "</code></span>");
    }
    html += "</li>\n";
  }
  html += "</ul>\n";
  if (all.size() > kMostWorse) {
    absl::StrAppend(&html, "<p class=\"faint\">And ", Grouped(all.size() - kMostWorse),
                    " more, which <code>racewalk report --json</code> has.</p>\n");
  }
  return html;
}

std::string NewViolationsHtml(const NightReport& report) {
  const std::string articles = Articles(report, true);
  if (articles.empty()) return "";
  const bool first_night = report.store.nights.size() == 1 && report.store.nights_left_out == 0;
  return absl::StrCat("<section id=\"new\">\n<h2>",
                      first_night ? "Violations" : "Violations that no earlier night saw",
                      "</h2>\n", articles, "</section>\n");
}

std::string KnownViolationsHtml(const NightReport& report) {
  const std::string articles = Articles(report, false);
  if (articles.empty()) return "";
  return absl::StrCat("<section id=\"known\">\n<h2>Known violations</h2>\n", articles,
                      "</section>\n");
}

}  // namespace racewalk
