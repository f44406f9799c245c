#include "scenarios/variants.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "scenarios/diagnostics.h"
#include "scenarios/nearest.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr Variant kVariants[] = {
    {"owned", MmuChoice::kTdp, VariantGroup::kDesign, true,
     "the MMU holds a reference to each valid root"},
    {"last_put_zaps", MmuChoice::kTdp, VariantGroup::kDesign, false,
     "early 2022: whoever drops a root's last reference zaps it"},
    {"ad_at_zap", MmuChoice::kTdp, VariantGroup::kAdAtZap, false,
     "before 2024: accessed and dirty are passed to the host when an entry is zapped"},
    {"async_zap", MmuChoice::kTdp, VariantGroup::kAsyncZap, false,
     "5.18 to 6.5: a worker zaps invalid roots, and whoever needs them gone waits for it"},
    {"defer_to_callback", MmuChoice::kStage2, VariantGroup::kDesign, true,
     "a removed subtree is left alone until its RCU callback"},
    {"lock_subtree", MmuChoice::kStage2, VariantGroup::kDesign, false,
     "every entry of a removed subtree is locked"},
    {"rwlock", MmuChoice::kStage2, VariantGroup::kDesign, false,
     "a writer lock excludes faults while a subtree is removed"},
    {"bbm2", MmuChoice::kStage2, VariantGroup::kBbm2, false,
     "FEAT_BBM level 2: block and table change places without a break"},
    {"current", MmuChoice::kAny, VariantGroup::kNotifier, true, "today's MMU notifier"},
    {"v14", MmuChoice::kAny, VariantGroup::kNotifier, false,
     "2008: the sequence alone is checked, a callee takes the lock"},
};

bool Fits(const Variant& variant, MmuChoice mmu) {
  return mmu == MmuChoice::kAny || variant.mmu == MmuChoice::kAny || variant.mmu == mmu;
}

const Variant* Find(absl::string_view name) {
  for (const Variant& variant : kVariants) {
    if (variant.name == name) return &variant;
  }
  return nullptr;
}

std::vector<std::string> NamesFor(MmuChoice mmu) {
  std::vector<std::string> names;
  for (const Variant& variant : kVariants) {
    if (Fits(variant, mmu)) names.emplace_back(variant.name);
  }
  return names;
}

absl::Status Error(absl::string_view found, absl::string_view expected, absl::string_view remedy) {
  return absl::InvalidArgumentError(
      absl::StrCat("found ", found, ", expected ", expected, "; ", remedy));
}

bool Has(const std::vector<const Variant*>& parts, absl::string_view name) {
  return std::any_of(parts.begin(), parts.end(),
                     [name](const Variant* part) { return part->name == name; });
}

// Looks the names up, and narrows `mmu` to the one that they belong to.
absl::Status Resolve(absl::string_view combination, MmuChoice& mmu,
                     std::vector<const Variant*>& parts) {
  for (const absl::string_view name : absl::StrSplit(combination, '+')) {
    const Variant* variant = Find(name);
    if (variant == nullptr) {
      return Error(Quoted(name), "a variant", NearestOrAll(name, NamesFor(mmu)));
    }
    if (!Fits(*variant, mmu)) {
      return Error(Quoted(name), absl::StrCat("a variant of ", SpellingOf(kMmuSpellings, mmu)),
                   NearestOrAll(name, NamesFor(mmu)));
    }
    if (variant->mmu != MmuChoice::kAny) mmu = variant->mmu;
    for (const Variant* other : parts) {
      if (other->group != variant->group) continue;
      return Error(absl::StrCat(Quoted(other->name), " and ", Quoted(name)), "one of them",
                   "separate alternatives by ',' instead of '+'");
    }
    parts.push_back(variant);
  }
  // Whoever drops the last reference has zapped the root: a worker would find none.
  if (Has(parts, "last_put_zaps") && Has(parts, "async_zap")) {
    return Error("'last_put_zaps' and 'async_zap'", "'async_zap' with 'owned' only",
                 "write 'owned' instead of 'last_put_zaps', or leave 'async_zap' out");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Span<const Variant> Variants() { return kVariants; }

std::vector<std::string> DefaultVariants(MmuChoice mmu) {
  std::vector<std::string> variants;
  if (mmu != MmuChoice::kStage2) variants = {"owned", "last_put_zaps", "owned+ad_at_zap"};
  if (mmu != MmuChoice::kTdp) {
    variants.insert(variants.end(), {"defer_to_callback", "lock_subtree", "rwlock"});
  }
  return variants;
}

absl::StatusOr<std::string> CanonicalVariant(MmuChoice mmu, absl::string_view combination) {
  std::vector<const Variant*> parts;
  if (absl::Status status = Resolve(combination, mmu, parts); !status.ok()) return status;

  std::vector<absl::string_view> design, others;
  for (const Variant* part : parts) {
    if (part->group == VariantGroup::kDesign) {
      design.push_back(part->name);
    } else if (!part->by_default) {
      others.push_back(part->name);
    }
  }
  std::sort(others.begin(), others.end());
  if (mmu == MmuChoice::kAny) {
    return others.empty() ? std::string("current") : absl::StrJoin(others, "+");
  }
  for (const Variant& variant : kVariants) {
    const bool base = variant.group == VariantGroup::kDesign && variant.by_default;
    if (base && variant.mmu == mmu && design.empty()) design.push_back(variant.name);
  }
  design.insert(design.end(), others.begin(), others.end());
  return absl::StrJoin(design, "+");
}

std::vector<PointUnit> UnitsOf(const PointInfo& info) {
  std::vector<PointUnit> units;
  for (const MmuChoice mmu : {MmuChoice::kTdp, MmuChoice::kStage2}) {
    const absl::string_view name = SpellingOf(kMmuSpellings, mmu);
    const std::size_t before = units.size();
    for (const std::string& variant : DefaultVariants(mmu)) {
      if (MattersIn(info, absl::StrCat(name, "+", variant))) units.push_back({mmu, variant});
    }
    if (units.size() > before || info.variant.empty()) continue;
    const auto own =
        CanonicalVariant(mmu, absl::string_view(info.variant.data(), info.variant.size()));
    if (own.ok()) units.push_back({mmu, *own});
  }
  return units;
}

bool FitsAccess(absl::string_view combination, AccessKind access_kind) {
  if (access_kind == AccessKind::kBits) return true;
  const std::vector<absl::string_view> names = absl::StrSplit(combination, '+');
  return std::find(names.begin(), names.end(), "ad_at_zap") == names.end();
}

std::vector<std::string> VariantsToRun(const Scenario& scenario, MmuChoice mmu) {
  std::vector<std::string> variants;
  if (scenario.variants.empty()) {
    variants = DefaultVariants(mmu);
    std::erase_if(variants, [&](const std::string& variant) {
      return !FitsAccess(variant, scenario.access_kind);
    });
    return variants;
  }
  for (const std::string& combination : scenario.variants) {
    const absl::StatusOr<std::string> canonical = CanonicalVariant(mmu, combination);
    if (!canonical.ok()) continue;  // of the other MMU
    if (std::find(variants.begin(), variants.end(), *canonical) == variants.end()) {
      variants.push_back(*canonical);
    }
  }
  return variants;
}

}  // namespace racewalk
