// Goal: the verdict is that of what was found, and the first line says it. Method: reports made up
// by hand.
#include "ci/report/night_report.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/report/html.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/report/sample_report.h"
#include "ci/report/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

NightReport WithViolation() {
  NightReport report = CleanReport();
  report.store.nights.back().violations = 1;
  report.store.violations.push_back({.name = "class",
                                     .unit = Explored("fault_vs_fault"),
                                     .kind = "leak",
                                     .sentence = "a page was lost.",
                                     .token = "a token",
                                     .count = 1,
                                     .nights = 1,
                                     .units = {Explored("fault_vs_fault")}});
  return report;
}

TEST(NightReportTest, ANightWithoutViolationsIsClean) {
  const NightReport report = CleanReport();
  EXPECT_EQ(VerdictOf(report), "clean");
  EXPECT_EQ(ExitStatusOf(report), kExitClean);
  EXPECT_EQ(Headline(report), "No violation in 4,000 executions.");
  EXPECT_THAT(Remarks(report), IsEmpty());
  EXPECT_THAT(ReportText(report), AllOf(StartsWith("CLEAN: No violation in 4,000 executions.\n"),
                                        HasSubstr("not killed: kick_waits tdp owned"),
                                        HasSubstr("1 of 2 weakened points killed (50.0 %)")));
}

TEST(NightReportTest, AnyViolationIsStatusOneUnlessNightsAreCompared) {
  NightReport report = WithViolation();
  EXPECT_EQ(VerdictOf(report), "violation");
  EXPECT_EQ(ExitStatusOf(report), kExitViolation);
  EXPECT_EQ(Headline(report), "1 class of violations, known from before, in 4,000 executions.");
  report.comparison = Comparison{.baseline = report.store.nights[0]};
  EXPECT_EQ(VerdictOf(report), "known-violations");
  EXPECT_EQ(ExitStatusOf(report), kExitClean);
  EXPECT_THAT(Headline(report), HasSubstr("Nothing got worse since"));
  report.comparison->regressions.push_back({"rate-fell", "what", "look"});
  EXPECT_EQ(VerdictOf(report), "regression");
  EXPECT_EQ(ExitStatusOf(report), kExitViolation);
  EXPECT_THAT(Headline(report), HasSubstr("One thing got worse since"));
}

TEST(NightReportTest, ANightInWhichNothingRanClaimsNothing) {
  NightReport report = CleanReport();
  report.store.nights.back().engines.clear();
  EXPECT_EQ(VerdictOf(report), "nothing-run");
  EXPECT_EQ(ExitStatusOf(report), kExitBudgetEnded);
  report.store.nights.back().engines["mutants"].executions = 5;
  EXPECT_EQ(ExitStatusOf(report), kExitClean);
  // Those executions are no claim about the MMU as it is.
  EXPECT_EQ(Headline(report),
            "Nothing but mutants was run: 1 of 2 weakened points killed (50.0 %).");
}

TEST(NightReportTest, ANightWhoseWorkersDiedIsNotClean) {
  NightReport report = CleanReport();
  Night& night = report.store.nights.back();
  night.incidents = 2;
  EXPECT_EQ(VerdictOf(report), "workers-lost");
  EXPECT_EQ(ExitStatusOf(report), kExitInternalError);
  EXPECT_EQ(Headline(report),
            "No violation in 4,000 executions. 2 workers died, hung or took too much memory: see "
            "incidents.");
  // Against whatever other night; but what got worse comes first.
  report.comparison = Comparison{.baseline = report.store.nights[0]};
  EXPECT_EQ(ExitStatusOf(report), kExitInternalError);
  report.comparison->regressions.push_back({"rate-fell", "what", "look"});
  EXPECT_EQ(ExitStatusOf(report), kExitViolation);
  report.comparison.reset();
  // Chunks without a row that says how.
  night.incidents = 0;
  night.engines["explore"].lost = 1;
  EXPECT_EQ(ExitStatusOf(report), kExitInternalError);
  EXPECT_THAT(Headline(report), HasSubstr("1 worker died"));
  // All of them.
  night.engines["explore"].executions = 0;
  EXPECT_EQ(VerdictOf(report), "workers-lost");
  EXPECT_THAT(Headline(report), AllOf(HasSubstr("Nothing was run"), HasSubstr("1 worker died")));
  NightReport violated = WithViolation();
  violated.store.nights.back().incidents = 1;
  EXPECT_EQ(VerdictOf(violated), "violation");
  EXPECT_EQ(ExitStatusOf(violated), kExitViolation);
}

TEST(NightReportTest, TheFirstLineSaysThatShardsAreMissing) {
  NightReport report = CleanReport();
  report.store.nights.back().shards = 4;
  EXPECT_EQ(Headline(report),
            "No violation in 4,000 executions. Not all of the night is here: 1 of 4 shards ended, "
            "3 not merged into this store.");
  report.store.nights.back().shards = 1;
  report.store.nights.back().shards_done = 0;
  EXPECT_THAT(Headline(report), HasSubstr("the campaign has not ended"));
}

TEST(NightReportTest, RemarksSayWhatAReaderMustNotMiss) {
  NightReport report = CleanReport();
  Night& night = report.store.nights.back();
  night.version = "0.2.0";
  report.comparison = Comparison{.baseline = report.store.nights[0],
                                 .other_version = true,
                                 .other_settings = true,
                                 .mutants_not_run = 3};
  EXPECT_THAT(Remarks(report),
              ElementsAre(HasSubstr("racewalk 0.1.0 abc"), HasSubstr("0.1.0 abc there, 0.2.0 here"),
                          HasSubstr("other settings"), HasSubstr("3 weakened points"),
                          HasSubstr("No rate could be compared")));
}

TEST(NightReportTest, RowsAreNamedByWhatTheyHave) {
  UnitName unit = Explored("s", "tdp", "pct:3");
  EXPECT_EQ(UnitText(unit), "s tdp owned pct:3");
  unit.weaken = "kick_waits";
  EXPECT_EQ(UnitText(unit), "s tdp owned pct:3 weaken=kick_waits");
  EXPECT_EQ(UnitText({.engine = "stress", .scenario = "s", .mmu = "tdp"}), "stress s tdp");
  EXPECT_EQ(UnitText({.engine = "mutants", .mmu = "tdp", .variant = "owned", .weaken = "p"}),
            "mutants p tdp owned");
}

TEST(NightReportTest, SpansRatesAndShares) {
  EXPECT_EQ(SpanText(5), "5 s");
  EXPECT_EQ(SpanText(3599), "1 h 0 min");
  EXPECT_EQ(SpanText(100), "2 min");
  EXPECT_EQ(RateText(std::nullopt), "-");
  EXPECT_EQ(RateText(12.34), "12.3");
  EXPECT_EQ(RateText(94'177.4), "94,177");
  EXPECT_EQ(ShareText(0, 0), "-");
  // Never all of what is not all.
  EXPECT_EQ(ShareText(9999, 10000), "99.9 %");
  EXPECT_EQ(ShareText(2, 2), "100.0 %");
  EXPECT_EQ(IsoTimeText(0), "1970-01-01T00:00:00Z");
}

TEST(NightReportTest, RowsOfAScenarioAreSummedAndSlowKillsComeFirst) {
  NightReport report = WithViolation();
  report.store.mutants.push_back(
      {.name = {"slow", "tdp", "owned"}, .killed = true, .searches_killed = 1, .seconds = 9});
  // A replay takes no time worth telling.
  report.store.mutants.push_back(
      {.name = {"replayed", "tdp", "owned"}, .killed = true, .replayed = true, .seconds = 99});
  const std::vector<ScenarioWork> rows = WorkByScenario(report);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].rows, 2u);
  EXPECT_EQ(rows[0].work.executions, 4000u);
  EXPECT_EQ(rows[0].violations, 1u);
  const std::vector<const NightMutant*> slowest = SlowestKills(report, 1);
  ASSERT_EQ(slowest.size(), 1u);
  EXPECT_EQ(slowest[0]->name.point, "slow");
}

TEST(NightReportTest, AMutantThatOnlyItsKnownTokenKillsIsTold) {
  NightReport report = CleanReport();
  report.store.mutants.push_back({.name = {"missed", "tdp", "owned"},
                                  .killed = true,
                                  .replayed = true,
                                  .searches = 3,
                                  .executions = 900});
  EXPECT_EQ(KillsText(report),
            "1 of 2 weakened points killed (50.0 %), 1 of them only by the known token: no search "
            "of this night found it");
  EXPECT_THAT(ReportText(report), HasSubstr("not found by 3 searches: missed tdp owned, in 900 "
                                            "executions; its known token shows it\n"));
  EXPECT_THAT(ReportHtml(report), HasSubstr("Not found by search"));
}

TEST(NightReportTest, TextStaysShortAndCleanWhateverTheStoreHolds) {
  NightReport report = HostileReport();
  for (int i = 0; i < 5000; ++i) {
    report.store.violations.push_back(report.store.violations[0]);
    report.comparison->regressions.push_back(report.comparison->regressions[0]);
    report.store.mutants.push_back(report.store.mutants[0]);
    report.store.incidents.push_back(report.store.incidents[0]);
  }
  const std::string text = ReportText(report);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 150);
  EXPECT_THAT(text, HasSubstr("and 4,991 more classes"));
  for (const char* bad : {"\x1b", "\x01", "\xff"}) EXPECT_THAT(text, Not(HasSubstr(bad)));
}

}  // namespace
}  // namespace racewalk
