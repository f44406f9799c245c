#include "ci/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

// The square of a median's relative standard error. For values that vary as a normal
// distribution's, 1.4826 deviations are a standard deviation, and a median's error is 1.2533 that
// of a mean.
double RelativeVariance(const ChunkRates& rates) {
  const double error = 1.2533 * 1.4826 * rates.deviation / rates.median;
  return error * error / static_cast<double>(rates.chunks);
}

struct Fall {
  UnitName unit{};
  double ratio = 1;
  double here = 0;
  double there = 0;
};

std::string PercentText(double ratio) { return absl::StrFormat("%.0f %%", 100 * (1 - ratio)); }

// What to run to measure a unit's rate by hand.
std::string MeasureCommand(const UnitName& unit) {
  std::string command = absl::StrCat("racewalk ", unit.engine == "explore" ? "check" : unit.engine);
  // The fuzzer makes its own.
  if (!unit.scenario.empty()) absl::StrAppend(&command, " ", ShellQuoted(unit.scenario));
  if (!unit.mmu.empty()) absl::StrAppend(&command, " --mmu=", ShellQuoted(unit.mmu));
  if (!unit.variant.empty()) absl::StrAppend(&command, " --variant=", ShellQuoted(unit.variant));
  if (!unit.strategy.empty() && unit.engine == "explore") {
    absl::StrAppend(&command, " --strategy=", ShellQuoted(unit.strategy));
  }
  if (!unit.weaken.empty()) absl::StrAppend(&command, " --weaken=", ShellQuoted(unit.weaken));
  return absl::StrCat(command, " --seconds=10, of both versions on one machine");
}

void CompareViolations(const StoreNights& store, const Baseline& baseline, Comparison& result) {
  for (const NightViolation& violation : store.violations) {
    if (baseline.classes.contains(violation.name)) continue;
    result.regressions.push_back(
        {.kind = "new-violation",
         .what = absl::StrCat("new violation: ", violation.kind,
                              violation.invariant.empty() ? "" : " ", violation.invariant, " in ",
                              UnitText(violation.unit), ": ", violation.sentence),
         .look = ReplayCommand(violation.token)});
  }
}

// How likely it is that none of `searches` kills if they are as good as those there, of whose
// share of kills nothing else is known (the rule of succession).
double ChanceOfNoKill(const NightMutant& there, uint64_t searches) {
  double chance = 1;
  for (uint64_t i = 0; i < searches; ++i) {
    chance *= static_cast<double>(there.searches - there.searches_killed + 1 + i) /
              static_cast<double>(there.searches + 2 + i);
  }
  return chance;
}

// What became worse of a mutant; nothing if nothing did.
std::string WorseText(const NightMutant& there, const NightMutant& here) {
  if (there.killed && !here.killed) {
    return absl::StrCat("no longer killed: ", MutantText(here.name), ", in ",
                        Count(here.executions, "execution"));
  }
  if (there.replayed && here.replay_failed) {
    return absl::StrCat("no longer killed by its known token: ", MutantText(here.name),
                        ", though searches find it");
  }
  if (there.searches_killed == 0 || here.searches_killed > 0) return "";
  if (ChanceOfNoKill(there, here.searches) >= kMostChance) return "";
  return absl::StrCat("no longer found by searches: ", MutantText(here.name), ", by none of ",
                      here.searches, " in ", Count(here.executions, "execution"), ", there by ",
                      there.searches_killed, " of ", there.searches,
                      "; its known token still shows it");
}

void CompareMutants(const StoreNights& store, const Baseline& baseline, Comparison& result) {
  std::map<MutantKey, const NightMutant*> here;
  for (const NightMutant& mutant : store.mutants) here[mutant.name] = &mutant;
  for (const auto& [name, there] : baseline.mutants) {
    const auto found = here.find(name);
    if (found == here.end()) {
      result.mutants_not_run += there.killed ? 1 : 0;
      continue;
    }
    ++result.mutants_compared;
    std::string worse = WorseText(there, *found->second);
    if (worse.empty()) continue;
    result.regressions.push_back(
        {.kind = "mutant-not-killed",
         .what = std::move(worse),
         .look = absl::StrCat("racewalk mutants ", ShellQuoted(name.point),
                              " --mmu=", ShellQuoted(name.mmu),
                              " --variant=", ShellQuoted(name.variant), " --fresh")});
  }
}

// Whether a row was as slow in one of the nights before.
bool WasAsSlow(const Baseline& baseline, const UnitName& unit, double rate) {
  return std::any_of(baseline.all_rates.begin(), baseline.all_rates.end(), [&](const auto& night) {
    const auto found = night.find(unit);
    return found != night.end() && found->second <= rate;
  });
}

double MedianOfRatios(std::vector<double>& ratios) {
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

// Likewise for all rows together.
bool AllWereAsSlow(const Baseline& baseline, const std::map<UnitName, ChunkRates>& rates) {
  return std::any_of(baseline.all_rates.begin(), baseline.all_rates.end(), [&](const auto& night) {
    std::vector<double> ratios;
    for (const auto& [unit, rate] : night) {
      const auto here = rates.find(unit);
      if (here != rates.end() && rate > 0) ratios.push_back(here->second.median / rate);
    }
    return !ratios.empty() && MedianOfRatios(ratios) >= 1;
  });
}

// `ratios`: of rows, here to there.
void CompareTotal(const std::map<UnitName, ChunkRates>& rates, const Baseline& baseline,
                  std::vector<double> ratios, Comparison& result) {
  if (ratios.size() < kLeastRows) return;  // they speak for themselves
  result.rates_in_total = ratios.size();
  result.rate_ratio = MedianOfRatios(ratios);
  for (double& ratio : ratios) ratio = std::abs(ratio - result.rate_ratio);
  const ChunkRates spread{
      .chunks = ratios.size(), .median = result.rate_ratio, .deviation = MedianOfRatios(ratios)};
  const double noise = 3 * std::sqrt(RelativeVariance(spread));
  if (result.rate_ratio * (1 + noise) >= 1 - result.rate_drop) return;
  if (AllWereAsSlow(baseline, rates)) return;
  result.regressions.push_back(
      {.kind = "rate-fell",
       .what = absl::StrCat("the rate fell by ", PercentText(result.rate_ratio),
                            " in all: the median of ", Count(result.rates_in_total, "row")),
       .look = "racewalk check --seconds=60, of both versions on one machine: is it as busy as it "
               "was?"});
}

void CompareRates(const std::map<UnitName, ChunkRates>& rates, const Baseline& baseline,
                  Comparison& result) {
  std::vector<Fall> falls;
  std::vector<double> ratios;
  for (const auto& [unit, here] : rates) {
    const auto found = baseline.rates.find(unit);
    if (found == baseline.rates.end()) continue;
    const ChunkRates& there = found->second;
    if (here.median <= 0 || there.median <= 0) continue;
    const double ratio = here.median / there.median;
    ratios.push_back(ratio);
    if (here.chunks < kLeastChunks || there.chunks < kLeastChunks) continue;
    ++result.rates_compared;
    const double noise = 3 * std::sqrt(RelativeVariance(here) + RelativeVariance(there));
    if (ratio * (1 + noise) >= 1 - result.rate_drop) continue;
    if (WasAsSlow(baseline, unit, here.median)) continue;
    falls.push_back({unit, ratio, here.median, there.median});
  }
  result.rates_fell = falls.size();
  CompareTotal(rates, baseline, std::move(ratios), result);
  std::sort(falls.begin(), falls.end(), [](const Fall& a, const Fall& b) {
    return std::pair(a.ratio, a.unit) < std::pair(b.ratio, b.unit);
  });
  for (std::size_t i = 0; i < falls.size() && i < kMostRatesTold; ++i) {
    const Fall& fall = falls[i];
    result.regressions.push_back(
        {.kind = "rate-fell",
         .what =
             absl::StrCat("the rate fell by ", PercentText(fall.ratio), ": ", UnitText(fall.unit),
                          ", ", RateText(fall.there), " to ", RateText(fall.here), " ",
                          CountedBy(fall.unit.engine), " a second of a worker"),
         .look = MeasureCommand(fall.unit)});
  }
}

}  // namespace

Comparison CompareNights(const StoreNights& store, const std::map<UnitName, ChunkRates>& rates,
                         const Baseline& baseline, double rate_drop) {
  Comparison result{.path = baseline.path,
                    .baseline = baseline.night,
                    .other_version = baseline.night.version != store.told().version,
                    .other_settings = baseline.night.settings != store.told().settings,
                    .rate_drop = rate_drop};
  CompareViolations(store, baseline, result);
  CompareMutants(store, baseline, result);
  CompareRates(rates, baseline, result);
  return result;
}

}  // namespace racewalk
