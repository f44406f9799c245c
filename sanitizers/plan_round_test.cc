// Goal: a round is fixed by its seed and number, is a valid scenario, and has
// the scenario's own operations. Method: every row of the library, many rounds.
#include "sanitizers/plan_round.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"
#include "scenarios/validate.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::IsSubsetOf;
using ::testing::Le;

constexpr uint64_t kRounds = 40;

RoundPlan Plan(const Scenario& scenario, uint64_t number, uint64_t seed = 1,
               const StressLimits& limits = {}) {
  absl::StatusOr<RoundPlan> plan = PlanRound(scenario, "tdp", "owned", seed, number, limits);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : RoundPlan{};
}

Scenario Parse(const std::string& text) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, "");
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *scenario;
}

std::string All(const RoundPlan& plan) {
  return PrintScenario(plan.scenario) + RoundText(plan) + std::to_string(plan.seed);
}

void Append(const std::vector<Operation>& operations, std::vector<std::string>& texts) {
  for (const Operation& operation : operations) {
    if (operation.verb != Verb::kRepeat) texts.push_back(PrintOperation(operation));
    for (uint32_t i = 0; operation.verb == Verb::kRepeat && i < operation.number; ++i) {
      Append(operation.body, texts);
    }
  }
}

std::vector<std::string> Sorted(const std::vector<Operation>& operations) {
  std::vector<std::string> texts;
  Append(operations, texts);
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> InOrder(const std::vector<Operation>& operations) {
  std::vector<std::string> texts;
  Append(operations, texts);
  return texts;
}

TEST(PlanRound, IsFixedBySeedAndNumber) {
  const Scenario& scenario = *FindScenario("fault_vs_unmap");
  std::set<std::string> different;
  for (uint64_t number = 0; number < kRounds; ++number) {
    EXPECT_EQ(All(Plan(scenario, number)), All(Plan(scenario, number)));
    different.insert(All(Plan(scenario, number)));
  }
  EXPECT_EQ(different.size(), kRounds);
  EXPECT_NE(All(Plan(scenario, 0, 1)), All(Plan(scenario, 0, 2)));
}

TEST(PlanRound, RowsDrawOnTheirOwn) {
  const Scenario& scenario = *FindScenario("fault_vs_unmap");
  const auto one = PlanRound(scenario, "tdp", "owned", 1, 0, {});
  const auto two = PlanRound(scenario, "tdp", "last_put_zaps", 1, 0, {});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->seed, two->seed);
}

// Of one row of the library.
void ExpectRounds(const Scenario& scenario, const std::string& mmu, const std::string& variant) {
  SCOPED_TRACE(scenario.name + " " + mmu + " " + variant);
  for (uint64_t number = 0; number < kRounds; ++number) {
    const absl::StatusOr<RoundPlan> plan = PlanRound(scenario, mmu, variant, 1, number, {});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_TRUE(ValidateScenario(plan->scenario).ok()) << ValidateScenario(plan->scenario);
    const auto parsed = ParseScenario(PrintScenario(plan->scenario), "");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, plan->scenario);
    ASSERT_EQ(plan->scenario.threads.size(), scenario.threads.size());
    for (std::size_t i = 0; i < scenario.threads.size(); ++i) {
      const auto& own = scenario.threads[i].operations;
      const auto& drawn = plan->scenario.threads[i].operations;
      EXPECT_EQ(Sorted(drawn), Sorted(own));
      if (plan->in_order) {
        EXPECT_EQ(InOrder(drawn), InOrder(own));
      }
    }
    EXPECT_EQ(InOrder(plan->scenario.setup), InOrder(scenario.setup));
    EXPECT_EQ(InOrder(plan->scenario.after), InOrder(scenario.after));
    EXPECT_EQ(plan->scenario.checks.size(), plan->in_order ? scenario.checks.size() : 0);
    EXPECT_TRUE(!plan->in_order || plan->turns == 1);
  }
}

TEST(PlanRound, EveryRoundOfTheLibraryIsValidAndKeepsItsOperations) {
  int rows = 0;
  for (const Scenario& scenario : Library()) {
    for (const std::string& mmu : ModelledMmus()) {
      for (const std::string& variant : VariantsToRun(scenario, MmuNamed(mmu))) {
        if (!RunsOn(scenario, mmu, variant)) continue;
        ExpectRounds(scenario, mmu, variant);
        ++rows;
      }
    }
  }
  EXPECT_GT(rows, 300);
}

TEST(PlanRound, WhatAnMmuDoesNotHaveIsRefused) {
  const Scenario scenario = Parse("any vcpu a{read 0} vmm m{donate 1}");
  const auto plan = PlanRound(scenario, "tdp", "owned", 1, 0, {});
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status())) << plan.status();
  EXPECT_FALSE(PlanRound(scenario, "stage2", "owned", 1, 0, {}).ok());
}

TEST(PlanRound, AboutHalfOfTheRoundsKeepTheOrder) {
  const Scenario scenario = Parse("vcpu a{write 0; read 1; write 2; read 3} host h{unmap 0..3}");
  int in_order = 0;
  std::set<uint32_t> turns, pages;
  for (uint64_t number = 0; number < 400; ++number) {
    const RoundPlan plan = Plan(scenario, number);
    in_order += plan.in_order ? 1 : 0;
    if (plan.small_tables) continue;
    turns.insert(plan.turns);
    pages.insert(plan.pages_per_frame);
  }
  EXPECT_THAT(in_order, AllOf(Ge(140), Le(260)));
  EXPECT_EQ(turns.size(), 16u);
  EXPECT_EQ(pages, (std::set<uint32_t>{1, 4, 16, 64, 256}));
}

TEST(PlanRound, AboutHalfOfTheRoundsHaveTheScenariosOwnTables) {
  const Scenario scenario = Parse("vcpu a{write 0; read 1} host h{unmap 0..3}");
  const Scenario wide = Parse("geometry=3x2 frames=8 vcpu a{write 0} host h{unmap 0}");
  int small = 0;
  uint32_t most_turns = 0;
  for (uint64_t number = 0; number < 400; ++number) {
    const RoundPlan plan = Plan(scenario, number);
    EXPECT_FALSE(Plan(wide, number).small_tables);
    EXPECT_EQ(RoundText(plan).find("tables=small") != std::string::npos, plan.small_tables);
    if (!plan.small_tables) continue;
    ++small;
    most_turns = std::max(most_turns, plan.turns);
    EXPECT_EQ(plan.pages_per_frame, 1u);
  }
  EXPECT_THAT(small, AllOf(Ge(140), Le(260)));
  EXPECT_THAT(most_turns, AllOf(Ge(40u), Le(64u)));
}

TEST(PlanRound, BlocksOfTheScenarioAreRealBlocks) {
  const Scenario made = Parse("vcpu a{write 0} host h{make_huge 0; make_small 0}");
  const Scenario wide = Parse("geometry=3x2 frames=8 host=huge vcpu a{write 0} host h{unmap 0}");
  for (uint64_t number = 0; number < kRounds; ++number) {
    const RoundPlan plan = Plan(made, number);
    EXPECT_EQ(plan.pages_per_frame, plan.small_tables ? 1u : 256u);
    EXPECT_EQ(Plan(wide, number).pages_per_frame, 128u);
  }
}

// Nothing may move across a word that changes what the others mean.
TEST(PlanRound, WordsThatFixTheOrderStay) {
  const Scenario scenario = Parse(
      "vcpu a{read 0; read 1; read 2; put_root; load_root; write 0; write 1; close} "
      "host h{unmap 0; unmap 1; unmap 2}");
  std::set<std::string> orders;
  for (uint64_t number = 0; number < 4000; ++number) {
    const RoundPlan plan = Plan(scenario, number);
    const std::vector<std::string> a = InOrder(plan.scenario.threads[0].operations);
    EXPECT_EQ(a[3], "put_root");
    EXPECT_EQ(a[7], "close");
    EXPECT_THAT((std::vector<std::string>{a[0], a[1], a[2]}),
                IsSubsetOf({"read 0", "read 1", "read 2"}));
    EXPECT_EQ(plan.turns, 1u);
    orders.insert(PrintOneLine(plan.scenario));
  }
  EXPECT_EQ(orders.size(), 216u);  // 3! * 3! * 3!
}

TEST(PlanRound, ThreadsAreCopiesOfVcpus) {
  const Scenario scenario =
      Parse("vcpu a{write 0; read 1} vcpu a2{exec 1} host h{unmap 0} check{unmapped 0}");
  const RoundPlan plan = Plan(scenario, 3, 1, {.threads = 5});
  ASSERT_EQ(plan.scenario.threads.size(), 5u);
  EXPECT_EQ(plan.scenario.threads[3].name, "a3");
  EXPECT_EQ(Sorted(plan.scenario.threads[3].operations), Sorted(scenario.threads[0].operations));
  EXPECT_EQ(Sorted(plan.scenario.threads[4].operations), Sorted(scenario.threads[1].operations));
  EXPECT_TRUE(plan.scenario.checks.empty());
  EXPECT_TRUE(ValidateScenario(plan.scenario).ok());
  const Scenario without = Parse("host h{unmap 0} vmm m{zap_all}");
  EXPECT_EQ(Plan(without, 0, 1, {.threads = 5}).scenario.threads.size(), 2u);
}

TEST(PlanRound, WhatIsAskedForIsNotDrawn) {
  const Scenario& scenario = *FindScenario("fault_vs_unmap");
  StressLimits limits;
  limits.noise = Noise{.kind = NoiseKind::kDelay, .per_mille = 7};
  limits.weakened.set(static_cast<std::size_t>(point::flush_frozen));
  std::vector<std::string> noises;
  for (uint64_t number = 0; number < kRounds; ++number) {
    const RoundPlan plan = Plan(scenario, number, 1, limits);
    noises.push_back(NoiseText(plan.noise));
    EXPECT_EQ(plan.weakened, std::vector<point>{point::flush_frozen});
    EXPECT_EQ(plan.seed, Plan(scenario, number).seed);
  }
  EXPECT_THAT(noises, Each("delay:7"));
}

}  // namespace
}  // namespace racewalk
