// Goal: a search finds the goal and nothing else, and what it returns can be
// followed. Method: a real subject, small, with one point weakened.
#include "scenarios/explore/shrink_search.h"

#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "scenarios/bugs.h"
#include "scenarios/library.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

// A root whose last put is not noticed stays mapped after an unmap.
const Bug& TestedBug() { return *FindBug("X23a"); }

std::unique_ptr<Explorer> MakeExplorer(bool weakened = true) {
  const Bug& bug = TestedBug();
  return Explorer::Create({.scenario = *FindScenario(bug.scenario),
                           .mmu = bug.mmu,
                           .variant = bug.variant,
                           .weakened = weakened ? PointsOf(bug) : PointSet{}})
      .value();
}

const ShrinkGoal kGoal{.kind = ViolationKind::kBadMapping, .invariant = "R4"};

SearchBudget Budget(uint64_t executions) { return {.executions = executions, .failures = 40}; }

std::optional<Witness> Find(Explorer& explorer, const ShrinkGoal& goal, uint64_t seed) {
  SearchBudget budget = Budget(2000);
  return FindAgain(explorer, goal, seed, 100, std::nullopt, budget);
}

TEST(ShrinkSearchTest, WhatIsFoundCanBeFollowed) {
  const auto explorer = MakeExplorer();
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const std::optional<Witness> found = Find(*explorer, kGoal, seed);
    ASSERT_TRUE(found.has_value()) << seed;
    SearchBudget budget = Budget(1);
    const std::optional<Witness> followed = Follow(*explorer, kGoal, found->rota, budget);
    ASSERT_TRUE(followed.has_value()) << seed;
    EXPECT_EQ(followed->rota, found->rota);
    EXPECT_EQ(followed->cost, found->cost);
    EXPECT_EQ(budget.executions, 0u);
    EXPECT_EQ(budget.failures, 39);
  }
}

TEST(ShrinkSearchTest, TheSameSeedFindsTheSame) {
  const std::optional<Witness> first = Find(*MakeExplorer(), kGoal, 5);
  const std::optional<Witness> second = Find(*MakeExplorer(), kGoal, 5);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->rota, second->rota);
}

TEST(ShrinkSearchTest, AnotherViolationIsNotTheGoal) {
  const auto explorer = MakeExplorer();
  EXPECT_FALSE(Find(*explorer, {.kind = kGoal.kind, .invariant = "R5"}, 1).has_value());
  EXPECT_FALSE(
      Find(*explorer, {.kind = ViolationKind::kLeak, .invariant = kGoal.invariant}, 1).has_value());
}

TEST(ShrinkSearchTest, TheBudgetIsKept) {
  auto explorer = MakeExplorer(/*weakened=*/false);
  SearchBudget budget = Budget(777);
  EXPECT_FALSE(FindAgain(*explorer, kGoal, 1, 100, std::nullopt, budget).has_value());
  EXPECT_EQ(budget.executions, 0u);
  EXPECT_EQ(budget.failures, 40);
  explorer.reset();  // one at a time
  explorer = MakeExplorer();
  budget = {.executions = 100'000, .failures = 3};
  EXPECT_FALSE(FindAgain(*explorer, {.kind = ViolationKind::kLeak}, 1, 100, std::nullopt, budget)
                   .has_value());
  EXPECT_EQ(budget.failures, 0);
}

TEST(ShrinkSearchTest, SimplifyLowersTheCost) {
  const auto explorer = MakeExplorer();
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const std::optional<Witness> found = Find(*explorer, kGoal, seed);
    ASSERT_TRUE(found.has_value());
    SearchBudget budget = Budget(2000);
    const Witness simple = Simplify(*explorer, kGoal, *found, budget);
    EXPECT_LE(simple.cost, found->cost);
    EXPECT_LE(simple.cost.preemptions, 2u) << seed;
    budget = Budget(1);
    EXPECT_TRUE(Follow(*explorer, kGoal, simple.rota, budget).has_value());
  }
}

// It takes one preemption: the unmap must fall into the put.
TEST(ShrinkSearchTest, BoundedFindsWhatTheBoundAllows) {
  const Bug& bug = TestedBug();
  const auto explorer =
      Explorer::Create(
          {.scenario =
               ParseScenario("tdp frames=2 setup{read 1} vcpu a{put_root} host h{unmap 1}", "")
                   .value(),
           .mmu = bug.mmu,
           .variant = bug.variant,
           .weakened = PointsOf(bug)})
          .value();
  const std::optional<Witness> first = Find(*explorer, kGoal, 3);
  ASSERT_TRUE(first.has_value());
  SearchBudget budget = Budget(20'000);
  const ThreadChoices choices = Simplify(*explorer, kGoal, *first, budget).rota.choices;
  budget = Budget(20'000);
  EXPECT_FALSE(FindBounded(*explorer, kGoal, 0, choices, budget).has_value());
  EXPECT_GT(budget.executions, 0u) << "there are not as many";
  budget = Budget(20'000);
  const std::optional<Witness> found = FindBounded(*explorer, kGoal, 1, choices, budget);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->cost.preemptions, 1u);
  // By chance there is nothing below that either.
  budget = Budget(1000);
  const RotaCost below{.preemptions = 1};
  EXPECT_FALSE(FindAgain(*explorer, kGoal, 1, 40, below, budget).has_value());
}

}  // namespace
}  // namespace racewalk
