#include "ci/campaign/campaign_plan.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/campaign/explore_engine.h"
#include "ci/campaign/fuzz_engine.h"
#include "ci/campaign/mutants_engine.h"
#include "ci/campaign/stress_engine.h"
#include "ci/fuzz_plan.h"
#include "ci/kill_files.h"
#include "ci/mutant.h"
#include "ci/plan.h"
#include "ci/rows.h"
#include "ci/target.h"
#include "sanitizers/plan_round.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/nearest.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

const std::vector<std::string>& EngineNames() {
  static const auto& names = *new std::vector<std::string>{"explore", "mutants", "fuzz", "stress"};
  return names;
}

absl::Status BadEngine(absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("--engines: ", problem));
}

class Planner {
 public:
  Planner(const CampaignOptions& options, const CampaignWorlds& worlds)
      : options_(options), worlds_(worlds) {}

  absl::StatusOr<CampaignPlan> Plan() {
    absl::Status status = ChooseEngines();
    if (status.ok() && Has("explore")) status = AddExplore();
    if (status.ok() && Has("mutants")) status = AddMutants();
    if (status.ok() && Has("fuzz")) status = AddFuzz();
    if (status.ok() && Has("stress")) status = AddStress();
    if (!status.ok()) return status;
    if (plan_.engines.empty()) {
      return BadEngine("none of them can run what was selected; select more");
    }
    plan_.settings = Settings();
    return std::move(plan_);
  }

 private:
  bool Has(absl::string_view name) const {
    return std::find(chosen_.begin(), chosen_.end(), name) != chosen_.end();
  }

  absl::Status ChooseEngines() {
    // The kill matrix is of the whole library and the correct core.
    const bool special = !options_.scenarios.empty() || !options_.weaken.empty();
    chosen_ = options_.engines;
    for (const std::string& name : chosen_) {
      const std::vector<std::string>& names = EngineNames();
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        return BadEngine(absl::StrCat("no engine ", Quoted(name), DidYouMean(name, names),
                                      " (there are: ", absl::StrJoin(names, ", "), ")"));
      }
      if (special && name == "mutants") {
        return BadEngine(
            "mutants weakens each point over the whole library; leave it out, or SCENARIO and "
            "--weaken");
      }
      if (!options_.scenarios.empty() && name == "fuzz") {
        return BadEngine("fuzz invents its scenarios; leave it out, or SCENARIO");
      }
    }
    if (!chosen_.empty()) return absl::OkStatus();
    chosen_ = EngineNames();
    if (special) std::erase(chosen_, "mutants");
    if (!options_.scenarios.empty()) std::erase(chosen_, "fuzz");
    return absl::OkStatus();
  }

  absl::Status AddExplore() {
    CheckOptions check;
    check.scenarios = options_.scenarios;
    check.mmu = options_.mmu;
    check.variants = options_.variants;
    check.weaken = options_.weaken;
    check.strategies = Strategies();
    absl::StatusOr<racewalk::Plan> rows = MakePlan(check);
    if (!rows.ok()) return rows.status();
    const std::string* tried = nullptr;
    for (const Unit& unit : rows->units) {
      if (unit.enumerates) {
        return absl::InvalidArgumentError(
            absl::StrCat("--strategy: ", unit.strategy,
                         " runs each execution once, which is for racewalk check; name one that "
                         "samples, as pct:3"));
      }
      // Whatever the strategy.
      if (tried != nullptr && unit.strategy != *tried) continue;
      tried = &unit.strategy;
      if (absl::Status status = worlds_.explorer(unit.target.subject).status(); !status.ok()) {
        return status;
      }
    }
    NoteScenarios(rows->units);
    plan_.engines.push_back(
        {"explore", MakeExploreEngine(std::move(rows->units), worlds_.explorer)});
    return absl::OkStatus();
  }

  absl::Status AddMutants() {
    absl::StatusOr<std::vector<MutantUnit>> units =
        SelectMutants({}, options_.mmu, options_.variants);
    if (!units.ok()) return units.status();
    absl::StatusOr<KnownKills> known = ReadKnownKills(FilesIn(options_.tree));
    if (!known.ok()) return known.status();
    plan_.explained = std::move(known->survivors);
    kills_ = FormatHex64(Fnv1a64(FormatKillTable(known->table)));
    plan_.engines.push_back(
        {"mutants",
         MakeMutantsEngine(*std::move(units), std::move(known->table.kills), worlds_.explorer)});
    return absl::OkStatus();
  }

  absl::Status AddFuzz() {
    Target weak{.weaken = options_.weaken};
    if (absl::Status status = ResolveWeakened(weak); !status.ok()) return status;
    absl::StatusOr<std::vector<FuzzStart>> library =
        LibraryStart({.mmu = options_.mmu, .variants = options_.variants}, 1);
    if (!library.ok()) return library.status();
    std::vector<FuzzUnit> units;
    for (FuzzStart& start : *library) {
      const FuzzPlace place{start.input.subject.mmu, start.input.subject.variant};
      auto unit = std::find_if(units.begin(), units.end(),
                               [&](const FuzzUnit& known) { return known.place == place; });
      if (unit == units.end()) unit = units.insert(units.end(), {.place = place});
      start.input.subject.weakened = weak.subject.weakened;
      unit->start.push_back(std::move(start.input));
    }
    if (units.empty()) return absl::OkStatus();
    plan_.engines.push_back(
        {"fuzz", MakeFuzzEngine(std::move(units), options_.weaken, worlds_.explorer)});
    return absl::OkStatus();
  }

  absl::Status AddStress() {
    absl::StatusOr<Rows> rows = SelectRows({.scenarios = options_.scenarios,
                                            .mmu = options_.mmu,
                                            .variants = options_.variants,
                                            .weaken = options_.weaken});
    if (!rows.ok()) return rows.status();
    std::vector<Target>& targets = rows->targets;
    std::erase_if(targets, [&](const Target& target) {
      const Subject& subject = target.subject;
      StressLimits limits;
      limits.weakened = subject.weakened;
      return !PlanRound(subject.scenario, subject.mmu, subject.variant, 1, 0, limits).ok();
    });
    // What cannot be run on real threads can be explored.
    if (targets.empty() && options_.engines.empty()) return absl::OkStatus();
    if (targets.empty()) return BadEngine("stress cannot run what was selected; leave it out");
    plan_.engines.push_back({"stress", MakeStressEngine(std::move(targets), worlds_.rounds)});
    return absl::OkStatus();
  }

  std::vector<std::string> Strategies() const {
    if (!options_.strategies.empty()) return options_.strategies;
    return {"random", "pct:3", "pos"};
  }

  // Names of the library, and what stands in for texts.
  void NoteScenarios(const std::vector<Unit>& units) {
    for (const Unit& unit : units) {
      const Scenario& scenario = unit.target.subject.scenario;
      std::string name = LibraryName(scenario);
      if (name.empty()) name = absl::StrCat("text-", FormatHex64(Fnv1a64(PrintOneLine(scenario))));
      if (std::find(scenarios_.begin(), scenarios_.end(), name) == scenarios_.end()) {
        scenarios_.push_back(std::move(name));
      }
    }
  }

  std::string Settings() const {
    std::string text = absl::StrCat("engines=", absl::StrJoin(plan_.names(), ","));
    const auto add = [&](absl::string_view name, const std::string& value) {
      if (!value.empty()) absl::StrAppend(&text, " ", name, "=", value);
    };
    if (!options_.scenarios.empty()) add("scenarios", absl::StrJoin(scenarios_, ","));
    add("mmu", options_.mmu);
    add("variants", absl::StrJoin(options_.variants, ","));
    add("weaken", absl::StrJoin(options_.weaken, ","));
    if (Has("explore")) {
      add("strategies", absl::StrJoin(Strategies(), ";"));
      add("executions", absl::StrCat(kChunkExecutions));
    }
    add("kills", kills_);
    if (Has("fuzz")) add("inputs", absl::StrCat(kChunkInputs));
    if (Has("stress")) add("rounds", absl::StrCat(kChunkRounds));
    // A revision with "+" does not say which points and scenarios there are.
    const KillInputs inputs = CurrentKillInputs();
    add("points", inputs.points);
    add("library", inputs.library);
    return text;
  }

  const CampaignOptions& options_;
  const CampaignWorlds& worlds_;
  CampaignPlan plan_{};
  std::vector<std::string> chosen_{};
  std::vector<std::string> scenarios_{};
  std::string kills_{};
};

}  // namespace

std::vector<std::string> CampaignPlan::names() const {
  std::vector<std::string> names;
  for (const PlannedEngine& engine : engines) names.push_back(engine.name);
  return names;
}

absl::StatusOr<CampaignPlan> PlanCampaign(const CampaignOptions& options,
                                          const CampaignWorlds& worlds) {
  return Planner(options, worlds).Plan();
}

}  // namespace racewalk
