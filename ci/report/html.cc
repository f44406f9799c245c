#include "ci/report/html.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/exit_status.h"
#include "ci/page_files.h"
#include "ci/report/night_report.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/report/page_style.h"
#include "ci/report/tables_html.h"
#include "ci/report/trends_html.h"
#include "ci/report/violations_html.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

// Of the kinds of verdict, in words for a person.
absl::string_view VerdictWord(absl::string_view verdict) {
  if (verdict == "violation") return "Violation";
  if (verdict == "regression") return "Worse than before";
  if (verdict == "workers-lost") return "Workers lost";
  if (verdict == "known-violations") return "Nothing new";
  return verdict == "clean" ? "Clean" : "Nothing was run";
}

std::string HeadHtml(const NightReport& report) {
  const Night& night = report.store.told();
  const bool good = ExitStatusOf(report) == kExitClean;
  std::string html = absl::StrCat("<header>\n<h1 class=\"", good ? "right" : "wrong", "\">",
                                  VerdictWord(VerdictOf(report)), "</h1>\n<p class=\"headline\">",
                                  HtmlEscaped(Headline(report)), "</p>\n");
  std::string remarks;
  for (const std::string& remark : Remarks(report)) {
    absl::StrAppend(&remarks, "<li>", HtmlEscaped(remark), "</li>\n");
  }
  if (!remarks.empty()) absl::StrAppend(&html, "<ul class=\"remarks\">\n", remarks, "</ul>\n");
  absl::StrAppend(&html, "<p class=\"faint\">", HtmlEscaped(NightText(night)), ", racewalk ",
                  HtmlEscaped(night.version), ", ", Count(night.shards, "shard"), ", ",
                  Count(night.jobs, "job"), ", ", SpanText(night.seconds), "</p>\n</header>\n");
  return html;
}

std::string FootHtml(const NightReport& report) {
  const Night& night = report.store.told();
  return absl::StrCat("<footer class=\"faint\"><p>seed ", HtmlEscaped(night.seed), "; ",
                      HtmlEscaped(night.settings), "</p>\n<p><code>", HtmlEscaped(report.command),
                      "</code></p></footer>\n");
}

}  // namespace

std::string ReportHtml(const NightReport& report) {
  return absl::StrCat(
      PageBegin(
          absl::StrCat(VerdictWord(VerdictOf(report)), ", ", TimeText(report.store.told().started)),
          DashboardCss()),
      HeadHtml(report), WorseHtml(report), NewViolationsHtml(report), KnownViolationsHtml(report),
      KillsHtml(report), TrendsHtml(report), WorkHtml(report), IncidentsHtml(report),
      FootHtml(report), "<script>\n", MutantsPageJs(), "</script>\n</body>\n</html>\n");
}

}  // namespace racewalk
