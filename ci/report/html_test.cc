// Goal: the page says what there is, in the right order, and nothing in a store can break it or
// make it long. Method: reports made up by hand. That it looks right: ci/look_at_page.
#include "ci/report/html.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/report/chart.h"
#include "ci/report/sample_report.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t CountOf(absl::string_view text, absl::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != absl::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(ReportHtmlTest, TheVerdictComesFirst) {
  const std::string page = ReportHtml(CleanReport());
  EXPECT_THAT(page,
              HasSubstr("<h1 class=\"right\">Clean</h1>\n<p class=\"headline\">No violation in "
                        "4,000 executions.</p>"));
  EXPECT_THAT(page, HasSubstr("<title>Clean, "));
  EXPECT_THAT(page, Not(HasSubstr("class=\"violation\"")));
  EXPECT_THAT(page, HasSubstr("<code>kick_waits tdp owned</code>"));
  EXPECT_THAT(page, HasSubstr("<svg id=\"trend-executions\""));
  // Readers who see no pictures have the same numbers.
  EXPECT_EQ(CountOf(page, "data-name=\"executions explored\">4,000</td>"), 2u);
}

TEST(ReportHtmlTest, NewViolationsStandBeforeKnownOnesWithTimelineAndToken) {
  const std::string page = ReportHtml(HostileReport());
  EXPECT_THAT(page, HasSubstr("<h1 class=\"wrong\">Worse than before</h1>"));
  const std::size_t is_new = page.find("<section id=\"new\">");
  const std::size_t known = page.find("<section id=\"known\">");
  ASSERT_NE(is_new, std::string::npos);
  ASSERT_NE(known, std::string::npos);
  EXPECT_LT(page.find("Worse than in"), is_new);
  EXPECT_LT(is_new, known);
  EXPECT_THAT(page,
              HasSubstr("<code class=\"token\">racewalk replay &#39;a &#39;\\&#39;&#39;token"));
  EXPECT_THAT(page, HasSubstr("<summary>timeline</summary>"));
  EXPECT_THAT(page, HasSubstr("in 1 earlier night"));
}

TEST(ReportHtmlTest, NoTextOfAStoreIsMarkup) {
  const std::string page = ReportHtml(HostileReport());
  EXPECT_EQ(CountOf(page, "</script>"), 1u);
  EXPECT_EQ(CountOf(page, "<script>"), 1u);
  EXPECT_THAT(page, Not(HasSubstr("<b onload")));
  EXPECT_THAT(page, Not(HasSubstr("onload='")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;b onload=&#39;x()&#39;&gt;&amp;amp;"));
  for (const char* bad : {"\x01", "\x1b", "\xff", "\xfe"}) EXPECT_THAT(page, Not(HasSubstr(bad)));
  // Nothing is loaded from anywhere.
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* bad : {" src=", "<link", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(bad)));
}

TEST(ReportHtmlTest, AHugeNightIsAPageOfBoundedSizeThatSaysWhatItLeavesOut) {
  NightReport report = HostileReport();
  const NightViolation small = report.store.violations[0];
  report.store.violations[0].timeline.append(10'000'000, 'x');
  report.store.violations[0].token.append(130'000, 'x');
  for (int i = 0; i < 3000; ++i) {
    const std::string name = absl::StrCat("n", i);
    report.store.violations.push_back(small);
    report.store.units.push_back({Explored(name), {.executions = 1}});
    report.store.mutants.push_back({.name = {name, "tdp", "owned"}});
    report.store.incidents.push_back({Explored(name), 0, "died"});
    report.comparison->regressions.push_back({"rate-fell", name, name});
  }
  report.store.nights.back().incidents = 100'000;
  const std::string page = ReportHtml(report);
  EXPECT_LT(page.size(), 1'500'000u);
  EXPECT_EQ(CountOf(page, "<article class=\"violation\">"), kMostTimelines + 1);
  EXPECT_THAT(page, HasSubstr("And 2,981 more, seen less often"));
  EXPECT_THAT(page, HasSubstr("racewalk report --json"));
  EXPECT_THAT(page, HasSubstr("shortened; racewalk replay prints all of it"));
}

TEST(ChartTest, GapsBreakTheLineAndTheAxisBeginsAtZero) {
  const std::string svg = ChartHtml(
      {.id = "c",
       .title = "t <x>",
       .points = {
           {"01", 5, "five"}, {"02", std::nullopt, ""}, {"03", 10, "ten"}, {"04", 0, "zero"}}});
  EXPECT_THAT(svg, HasSubstr("<path d=\"M8.0 55.0M210.7 20.0L312.0 90.0\"/>"));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"t &lt;x&gt;: five on 01, zero on 04\""));
  EXPECT_EQ(CountOf(svg, "<circle"), 3u);
  EXPECT_THAT(svg, HasSubstr("most: ten"));
}

TEST(ChartTest, OneNightAndNoneAndOnlyZeros) {
  EXPECT_EQ(CountOf(ChartHtml({"c", "t", {{"01", 5, "five"}}}), "<circle"), 1u);
  EXPECT_THAT(ChartHtml({"c", "t", {{"01", std::nullopt, ""}}}), HasSubstr("no night has it"));
  EXPECT_THAT(ChartHtml({"c", "t", {{"01", 0, "0"}, {"02", 0, "0"}}}),
              HasSubstr("<path d=\"M8.0 90.0L312.0 90.0\"/>"));
}

}  // namespace
}  // namespace racewalk
