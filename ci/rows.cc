#include "ci/rows.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/target.h"
#include "scenarios/bugs.h"
#include "scenarios/library.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

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

class Selector {
 public:
  explicit Selector(const Selection& selection) : selection_(selection) {}

  absl::StatusOr<Rows> Select() {
    absl::Status status = Prepare();
    if (!status.ok()) return status;
    absl::StatusOr<std::vector<Scenario>> scenarios = Scenarios();
    if (!scenarios.ok()) return scenarios.status();
    for (const Scenario& scenario : *scenarios) {
      const std::size_t before = rows_.targets.size();
      AddTargets(scenario);
      if (rows_.targets.size() == before && !rows_.whole_library) return NothingLeft(scenario);
    }
    if (rows_.targets.empty()) {
      return absl::InvalidArgumentError(
          "no scenario of the library fits --mmu and --variant; racewalk list scenarios shows "
          "what each needs");
    }
    return std::move(rows_);
  }

 private:
  absl::Status Prepare() {
    base_.weaken = selection_.weaken;
    base_.bug = selection_.bug;
    absl::Status status = ResolveWeakened(base_);
    if (!status.ok()) return status;
    mmu_ = selection_.mmu;
    variants_ = selection_.variants;
    if (!base_.bug.empty()) {
      rows_.bug = FindBug(base_.bug);
      if (mmu_.empty()) mmu_ = rows_.bug->mmu;
      // Another MMU has other variants: then the scenario's own are run.
      if (variants_.empty() && mmu_ == rows_.bug->mmu) variants_ = {rows_.bug->variant};
    }
    rows_.whole_library = selection_.scenarios.empty() && rows_.bug == nullptr;
    return CheckVariants(variants_, mmu_);
  }

  absl::StatusOr<std::vector<Scenario>> Scenarios() const {
    if (rows_.whole_library) return Library();
    std::vector<std::string> arguments = selection_.scenarios;
    if (arguments.empty()) arguments.push_back(rows_.bug->scenario);
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

  void AddTargets(const Scenario& scenario) {
    for (const std::string& mmu : MmusOf(scenario, mmu_)) {
      for (const std::string& variant : VariantsFor(scenario, MmuNamed(mmu))) {
        Target target = base_;
        target.subject.scenario = scenario;
        target.subject.mmu = mmu;
        target.subject.variant = variant;
        rows_.targets.push_back(std::move(target));
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
             (rows_.whole_library && !RunsOn(scenario, name, variant));
    });
    if (scenario.variants.empty() || rows_.bug != nullptr) return variants;
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
    if (rows_.bug != nullptr && selection_.mmu.empty() && selection_.variants.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("scenario ", ScenarioLabel(scenario), " is not for bug ", rows_.bug->name,
                       ", which is of ", rows_.bug->mmu, " (", rows_.bug->variant, "); ", is_for,
                       ": name no scenario, and the bug's own, ", rows_.bug->scenario, ", is run"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "scenario ", ScenarioLabel(scenario), " is not for",
        mmu_.empty() ? "" : absl::StrCat(" --mmu=", mmu_),
        variants_.empty() ? "" : absl::StrCat(" --variant=", absl::StrJoin(variants_, ",")), "; ",
        is_for));
  }

  const Selection& selection_;
  Rows rows_{};
  Target base_{};
  std::string mmu_{};
  std::vector<std::string> variants_{};
};

}  // namespace

absl::StatusOr<Rows> SelectRows(const Selection& selection) { return Selector(selection).Select(); }

}  // namespace racewalk
