#include "fuzz/coverage.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/protocol.h"
#include "scenarios/rng.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr std::array<const char*, Coverage::kKinds> kKindNames{
    "start",       "load",      "store",    "rmw",  "hardware", "lock",
    "shared lock", "rcu enter", "rcu work", "wait", "pause",    "yield"};

std::string SiteName(uint32_t site) {
  if (site >= Coverage::kPlainSites) {
    const std::string_view name = kPoints[site - Coverage::kPlainSites].name;
    return std::string(name);
  }
  const char* kind = kKindNames[site / (Coverage::kNoVerb + 1)];
  const uint32_t verb = site % (Coverage::kNoVerb + 1);
  if (verb == Coverage::kNoVerb) return kind;
  return absl::StrCat(kind, " in ", SpellingOf(WordOf(static_cast<Verb>(verb))));
}

}  // namespace

void Coverage::Saw(const VmShape& shape) {
  // More of a kind tell no more.
  constexpr uint32_t kMany = 7;
  uint64_t packed = 0;
  for (const uint32_t count : {shape.depth, shape.blocks, shape.valid_roots, shape.invalid_roots,
                               shape.startable, shape.runnable}) {
    packed = packed << 3 | std::min(count, kMany);
  }
  // How many tables only roughly: most numbers are reached whatever is done.
  packed = packed << 4 | static_cast<uint64_t>(std::bit_width(shape.tables));
  states_.set(Mix64(packed) % kStates);
}

namespace {

// Whole words of zeros are passed over, which is what there is most of.
template <std::size_t n>
void Append(const std::bitset<n>& set, Feature mark, std::vector<Feature>& features) {
  for (std::size_t i = set._Find_first(); i < n; i = set._Find_next(i)) {
    features.push_back(mark | static_cast<Feature>(i));
  }
}

}  // namespace

std::vector<Feature> Coverage::Features() const {
  std::vector<Feature> features;
  Append(pairs_, 0, features);
  Append(states_, kStateFeature, features);
  return features;
}

std::size_t Coverage::Merge(const Coverage& other) {
  const std::size_t before = size();
  pairs_ |= other.pairs_;
  states_ |= other.states_;
  return size() - before;
}

void Coverage::Clear() {
  pairs_.reset();
  states_.reset();
}

std::string Coverage::TextOf(Feature feature) {
  if ((feature & kStateFeature) != 0) return absl::StrCat("state ", feature & ~kStateFeature);
  return absl::StrCat(SiteName(feature / kSites), " -> ", SiteName(feature % kSites));
}

void CoveringStrategy::Forced(const PickView& view) {
  strategy_.Forced(view);
  Show(view, std::countr_zero(view.enabled));
}

}  // namespace racewalk
