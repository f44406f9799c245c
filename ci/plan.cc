#include "ci/plan.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/library.h"
#include "scenarios/scenario.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr double kLibrarySeconds = 60;
constexpr double kNamedSeconds = 10;

std::vector<std::string> MmusOf(const Scenario& scenario, const std::string& wanted) {
  std::vector<std::string> mmus;
  // An MMU that is asked for by name but not modelled is for Explorer to refuse.
  const std::vector<std::string> candidates =
      wanted.empty() ? ModelledMmus() : std::vector<std::string>{wanted};
  for (const std::string& mmu : candidates) {
    if (scenario.mmu == MmuChoice::kAny || scenario.mmu == MmuNamed(mmu)) mmus.push_back(mmu);
  }
  // Of MMUs that nobody asked for, those that have its words; what none has is
  // for Explorer to refuse.
  const auto lacks = [&](const std::string& mmu) { return !RunsOn(scenario, mmu, ""); };
  if (mmus.size() > 1 && !std::all_of(mmus.begin(), mmus.end(), lacks)) std::erase_if(mmus, lacks);
  return mmus;
}

// A spec is checked now; what it learns in a pilot comes later.
absl::Status CheckStrategies(const std::vector<std::string>& specs) {
  for (const std::string& spec : specs) {
    absl::Status status = MakeStrategy(spec, {.threads = 3, .steps = 100}).status();
    if (!status.ok()) return status;
    // Run many times it would prove nothing, and look as if it did.
    if (absl::StartsWith(spec, "path:")) {
      return absl::InvalidArgumentError(
          "strategy path names a single execution; give racewalk replay a token with it");
    }
  }
  return absl::OkStatus();
}

bool Enumerates(const std::string& spec) {
  absl::StatusOr<std::unique_ptr<Strategy>> strategy = MakeStrategy(spec, {});
  return strategy.ok() && (*strategy)->enumeration() != nullptr;
}

// The canonical spellings of `combinations` that fit `mmu`, without duplicates.
std::vector<std::string> FittingVariants(const std::vector<std::string>& combinations,
                                         MmuChoice mmu) {
  std::vector<std::string> fitting;
  for (const std::string& combination : combinations) {
    absl::StatusOr<std::string> canonical = CanonicalVariant(mmu, combination);
    if (!canonical.ok()) continue;
    if (std::find(fitting.begin(), fitting.end(), *canonical) == fitting.end()) {
      fitting.push_back(*std::move(canonical));
    }
  }
  return fitting;
}

absl::Status CheckVariants(const std::vector<std::string>& combinations, const std::string& mmu) {
  for (const std::string& combination : combinations) {
    absl::Status status =
        CanonicalVariant(mmu.empty() ? MmuChoice::kAny : MmuNamed(mmu), combination).status();
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--variant: ", absl::string_view(status.message())));
    }
  }
  return absl::OkStatus();
}

class Planner {
 public:
  explicit Planner(const CheckOptions& options) : options_(options) {}

  absl::StatusOr<Plan> Make() {
    absl::Status status = Prepare();
    if (!status.ok()) return status;
    absl::StatusOr<std::vector<Scenario>> scenarios = Scenarios();
    if (!scenarios.ok()) return scenarios.status();
    for (const Scenario& scenario : *scenarios) {
      const std::size_t before = plan_.units.size();
      AddUnits(scenario);
      if (plan_.units.size() == before && !whole_library_) return NothingLeft(scenario);
    }
    if (plan_.units.empty()) {
      return absl::InvalidArgumentError(
          "no scenario of the library fits --mmu and --variant; racewalk list scenarios shows "
          "what each needs");
    }
    return std::move(plan_);
  }

 private:
  absl::Status Prepare() {
    base_.weaken = options_.weaken;
    base_.bug = options_.bug;
    absl::Status status = ResolveWeakened(base_);
    if (!status.ok()) return status;
    plan_.strategies = options_.strategies;
    if (plan_.strategies.empty()) plan_.strategies = {"random", "pct:3"};
    status = CheckStrategies(plan_.strategies);
    if (!status.ok()) return status;
    mmu_ = options_.mmu;
    variants_ = options_.variants;
    if (!base_.bug.empty()) {
      plan_.bug = FindBug(base_.bug);
      if (mmu_.empty()) mmu_ = plan_.bug->mmu;
      // Another MMU has other variants: then the scenario's own are run.
      if (variants_.empty() && mmu_ == plan_.bug->mmu) variants_ = {plan_.bug->variant};
    }
    whole_library_ = options_.scenarios.empty() && plan_.bug == nullptr;
    plan_.seconds = options_.seconds;
    if (!plan_.seconds && !options_.executions) {
      plan_.seconds = whole_library_ ? kLibrarySeconds : kNamedSeconds;
    }
    plan_.stop_at_first = plan_.bug != nullptr || !options_.weaken.empty();
    return CheckVariants(variants_, mmu_);
  }

  absl::StatusOr<std::vector<Scenario>> Scenarios() const {
    if (whole_library_) return Library();
    std::vector<std::string> arguments = options_.scenarios;
    if (arguments.empty()) arguments.push_back(plan_.bug->scenario);
    std::vector<Scenario> scenarios;
    for (const std::string& argument : arguments) {
      absl::StatusOr<Scenario> scenario = ResolveScenario(argument);
      if (!scenario.ok()) return scenario.status();
      // The same one twice would share one row's name.
      if (std::find(scenarios.begin(), scenarios.end(), *scenario) == scenarios.end()) {
        scenarios.push_back(*std::move(scenario));
      }
    }
    return scenarios;
  }

  void AddUnits(const Scenario& scenario) {
    for (const std::string& mmu : MmusOf(scenario, mmu_)) {
      for (const std::string& variant : VariantsFor(scenario, MmuNamed(mmu))) {
        for (const std::string& strategy : plan_.strategies) {
          Unit unit{.target = base_, .strategy = strategy, .enumerates = Enumerates(strategy)};
          unit.target.subject.scenario = scenario;
          unit.target.subject.mmu = mmu;
          unit.target.subject.variant = variant;
          plan_.units.push_back(std::move(unit));
        }
      }
    }
  }

  // Those asked for, unless the scenario says that it is not meant for them.
  std::vector<std::string> VariantsFor(const Scenario& scenario, MmuChoice mmu) const {
    if (variants_.empty()) return VariantsToRun(scenario, mmu);
    std::vector<std::string> variants = FittingVariants(variants_, mmu);
    // Of the library, those that can be run; what was named is for Explorer to refuse.
    const std::string name(SpellingOf(kMmuSpellings, mmu));
    std::erase_if(variants, [&](const std::string& variant) {
      return !FitsAccess(variant, scenario.access_kind) ||
             (whole_library_ && !RunsOn(scenario, name, variant));
    });
    if (scenario.variants.empty() || plan_.bug != nullptr) return variants;
    const std::vector<std::string> own = VariantsToRun(scenario, mmu);
    std::erase_if(variants, [&](const std::string& variant) {
      return std::find(own.begin(), own.end(), variant) == own.end();
    });
    return variants;
  }

  absl::Status NothingLeft(const Scenario& scenario) const {
    if (MmusOf(scenario, "").empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("scenario ", ScenarioLabel(scenario),
                       " is for no MMU that this version models; write 'mmu: any'"));
    }
    std::vector<std::string> has;
    for (const std::string& mmu : MmusOf(scenario, "")) {
      has.push_back(absl::StrCat(mmu, " (",
                                 absl::StrJoin(VariantsToRun(scenario, MmuNamed(mmu)), ", "), ")"));
    }
    const std::string is_for = absl::StrCat("it is for ", absl::StrJoin(has, " and "));
    // The bug chose, not the user.
    if (plan_.bug != nullptr && options_.mmu.empty() && options_.variants.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("scenario ", ScenarioLabel(scenario), " is not for bug ", plan_.bug->name,
                       ", which is of ", plan_.bug->mmu, " (", plan_.bug->variant, "); ", is_for,
                       ": name no scenario, and the bug's own, ", plan_.bug->scenario, ", is run"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "scenario ", ScenarioLabel(scenario), " is not for",
        mmu_.empty() ? "" : absl::StrCat(" --mmu=", mmu_),
        variants_.empty() ? "" : absl::StrCat(" --variant=", absl::StrJoin(variants_, ",")), "; ",
        is_for));
  }

  const CheckOptions& options_;
  Plan plan_{};
  Target base_{};
  std::string mmu_{};
  std::vector<std::string> variants_{};
  bool whole_library_ = false;
};

}  // namespace

std::string UnitName(const Unit& unit) {
  const Subject& subject = unit.target.subject;
  return absl::StrCat(ScenarioLabel(subject.scenario), " ", subject.mmu, " ", subject.variant, " ",
                      unit.strategy);
}

absl::StatusOr<Plan> MakePlan(const CheckOptions& options) { return Planner(options).Make(); }

}  // namespace racewalk
