#include "ci/mutant.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/target.h"
#include "core/protocol.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

absl::Status CheckVariants(const std::vector<std::string>& variants, const std::string& mmu) {
  for (const std::string& variant : variants) {
    const absl::Status status =
        CanonicalVariant(mmu.empty() ? MmuChoice::kAny : MmuNamed(mmu), variant).status();
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--variant: ", absl::string_view(status.message())));
    }
  }
  return absl::OkStatus();
}

// Each MMU has its own canonical spelling of what was asked for.
bool IsOneOf(const MutantUnit& unit, const std::vector<std::string>& variants) {
  return std::any_of(variants.begin(), variants.end(), [&](const std::string& variant) {
    const absl::StatusOr<std::string> canonical = CanonicalVariant(MmuNamed(unit.mmu), variant);
    return canonical.ok() && *canonical == unit.variant;
  });
}

}  // namespace

std::string MutantName(const MutantUnit& unit) {
  return absl::StrCat(unit.point, " ", unit.mmu, " ", unit.variant);
}

bool MutantResult::killed_by_all() const {
  return killed() && std::all_of(searches.begin(), searches.end(), [](const MutantSearch& search) {
           return search.executions.has_value();
         });
}

std::vector<MutantUnit> AllMutants() {
  std::vector<MutantUnit> units;
  for (std::size_t i = 1; i < kPointCount; ++i) {
    for (const PointUnit& unit : UnitsOf(kPoints[i])) {
      units.push_back({std::string(kPoints[i].name),
                       std::string(SpellingOf(kMmuSpellings, unit.mmu)), unit.variant});
    }
  }
  return units;
}

std::vector<PointWithoutUnits> PointsWithoutUnits(absl::Span<const PointInfo> points) {
  std::vector<PointWithoutUnits> without;
  for (const PointInfo& info : points) {
    if (info.name == Info(point::none).name || !UnitsOf(info).empty()) continue;
    // PointInfo::why would be the reason for the point itself.
    without.push_back(
        {std::string(info.name), absl::StrCat("it matters in '", std::string(info.variant),
                                              "', and neither MMU has such a variant")});
  }
  return without;
}

absl::StatusOr<std::vector<MutantUnit>> SelectMutants(const std::vector<std::string>& points,
                                                      const std::string& mmu,
                                                      const std::vector<std::string>& variants) {
  // Says which name is unknown, and what is near it.
  Target named{.weaken = points};
  if (absl::Status status = ResolveWeakened(named); !status.ok()) return status;
  if (absl::Status status = CheckVariants(variants, mmu); !status.ok()) return status;
  std::vector<MutantUnit> units = AllMutants();
  std::erase_if(units, [&](const MutantUnit& unit) {
    return (!points.empty() && !Contains(points, unit.point)) ||
           (!mmu.empty() && unit.mmu != mmu) || (!variants.empty() && !IsOneOf(unit, variants));
  });
  if (!units.empty()) return units;
  return absl::InvalidArgumentError(absl::StrCat(
      "nothing to weaken: no unit",
      points.empty() ? "" : absl::StrCat(" of ", absl::StrJoin(points, ", ")),
      mmu.empty() ? "" : absl::StrCat(" with --mmu=", mmu),
      variants.empty() ? "" : absl::StrCat(" --variant=", absl::StrJoin(variants, ",")),
      "; racewalk list points --json shows the units of each point"));
}

std::vector<MutantUnit> SampleOf(std::vector<MutantUnit> units, uint64_t count, uint64_t seed) {
  if (count >= units.size()) return units;
  // The smallest of random keys; ExecutionKey mixes well and is ours to keep.
  std::vector<std::pair<uint64_t, std::size_t>> keys;
  for (std::size_t i = 0; i < units.size(); ++i) keys.emplace_back(ExecutionKey(seed, i), i);
  std::sort(keys.begin(), keys.end());
  keys.resize(count);
  std::sort(keys.begin(), keys.end(),
            [](const auto& one, const auto& two) { return one.second < two.second; });
  std::vector<MutantUnit> sample;
  for (const auto& [key, index] : keys) sample.push_back(std::move(units[index]));
  return sample;
}

}  // namespace racewalk
