// Inputs that have shown something: which of them to start from next, and which
// of them are enough to show all of it.
#ifndef RACEWALK_FUZZ_CORPUS_H_
#define RACEWALK_FUZZ_CORPUS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/coverage.h"
#include "fuzz/input.h"
#include "scenarios/rng.h"

namespace racewalk {

struct CorpusEntry {
  Input input{};
  std::vector<Feature> features{};  // of all its executions, ascending
};

// How much of an input there is to read and to run; smaller ones are preferred.
uint64_t CostOf(const Input& input);

// Thread-compatible.
class Corpus {
 public:
  void Add(CorpusEntry entry);

  const std::vector<CorpusEntry>& entries() const { return entries_; }
  // How many features its entries have together.
  std::size_t features() const { return known_; }
  bool Has(Feature feature) const { return counts_[IndexOf(feature)] != 0; }
  // Those of `features` that no entry has.
  std::vector<Feature> NewIn(const std::vector<Feature>& features) const;

  // An entry, those with features that few others have and small ones more often.
  // A function of the entries and of `rng`. There must be an entry.
  const CorpusEntry& Draw(Rng& rng) const;

 private:
  static constexpr std::size_t kPairs = std::size_t{Coverage::kSites} * Coverage::kSites;
  static std::size_t IndexOf(Feature feature) {
    return (feature & kStateFeature) != 0 ? kPairs + (feature & ~kStateFeature) : feature;
  }

  std::vector<CorpusEntry> entries_{};
  std::vector<uint32_t> counts_ = std::vector<uint32_t>(kPairs + Coverage::kStates);  // of entries
  std::size_t known_ = 0;
  mutable std::vector<uint32_t> weights_{};  // by entry; outdated if there are fewer
};

// Of a smallest set, or nearly, of entries that together have every feature of all.
struct CoverMember {
  std::size_t index = 0;            // into the entries
  std::vector<Feature> features{};  // that it is there for: each feature is of one member
};

// Greedy: who adds most comes first, of those that add the same the smaller;
// who turns out to add nothing goes. At most `most` of them, which then do not have all. In the
// order of the entries; a function of the arguments.
std::vector<CoverMember> SmallCover(const std::vector<CorpusEntry>& entries,
                                    std::size_t most = ~std::size_t{0});

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_CORPUS_H_
