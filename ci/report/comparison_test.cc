// Goal: what got worse is told, and what only varies is not. Method: nights made up by hand.
#include "ci/report/comparison.h"

#include <map>
#include <string>
#include <vector>

#include "ci/report/nights.h"
#include "ci/report/synthetic_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Rates = std::map<UnitName, ChunkRates>;

StoreNights OneNight() {
  StoreNights store;
  store.nights.push_back({.name = "tonight", .version = "2", .settings = "a=1"});
  return store;
}

Baseline Yesterday() {
  Baseline baseline{.path = "other.store"};
  baseline.night = {.name = "yesterday", .version = "1", .settings = "a=1"};
  return baseline;
}

// With one row of `median` and what its chunks vary by.
Rates OneRate(double median, double deviation = 0, uint64_t chunks = 100) {
  return {{Explored("s"), {.chunks = chunks, .median = median, .deviation = deviation}}};
}

std::vector<std::string> Kinds(const Comparison& comparison) {
  std::vector<std::string> kinds;
  for (const Regression& regression : comparison.regressions) kinds.push_back(regression.kind);
  return kinds;
}

TEST(ComparisonTest, NothingIsWorseThanItself) {
  StoreNights store = OneNight();
  store.violations.push_back({.name = "class", .kind = "leak"});
  store.mutants.push_back({.name = {"point", "tdp", "owned"}, .killed = true});
  Baseline baseline = Yesterday();
  baseline.classes["class"] = 1;
  baseline.mutants[{"point", "tdp", "owned"}] = {.killed = true};
  baseline.rates = OneRate(100);
  const Comparison comparison = CompareNights(store, OneRate(100), baseline, 0.3);
  EXPECT_THAT(comparison.regressions, IsEmpty());
  EXPECT_EQ(comparison.rates_compared, 1u);
  EXPECT_EQ(comparison.mutants_compared, 1u);
  EXPECT_TRUE(comparison.other_version);
  EXPECT_FALSE(comparison.other_settings);
}

TEST(ComparisonTest, AClassThatTheOtherStoreDoesNotKnowIsToldWithItsCommand) {
  StoreNights store = OneNight();
  store.violations.push_back({.name = "class",
                              .unit = Explored("fault_vs_fault"),
                              .kind = "leak",
                              .invariant = "L3",
                              .sentence = "a page was lost.",
                              .token = "it's"});
  const Comparison comparison = CompareNights(store, {}, Yesterday(), 0.3);
  ASSERT_THAT(comparison.regressions, SizeIs(1));
  EXPECT_EQ(comparison.regressions[0].kind, "new-violation");
  EXPECT_THAT(comparison.regressions[0].what,
              HasSubstr("leak L3 in fault_vs_fault tdp owned random: a page was lost."));
  EXPECT_EQ(comparison.regressions[0].look, "racewalk replay 'it'\\''s'");
}

TEST(ComparisonTest, AMutantIsLostOnlyIfItWasSearchedAndNotKilled) {
  StoreNights store = OneNight();
  store.mutants = {{.name = {"lost", "tdp", "owned"}, .killed = false},
                   {.name = {"never", "tdp", "owned"}, .killed = false},
                   {.name = {"unknown", "tdp", "owned"}, .killed = false},
                   {.name = {"kept", "tdp", "owned"}, .killed = true}};
  Baseline baseline = Yesterday();
  baseline.mutants = {{{"lost", "tdp", "owned"}, {.killed = true}},
                      {{"never", "tdp", "owned"}, {}},
                      {{"kept", "tdp", "owned"}, {.killed = true}},
                      {{"not_run", "tdp", "owned"}, {.killed = true}}};
  const Comparison comparison = CompareNights(store, {}, baseline, 0.3);
  EXPECT_THAT(Kinds(comparison), ElementsAre("mutant-not-killed"));
  EXPECT_THAT(comparison.regressions[0].what, HasSubstr("lost tdp owned"));
  EXPECT_EQ(comparison.mutants_compared, 3u);
  EXPECT_EQ(comparison.mutants_not_run, 1u);
}

// Of one that was killed on both sides.
std::string WorseOf(const NightMutant& there, const NightMutant& here) {
  StoreNights store = OneNight();
  Baseline baseline = Yesterday();
  store.mutants = {here};
  baseline.mutants[here.name] = there;
  const Comparison comparison = CompareNights(store, {}, baseline, 0.3);
  if (comparison.regressions.empty()) return "";
  EXPECT_THAT(Kinds(comparison), ElementsAre("mutant-not-killed"));
  return comparison.regressions[0].what;
}

TEST(ComparisonTest, ReplaysOfMutantsDoNotHideThatSearchesFail) {
  const NightMutant there{
      .killed = true, .replayed = true, .searches = 40, .searches_killed = 40, .executions = 7};
  NightMutant here{.name = {"p", "tdp", "owned"},
                   .killed = true,
                   .replayed = true,
                   .searches = 9,
                   .executions = 900};
  EXPECT_EQ(WorseOf(there, here),
            "no longer found by searches: p tdp owned, by none of 9 in 900 executions, there by 40 "
            "of 40; its known token still shows it");
  // One search is no evidence, and none is not even that.
  here.searches = 1;
  EXPECT_EQ(WorseOf(there, here), "");
  here.searches = 0;
  EXPECT_EQ(WorseOf(there, here), "");
  // Nor are nine of what one search in twenty finds.
  here.searches = 9;
  NightMutant hard = there;
  hard.searches_killed = 2;
  EXPECT_EQ(WorseOf(hard, here), "");
  here.searches_killed = 1;
  EXPECT_EQ(WorseOf(there, here), "");
  here.replayed = false;
  here.replay_failed = true;
  EXPECT_THAT(WorseOf(there, here), HasSubstr("no longer killed by its known token: p tdp owned"));
}

TEST(ComparisonTest, TheFuzzersRateIsMeasuredByTheFuzzer) {
  const UnitName unit{.engine = "fuzz", .mmu = "tdp", .variant = "owned"};
  Baseline baseline = Yesterday();
  baseline.rates = {{unit, {.chunks = 100, .median = 100}}};
  const Comparison comparison =
      CompareNights(OneNight(), {{unit, {.chunks = 100, .median = 10}}}, baseline, 0.3);
  ASSERT_THAT(comparison.regressions, SizeIs(1));
  EXPECT_THAT(comparison.regressions[0].look,
              StartsWith("racewalk fuzz --mmu=tdp --variant=owned --seconds=10"));
}

TEST(ComparisonTest, ARateFallsByMoreThanTheDropOnly) {
  Baseline baseline = Yesterday();
  baseline.rates = OneRate(100);
  EXPECT_THAT(CompareNights(OneNight(), OneRate(71), baseline, 0.3).regressions, IsEmpty());
  EXPECT_THAT(CompareNights(OneNight(), OneRate(1000), baseline, 0.3).regressions, IsEmpty());
  const Comparison fallen = CompareNights(OneNight(), OneRate(69), baseline, 0.3);
  EXPECT_THAT(Kinds(fallen), ElementsAre("rate-fell"));
  EXPECT_THAT(fallen.regressions[0].what, HasSubstr("s tdp owned random, 100 to 69.0 executions"));
  EXPECT_THAT(fallen.regressions[0].look,
              HasSubstr("racewalk check s --mmu=tdp --variant=owned --strategy=random"));
  EXPECT_THAT(CompareNights(OneNight(), OneRate(69), baseline, 0.32).regressions, IsEmpty());
}

TEST(ComparisonTest, AFallWithinWhatChunksVaryIsNoise) {
  Baseline baseline = Yesterday();
  baseline.rates = OneRate(100, 5);
  // A quarter below the bound, of chunks that vary by half: noise of few, a fall of many.
  EXPECT_THAT(CompareNights(OneNight(), OneRate(50, 30, 5), baseline, 0.3).regressions, IsEmpty());
  EXPECT_THAT(Kinds(CompareNights(OneNight(), OneRate(50, 30, 1000), baseline, 0.3)),
              ElementsAre("rate-fell"));
  // Of four chunks nothing is said.
  const Comparison few = CompareNights(OneNight(), OneRate(10, 0, 4), baseline, 0.3);
  EXPECT_THAT(few.regressions, IsEmpty());
  EXPECT_EQ(few.rates_compared, 0u);
}

TEST(ComparisonTest, AFallWithinWhatNightsVaryIsNoise) {
  Baseline baseline = Yesterday();
  baseline.rates = OneRate(100);
  for (double rate : {95, 49, 100}) baseline.all_rates.push_back({{Explored("s"), rate}});
  EXPECT_THAT(CompareNights(OneNight(), OneRate(50), baseline, 0.3).regressions, IsEmpty());
  EXPECT_THAT(Kinds(CompareNights(OneNight(), OneRate(48), baseline, 0.3)),
              ElementsAre("rate-fell"));
}

// Of many rows with one chunk each, nothing is said of a row, and something of all.
TEST(ComparisonTest, ShortNightsAreComparedAsAWhole) {
  Baseline baseline = Yesterday();
  Rates here;
  for (uint64_t i = 0; i < kLeastRows; ++i) {
    const UnitName unit = Explored("s" + std::to_string(i));
    baseline.rates[unit] = {.chunks = 1, .median = 100};
    here[unit] = {.chunks = 1, .median = 50.0 + static_cast<double>(i % 3)};
  }
  const Comparison comparison = CompareNights(OneNight(), here, baseline, 0.3);
  EXPECT_THAT(Kinds(comparison), ElementsAre("rate-fell"));
  EXPECT_THAT(comparison.regressions[0].what, HasSubstr("fell by 49 % in all: the median of 20"));
  EXPECT_EQ(comparison.rates_compared, 0u);
  EXPECT_EQ(comparison.rates_in_total, kLeastRows);
  // As slow as a night before.
  baseline.all_rates.emplace_back();
  for (const auto& [unit, rates] : here) baseline.all_rates[0][unit] = 49;
  EXPECT_THAT(CompareNights(OneNight(), here, baseline, 0.3).regressions, IsEmpty());
  baseline.all_rates.clear();
  here.erase(here.begin());
  const Comparison fewer = CompareNights(OneNight(), here, baseline, 0.3);
  EXPECT_THAT(fewer.regressions, IsEmpty());
  EXPECT_EQ(fewer.rates_in_total, 0u);
}

TEST(ComparisonTest, OneSlowRowIsNotAllAndTheWorstComesFirst) {
  Baseline baseline = Yesterday();
  Rates here;
  for (int i = 0; i < 100; ++i) {
    const UnitName unit = Explored("s" + std::to_string(i));
    baseline.rates[unit] = {.chunks = 10, .median = 100};
    here[unit] = {.chunks = 10, .median = i == 7 ? 20.0 : i < 20 ? 60.0 : 101.0};
  }
  const Comparison comparison = CompareNights(OneNight(), here, baseline, 0.3);
  EXPECT_EQ(comparison.rates_fell, 20u);
  ASSERT_THAT(comparison.regressions, SizeIs(kMostRatesTold));
  EXPECT_THAT(comparison.regressions[0].what, HasSubstr("fell by 80 %: s7 "));
  EXPECT_DOUBLE_EQ(comparison.rate_ratio, 1.01);
}

}  // namespace
}  // namespace racewalk
