#include "ci/summary.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ci/check_report.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CheckReport Report(int units) {
  CheckReport report;
  report.parameters = "racewalk 1: seed=7";
  for (int i = 0; i < units; ++i) {
    Unit unit{.strategy = "random"};
    unit.target.subject.scenario.name = absl::StrCat("toy", i);
    report.plan.units.push_back(unit);
    report.result.units.push_back(
        {.executions = 1000 * static_cast<uint64_t>(i + 1), .distinct = 12, .seconds = 0.5});
  }
  return report;
}

FoundClass Found(ViolationKind kind) {
  FoundClass found{.units = 1};
  found.finding.kind = kind;
  found.finding.token = "TOKEN";
  return found;
}

TEST(Summary, HasARowForEachUnitAndEndsWithTheVerdict) {
  const std::string text = FormatSummary(Report(2));
  EXPECT_THAT(text, AllOf(HasSubstr("toy0"), HasSubstr("toy1"), HasSubstr("2,000"),
                          HasSubstr("least explored row, toy0")));
  EXPECT_THAT(text, ::testing::EndsWith("verdict: clean (sampled); racewalk 1: seed=7\n"));
}

TEST(Summary, AnEstimateIsMarked) {
  CheckReport report = Report(1);
  EXPECT_THAT(FormatSummary(report), Not(HasSubstr("~")));
  report.result.units[0].distinct_exact = false;
  EXPECT_THAT(FormatSummary(report), HasSubstr("~12"));
}

TEST(Summary, ABoundIsSaidOnce) {
  CheckReport report = Report(3);
  for (UnitResult& unit : report.result.units) unit.bound = "P >= 1/4";
  EXPECT_THAT(FormatSummary(report), HasSubstr("P >= 1/4 (3 rows)\n"));
}

TEST(Summary, WhatWasFoundIsListedWithItsToken) {
  CheckReport report = Report(2);
  report.result.found.push_back(Found(ViolationKind::kLeak));
  report.traces.emplace_back("dir/file.trace");
  EXPECT_THAT(FormatSummary(report),
              AllOf(HasSubstr("found: leak"), HasSubstr("racewalk replay TOKEN"),
                    HasSubstr("racewalk replay dir/file.trace")));
}

TEST(CheckReport, TheExitStatusIsThatOfTheWorst) {
  CheckReport report = Report(2);
  EXPECT_EQ(ExitStatusOf(report), kExitClean);
  report.result.units[1].executions = 0;
  EXPECT_EQ(ExitStatusOf(report), kExitBudgetEnded);
  report.result.found.push_back(Found(ViolationKind::kLeak));
  EXPECT_EQ(ExitStatusOf(report), kExitViolation);
  report.result.interrupted = true;
  EXPECT_EQ(ExitStatusOf(report), kExitInterrupted);
  report.result.input = absl::InvalidArgumentError("x");
  EXPECT_EQ(ExitStatusOf(report), kExitBadInput);
  report.result.internal_errors.emplace_back("x");
  EXPECT_EQ(ExitStatusOf(report), kExitInternalError);
}

TEST(CheckReport, AnEnumerationThatEstablishedNothingIsNoPass) {
  CheckReport report = Report(2);
  for (Unit& unit : report.plan.units) unit.enumerates = true;
  report.result.units[0].claim = "exhausted";
  report.result.units[1].done = 0.125;
  EXPECT_EQ(ExitStatusOf(report), kExitBudgetEnded);
  EXPECT_EQ(LabelOf(report, 0), "exhausted");
  EXPECT_EQ(LabelOf(report, 1), "sampled");
  EXPECT_EQ(LabelOf(report), "sampled");
  EXPECT_THAT(FormatSummary(report), AllOf(HasSubstr("not finished, some 12 % of it was run"),
                                           Not(HasSubstr("missed with probability"))));
  // All of it was run, but not all of it was offered.
  report.result.units[1].done = 1;
  report.result.units[1].cut = 3;
  EXPECT_EQ(ExitStatusOf(report), kExitBudgetEnded);
  EXPECT_THAT(FormatSummary(report), HasSubstr("fairness cut 3 executions short"));
  report.result.units[1].claim = "bounded(10)";
  EXPECT_EQ(ExitStatusOf(report), kExitClean);
  EXPECT_EQ(LabelOf(report), "bounded(10)");
  report.result.units[0].claim = "bounded(9)";
  EXPECT_EQ(LabelOf(report), "bounded(9)");
}

}  // namespace
}  // namespace racewalk
