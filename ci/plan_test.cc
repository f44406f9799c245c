#include "ci/plan.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/bugs.h"
#include "scenarios/scenario.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAny[] = "frames=2 vcpu a{write 0} host h{unmap 0}";
constexpr char kTdp[] = "tdp frames=2 vcpu a{write 0} host h{unmap 0}";

Plan Make(const CheckOptions& options) {
  absl::StatusOr<Plan> plan = MakePlan(options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : Plan{};
}

std::string Error(const CheckOptions& options) {
  const absl::StatusOr<Plan> plan = MakePlan(options);
  EXPECT_FALSE(plan.ok());
  return std::string(plan.status().message());
}

std::vector<std::string> Rows(const Plan& plan) {
  std::vector<std::string> rows;
  for (const Unit& unit : plan.units) {
    rows.push_back(unit.target.subject.mmu + " " + unit.target.subject.variant + " " +
                   unit.strategy);
  }
  return rows;
}

TEST(Plan, WordsOfOneMmuChooseIt) {
  EXPECT_THAT(Rows(Make({.scenarios = {"frames=2 vcpu a{write 0} vmm m{donate 0}"},
                         .strategies = {"random"}})),
              ElementsAre("stage2 defer_to_callback random", "stage2 lock_subtree random",
                          "stage2 rwlock random"));
  const Plan plan = Make({.scenarios = {"frames=2 vcpu a{write 0} vmm m{invalidate_roots}"}});
  for (const std::string& row : Rows(plan)) EXPECT_THAT(row, HasSubstr("tdp "));
}

TEST(Plan, EveryMmuVariantAndStrategyIsAUnit) {
  const Plan plan = Make({.scenarios = {kAny}});
  std::vector<std::string> expected;
  for (const std::string& name : ModelledMmus()) {
    for (const std::string& variant :
         DefaultVariants(name == "tdp" ? MmuChoice::kTdp : MmuChoice::kStage2)) {
      for (const char* strategy : {"random", "pct:3"}) {
        expected.push_back(absl::StrCat(name, " ", variant, " ", strategy));
      }
    }
  }
  EXPECT_THAT(Rows(plan), ElementsAreArray(expected));
  EXPECT_FALSE(plan.stop_at_first);
  EXPECT_EQ(plan.seconds, 10);
}

TEST(Plan, TheMmuAndTheVariantNarrowIt) {
  EXPECT_THAT(Rows(Make({.scenarios = {kAny},
                         .mmu = "stage2",
                         .strategies = {"random"},
                         .variants = {"rwlock", "lock_subtree"}})),
              ElementsAre("stage2 rwlock random", "stage2 lock_subtree random"));
}

TEST(Plan, VariantsAreCanonical) {
  EXPECT_THAT(
      Rows(Make(
          {.scenarios = {kTdp}, .strategies = {"random"}, .variants = {"v14+owned", "owned+v14"}})),
      ElementsAre("tdp owned+v14 random"));
}

TEST(Plan, TheSameScenarioTwiceIsOne) {
  EXPECT_EQ(Rows(Make({.scenarios = {kTdp, kTdp}})), Rows(Make({.scenarios = {kTdp}})));
}

TEST(Plan, OnlyExecutionsMeansNoTimeLimit) {
  EXPECT_EQ(Make({.scenarios = {kTdp}, .executions = 10}).seconds, std::nullopt);
  EXPECT_EQ(Make({.scenarios = {kTdp}, .executions = 10, .seconds = 2}).seconds, 2);
}

TEST(Plan, WeakenedPointsStopAtTheFirstViolation) {
  const Plan plan = Make({.scenarios = {kTdp}, .weaken = {"table_publish", "walk_follow"}});
  EXPECT_TRUE(plan.stop_at_first);
  EXPECT_EQ(plan.units[0].target.subject.weakened.count(), 2u);
}

TEST(Plan, ErrorsNameTheNearest) {
  EXPECT_THAT(Error({.scenarios = {kTdp}, .weaken = {"table_publsh"}}),
              HasSubstr("'table_publish'"));
  EXPECT_THAT(Error({.scenarios = {kTdp}, .bug = "X999"}), HasSubstr("list bugs"));
  EXPECT_THAT(Error({.scenarios = {kTdp}, .strategies = {"randm"}}), HasSubstr("random"));
  EXPECT_THAT(Error({.scenarios = {kTdp}, .variants = {"ownd"}}),
              AllOf(HasSubstr("--variant"), HasSubstr("owned")));
  EXPECT_THAT(Error({.scenarios = {"no_such_scenario_at_all"}}), HasSubstr("no_such_scenario"));
}

TEST(Plan, AScenarioThatFitsNothingSaysWhatItFits) {
  EXPECT_THAT(Error({.scenarios = {kTdp}, .mmu = "stage2"}), HasSubstr("it is for tdp (owned"));
}

TEST(Plan, WhatTheBugHasChosenIsSaidToBeTheBugs) {
  EXPECT_THAT(Error({.scenarios = {kTdp}, .bug = "A05"}),
              AllOf(HasSubstr("is not for bug A05, which is of stage2"),
                    HasSubstr("it is for tdp (owned"), Not(HasSubstr("--mmu"))));
}

// A variant that only some scenarios can be run in: huge pages are not in v14.
TEST(Plan, OfTheLibraryWhatAVariantCanRunIsRun) {
  const Plan plan = Make({.variants = {"v14"}});
  EXPECT_GT(plan.units.size(), 100u);
  for (const Unit& unit : plan.units) {
    EXPECT_THAT(unit.target.subject.variant, HasSubstr("v14"));
    EXPECT_NE(unit.target.subject.scenario.host, HostBacking::kHuge);
  }
}

// Goal: a bug needs nothing but its name.
TEST(Plan, EveryBugHasAPlan) {
  for (const Bug& bug : Bugs()) {
    SCOPED_TRACE(bug.name);
    const Plan plan = Make({.bug = bug.long_name});
    ASSERT_FALSE(plan.units.empty());
    EXPECT_TRUE(plan.stop_at_first);
    EXPECT_EQ(plan.seconds, 10);
    for (const Unit& unit : plan.units) {
      EXPECT_EQ(unit.target.bug, bug.name);
      EXPECT_EQ(unit.target.subject.mmu, bug.mmu);
      EXPECT_EQ(unit.target.subject.weakened, PointsOf(bug));
      EXPECT_EQ(unit.target.subject.scenario.name, bug.scenario);
    }
  }
}

TEST(Plan, TheWholeLibraryGetsAMinute) {
  const Plan plan = Make({});
  EXPECT_EQ(plan.seconds, 60);
  EXPECT_FALSE(plan.units.empty());
}

}  // namespace
}  // namespace racewalk
