#include "sanitizers/plan_round.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sanitizers/scaled.h"
#include "scenarios/hash.h"
#include "scenarios/rng.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"
#include "scenarios/validate.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// Base pages that a 2 MiB block maps.
constexpr uint32_t kBlockPages = 512;
constexpr uint32_t kMostTurns = 16;
constexpr uint32_t kMostSmallTurns = 64;
// One of so many rounds has small tables, if the scenario has. They take little of the time.
constexpr uint32_t kSmallOneOf = 2;
// Pages that the operations of a round name, turns included: keeps a round
// short even where every access is instrumented.
constexpr uint64_t kMostPages = 40'000;

// Words that change what later ones of the list mean: nothing is moved across
// them, and a list that has one is run once.
bool Fixes(Verb verb) {
  switch (verb) {
    case Verb::kPutRoot:
    case Verb::kClose:
    case Verb::kExitMm:
    case Verb::kSlotAdd:
    case Verb::kSlotDelete:
    case Verb::kSlotMove:
    case Verb::kDonate:
    case Verb::kReclaim:
    case Verb::kGpcActivate:
    case Verb::kGpcDeactivate:
    case Verb::kUnregister:
    case Verb::kDestroy:
      return true;
    default:
      return false;
  }
}

void Unroll(const std::vector<Operation>& from, std::vector<Operation>& to) {
  for (const Operation& operation : from) {
    if (operation.verb != Verb::kRepeat) {
      to.push_back(operation);
      continue;
    }
    for (uint32_t i = 0; i < operation.number; ++i) Unroll(operation.body, to);
  }
}

void Unroll(std::vector<Operation>& operations) {
  std::vector<Operation> unrolled;
  Unroll(operations, unrolled);
  operations = std::move(unrolled);
}

void Unroll(Scenario& scenario) {
  Unroll(scenario.setup);
  for (ScenarioThread& thread : scenario.threads) Unroll(thread.operations);
  Unroll(scenario.after);
}

std::string FreeName(const Scenario& scenario, const std::string& base) {
  for (uint32_t number = 2;; ++number) {
    std::string name =
        absl::StrCat(base.substr(0, kMaxThreadNameBytes - absl::StrCat(number).size()), number);
    const auto taken = [&](const ScenarioThread& thread) { return thread.name == name; };
    if (std::none_of(scenario.threads.begin(), scenario.threads.end(), taken)) return name;
  }
}

// Returns whether a thread was added.
bool AddThreads(Scenario& scenario, uint32_t wanted) {
  std::vector<ScenarioThread> vcpus;
  for (const ScenarioThread& thread : scenario.threads) {
    if (thread.role == ThreadRole::kVcpu && !thread.operations.empty()) vcpus.push_back(thread);
  }
  bool added = false;
  for (std::size_t i = 0; !vcpus.empty() && scenario.threads.size() < wanted; ++i) {
    ScenarioThread copy = vcpus[i % vcpus.size()];
    copy.name = FreeName(scenario, copy.name);
    scenario.threads.push_back(std::move(copy));
    // Too many operations in all: the threads there are must do.
    if (!ValidateScenario(scenario).ok()) {
      scenario.threads.pop_back();
      return added;
    }
    added = true;
  }
  return added;
}

void Shuffle(std::vector<Operation>& operations, Rng& rng) {
  std::size_t begin = 0;
  for (std::size_t end = 0; end <= operations.size(); ++end) {
    if (end < operations.size() && !Fixes(operations[end].verb)) continue;
    for (std::size_t left = end - begin; left > 1; --left) {
      const uint32_t pick = rng.Below(static_cast<uint32_t>(left));
      std::swap(operations[begin + left - 1], operations[begin + pick]);
    }
    begin = end + 1;
  }
}

uint64_t PagesNamed(const Scenario& scenario, uint32_t pages_per_frame) {
  uint64_t pages = 0;
  for (const ScenarioThread& thread : scenario.threads) {
    for (const Operation& operation : thread.operations) {
      pages += uint64_t{operation.range.last - operation.range.first + 1} * pages_per_frame;
    }
  }
  return pages;
}

uint32_t DrawPages(const Scenario& scenario, bool huge_pages, Rng& rng) {
  const uint32_t block = kBlockPages >> scenario.index_bits;
  const std::array<uint32_t, 5> sizes = {1, 4, 16, 64, block};
  // Drawn always, so that what follows does not depend on the kind of host.
  const uint32_t drawn = sizes[rng.Below(static_cast<uint32_t>(sizes.size()))];
  return huge_pages ? block : drawn;
}

Noise DrawNoise(Rng& rng) {
  const uint32_t kind = rng.Below(4);
  const uint32_t per_mille = 10 + rng.Below(191);
  if (kind == 0) return {.kind = NoiseKind::kNone, .per_mille = 0};
  if (kind == 1) return {.kind = NoiseKind::kDelay, .per_mille = per_mille};
  return {.kind = NoiseKind::kYield, .per_mille = per_mille};
}

uint64_t TextHash(absl::string_view text) {
  uint64_t hash = 0;
  for (const char c : text) hash = Mix64(hash ^ static_cast<unsigned char>(c));
  return hash;
}

uint64_t KeyOf(const Scenario& scenario, absl::string_view mmu, absl::string_view variant,
               uint64_t seed, uint64_t number) {
  const uint64_t row = ScenarioHash(scenario) ^ TextHash(absl::StrCat(mmu, " ", variant));
  return Mix64(Mix64(seed ^ Mix64(row)) ^ number);
}

}  // namespace

absl::StatusOr<RoundPlan> PlanRound(const Scenario& scenario, absl::string_view mmu,
                                    absl::string_view variant, uint64_t seed, uint64_t number,
                                    const StressLimits& limits) {
  const absl::StatusOr<PreparedSubject> prepared =
      Prepare({.scenario = scenario, .mmu = std::string(mmu), .variant = std::string(variant)});
  if (!prepared.ok()) return prepared.status();
  Rng rng(KeyOf(scenario, mmu, variant, seed, number));
  RoundPlan plan;
  plan.scenario = scenario;
  plan.mmu = std::string(mmu);
  plan.variant = std::string(variant);
  Unroll(plan.scenario);
  // Drawn always, as what follows.
  plan.small_tables = rng.Below(kSmallOneOf) == 0 && HasSmallTables(scenario);
  const uint32_t pages_drawn = DrawPages(scenario, prepared->shape.huge_pages, rng);
  plan.pages_per_frame = plan.small_tables ? 1 : pages_drawn;
  plan.in_order = rng.Below(2) == 0;
  const uint32_t turns = 1 + rng.Below(plan.small_tables ? kMostSmallTurns : kMostTurns);
  const Noise noise = DrawNoise(rng);
  plan.noise = limits.noise.value_or(noise);
  plan.seed = rng.Next();
  const bool added = AddThreads(plan.scenario, std::min(limits.threads, kMaxScenarioThreads));
  // What the scenario checks at the end is of its own threads, in its own order.
  if (added || !plan.in_order) plan.scenario.checks.clear();
  if (!plan.in_order) {
    for (ScenarioThread& thread : plan.scenario.threads) Shuffle(thread.operations, rng);
    const auto fixes = [](const ScenarioThread& thread) {
      return std::any_of(thread.operations.begin(), thread.operations.end(),
                         [](const Operation& o) { return Fixes(o.verb); });
    };
    const bool once =
        std::any_of(plan.scenario.threads.begin(), plan.scenario.threads.end(), fixes);
    const uint64_t pages = std::max<uint64_t>(PagesNamed(plan.scenario, plan.pages_per_frame), 1);
    if (!once) {
      plan.turns = static_cast<uint32_t>(std::clamp<uint64_t>(kMostPages / pages, 1, turns));
    }
  }
  for (std::size_t i = 1; i < kPointCount; ++i) {
    if (limits.weakened.test(i)) plan.weakened.push_back(static_cast<point>(i));
  }
  absl::Status status = ValidateScenario(plan.scenario);
  if (!status.ok()) return status;
  return plan;
}

std::string NoiseText(const Noise& noise) {
  switch (noise.kind) {
    case NoiseKind::kYield:
      return absl::StrCat("yield:", noise.per_mille);
    case NoiseKind::kDelay:
      return absl::StrCat("delay:", noise.per_mille);
    case NoiseKind::kNone:
      break;
  }
  return "none";
}

std::string RoundText(const RoundPlan& plan) {
  return absl::StrCat("threads=", plan.scenario.threads.size(), " pages=", plan.pages_per_frame,
                      plan.small_tables ? " tables=small" : "",
                      " order=", plan.in_order ? "own" : "shuffled", " turns=", plan.turns,
                      " noise=", NoiseText(plan.noise));
}

}  // namespace racewalk
