#include "fuzz/corpus.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fuzz/draw.h"
#include "fuzz/tree.h"

namespace racewalk {
namespace {

// What a feature that only one entry has adds to its weight; one of many adds little.
constexpr uint32_t kRarest = 256;

class CoverSearch {
 public:
  explicit CoverSearch(const std::vector<CorpusEntry>& entries) : entries_(entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      costs_.push_back(CostOf(entries[i].input));
      gains_.push_back(entries[i].features.size());
      for (const Feature feature : entries[i].features) has_[feature].push_back(i);
    }
  }

  std::vector<CoverMember> Run(std::size_t most) {
    while (chosen_.size() < most) {
      const std::size_t best = Best();
      if (best == entries_.size()) break;
      Take(best);
    }
    Prune();
    std::sort(chosen_.begin(), chosen_.end());
    return Share();
  }

 private:
  // The next to be taken, or the number of entries if none adds anything.
  std::size_t Best() const {
    std::size_t best = entries_.size();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (gains_[i] == 0) continue;
      if (best == entries_.size() || gains_[i] > gains_[best] ||
          (gains_[i] == gains_[best] && costs_[i] < costs_[best])) {
        best = i;
      }
    }
    return best;
  }

  void Take(std::size_t taken) {
    chosen_.push_back(taken);
    for (const Feature feature : entries_[taken].features) {
      if (!covered_.insert(feature).second) continue;
      for (const std::size_t other : has_[feature]) --gains_[other];
    }
  }

  // The largest first, and of these those that were taken last.
  void Prune() {
    std::unordered_map<Feature, uint32_t> counts;
    for (const std::size_t i : chosen_) {
      for (const Feature feature : entries_[i].features) ++counts[feature];
    }
    std::vector<std::pair<uint64_t, std::size_t>> order;  // cost, place in chosen_
    for (std::size_t place = 0; place < chosen_.size(); ++place) {
      order.emplace_back(costs_[chosen_[place]], place);
    }
    std::sort(order.rbegin(), order.rend());
    const std::vector<std::size_t> taken = chosen_;
    for (const auto& [cost, place] : order) {
      const std::size_t i = taken[place];
      const std::vector<Feature>& features = entries_[i].features;
      if (std::any_of(features.begin(), features.end(),
                      [&](Feature feature) { return counts[feature] == 1; })) {
        continue;
      }
      for (const Feature feature : features) --counts[feature];
      std::erase(chosen_, i);
    }
  }

  // Each feature goes to the smallest that has it.
  std::vector<CoverMember> Share() const {
    std::vector<std::size_t> order = chosen_;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(costs_[a], a) < std::pair(costs_[b], b);
    });
    std::unordered_set<Feature> shared;
    std::vector<CoverMember> members;
    for (const std::size_t i : order) {
      CoverMember member{.index = i};
      for (const Feature feature : entries_[i].features) {
        if (shared.insert(feature).second) member.features.push_back(feature);
      }
      members.push_back(std::move(member));
    }
    std::sort(members.begin(), members.end(),
              [](const CoverMember& a, const CoverMember& b) { return a.index < b.index; });
    return members;
  }

  const std::vector<CorpusEntry>& entries_;
  std::vector<uint64_t> costs_{};
  std::vector<std::size_t> gains_{};  // features that nobody chosen has
  std::unordered_map<Feature, std::vector<std::size_t>> has_{};
  std::unordered_set<Feature> covered_{};
  std::vector<std::size_t> chosen_{};
};

}  // namespace

uint64_t CostOf(const Input& input) {
  const Scenario& scenario = input.subject.scenario;
  return RunsOf(scenario) + 2 * scenario.threads.size();
}

void Corpus::Add(CorpusEntry entry) {
  for (const Feature feature : entry.features) {
    if (counts_[IndexOf(feature)]++ == 0) ++known_;
  }
  entries_.push_back(std::move(entry));
}

std::vector<Feature> Corpus::NewIn(const std::vector<Feature>& features) const {
  std::vector<Feature> fresh;
  for (const Feature feature : features) {
    if (!Has(feature)) fresh.push_back(feature);
  }
  return fresh;
}

const CorpusEntry& Corpus::Draw(Rng& rng) const {
  if (weights_.size() != entries_.size()) {
    weights_.clear();
    for (const CorpusEntry& entry : entries_) {
      uint64_t rarity = 0;
      for (const Feature feature : entry.features) rarity += kRarest / counts_[IndexOf(feature)];
      weights_.push_back(static_cast<uint32_t>(1 + rarity / CostOf(entry.input)));
    }
  }
  return entries_[DrawWeighted(rng, weights_)];
}

std::vector<CoverMember> SmallCover(const std::vector<CorpusEntry>& entries, std::size_t most) {
  return CoverSearch(entries).Run(most);
}

}  // namespace racewalk
