#include "ci/exploration.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/fake_explorer.h"
#include "ci/plan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::vector<Unit> Units(int count) {
  std::vector<Unit> units;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<Scenario> scenario =
        ParseScenario("tdp vcpu a{write 0} vcpu b{write 0}", absl::StrCat("toy", i));
    EXPECT_TRUE(scenario.ok()) << scenario.status();
    Unit unit{.strategy = i % 2 == 0 ? "random" : "pct:3"};
    if (scenario.ok()) unit.target.subject.scenario = *scenario;
    units.push_back(unit);
  }
  return units;
}

ExplorationResult ExploreFake(const std::vector<Unit>& units, const ExplorationOptions& options,
                              const FakeBehaviour& behaviour, const ExplorationHooks& hooks = {}) {
  absl::StatusOr<ExplorationResult> result = Explore(units, options, FakeFactory(behaviour), hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : ExplorationResult{};
}

TEST(Exploration, RunsExactlyTheExecutionsAskedFor) {
  const ExplorationResult result = ExploreFake(Units(3), {.jobs = 2, .executions = 2000}, {});
  EXPECT_TRUE(result.input.ok()) << result.input;
  EXPECT_THAT(result.internal_errors, ::testing::IsEmpty());
  ASSERT_EQ(result.units.size(), 3u);
  for (const UnitResult& unit : result.units) {
    EXPECT_EQ(unit.executions, 2000u);
    EXPECT_EQ(unit.distinct, 2u);  // who comes first
    EXPECT_TRUE(unit.distinct_exact);
    EXPECT_FALSE(unit.violated);
  }
  EXPECT_EQ(result.units[0].bound, "");
  EXPECT_NE(result.units[1].bound, "");
}

TEST(Exploration, KeepsItsBudget) {
  const ExplorationResult result =
      ExploreFake(Units(4), {.jobs = 2, .budget = milliseconds(600)}, {.extra_steps = 2});
  for (const UnitResult& unit : result.units) EXPECT_GT(unit.executions, 0u);
}

// Goal: one class of violations is told once, and every unit that shows it is counted.
TEST(Exploration, ViolationsEndTheirUnitAndAreDeduplicated) {
  int told = 0;
  ExplorationHooks hooks;
  hooks.found = [&](Finding& finding) {
    ++told;
    EXPECT_THAT(finding.sentence, HasSubstr("lost an update of"));
    EXPECT_THAT(finding.timeline, HasSubstr("== add 0 by a =="));
    EXPECT_THAT(finding.token, HasSubstr("/seed="));
  };
  const ExplorationResult result =
      ExploreFake(Units(3), {.jobs = 2, .executions = 100'000}, {.always_weak = true}, hooks);
  EXPECT_EQ(told, 1);
  ASSERT_EQ(result.found.size(), 1u);
  EXPECT_EQ(result.found[0].units, 3u);
  for (const UnitResult& unit : result.units) {
    EXPECT_TRUE(unit.violated);
    EXPECT_LT(unit.executions, 100'000u);
  }
}

TEST(Exploration, StopAtFirstEndsTheRun) {
  const ExplorationResult result = ExploreFake(
      Units(8), {.jobs = 1, .executions = 1000, .stop_at_first = true}, {.always_weak = true});
  ASSERT_EQ(result.found.size(), 1u);
  EXPECT_EQ(result.found[0].units, 1u);
}

TEST(Exploration, TheSameSeedFindsTheSame) {
  std::string tokens[2];
  for (std::string& token : tokens) {
    const ExplorationResult result =
        ExploreFake(Units(1), {.jobs = 1, .seed = 5, .executions = 1000}, {.always_weak = true});
    ASSERT_EQ(result.found.size(), 1u);
    token = result.found[0].finding.token;
  }
  EXPECT_EQ(tokens[0], tokens[1]);
}

// Goal: a crash names its chunk, and the results of the others are kept.
TEST(Exploration, ACrashIsAnInternalErrorThatNamesTheChunk) {
  const ExplorationResult result =
      ExploreFake(Units(2), {.jobs = 1, .executions = 2000}, {.crash_at = 1200});
  ASSERT_EQ(result.internal_errors.size(), 2u);
  EXPECT_THAT(result.internal_errors[0], HasSubstr("toy"));
  EXPECT_THAT(result.internal_errors[0], HasSubstr("executions 500 to 1999"));
  EXPECT_THAT(result.internal_errors[0], HasSubstr("signal 6"));
  for (const UnitResult& unit : result.units) EXPECT_EQ(unit.executions, 500u);
}

TEST(Exploration, AHangIsAnInternalError) {
  ExplorationOptions options{.jobs = 1, .executions = 1000, .chunk_limit = milliseconds(300)};
  const ExplorationResult result = ExploreFake(Units(1), options, {.hang_at = 10});
  ASSERT_EQ(result.internal_errors.size(), 1u);
  EXPECT_THAT(result.internal_errors[0], HasSubstr("gave no answer"));
}

TEST(Exploration, NondeterminismIsAnInternalErrorThatNamesTheStep) {
  const ExplorationResult result =
      ExploreFake(Units(1), {.jobs = 1, .executions = 1000}, {.nondeterministic = true});
  ASSERT_EQ(result.internal_errors.size(), 1u);
  EXPECT_THAT(result.internal_errors[0], HasSubstr("came out differently: step 0"));
}

TEST(Exploration, NothingToRaceIsBadInput) {
  const ExplorationResult result = ExploreFake(
      Units(2), {.jobs = 2, .budget = std::chrono::seconds(20)}, {.nothing_to_race = true});
  EXPECT_TRUE(absl::IsInvalidArgument(result.input)) << result.input;
  EXPECT_THAT(std::string(result.input.message()), HasSubstr("nothing to race"));
}

TEST(Exploration, ASubjectThatIsRefusedIsBadInput) {
  const ExplorationResult result = ExploreFake(Units(1), {.jobs = 1}, {.bad_subject = true});
  EXPECT_TRUE(absl::IsInvalidArgument(result.input));
  EXPECT_THAT(std::string(result.input.message()), HasSubstr("it does not fit"));
}

TEST(Exploration, AnInterruptKeepsWhatIsThere) {
  ExplorationHooks hooks;
  uint64_t executions = 0;
  hooks.progress = [&](const ExplorationProgress& now) { executions = now.executions; };
  hooks.interrupted = [&] { return executions > 0; };
  const ExplorationResult result = ExploreFake(Units(1), {.jobs = 2}, {}, hooks);
  EXPECT_TRUE(result.interrupted);
  EXPECT_GT(result.units[0].executions, 0u);
}

TEST(Exploration, TheTimeLimitEndsEvenAHang) {
  ExplorationOptions options{.jobs = 1, .time_limit = milliseconds(300)};
  const ExplorationResult result = ExploreFake(Units(1), options, {.hang_at = 0});
  EXPECT_TRUE(result.time_limit_hit);
  EXPECT_EQ(result.units[0].executions, 0u);
}

TEST(ProgressText, HasWhatOneWaitsFor) {
  EXPECT_EQ(ProgressText({.executions = 3000, .seconds = 2, .seconds_left = 7.2}),
            "3,000 executions, 1,500/s, no violation, 8 s left");
  EXPECT_EQ(ProgressText({.executions = 10, .violations = 2, .seconds = 1}),
            "10 executions, 10/s, 2 violations");
}

}  // namespace
}  // namespace racewalk
