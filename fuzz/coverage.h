// What executions have shown: which steps of the protocol came right after each
// other on a word, and which shapes the tables had.
#ifndef RACEWALK_FUZZ_COVERAGE_H_
#define RACEWALK_FUZZ_COVERAGE_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/platform/decisions.h"
#include "core/protocol.h"
#include "scenarios/explore/conflict.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/machine/vm_shape.h"
#include "scenarios/scenario.h"

namespace racewalk {

// A feature is a number that means the same in every run of a build:
//
//   pair   an operation at one site, then one of another thread on the same word
//          at another site, of which at least one writes. A site is a protocol
//          point, or where an operation has none its kind and the word of the scenario
//          that it is part of. On words of all kinds: entries of tables, roots, reference
//          counts, the notifier's sequence, locks.
//   state  depth, roots and pending callbacks as an operation returned, hashed.
using Feature = uint32_t;

inline constexpr Feature kStateFeature = Feature{1} << 31;

// Counts what executions do between setup and rest. Plain memory, written on fibers;
// what is explored does not depend on it. Thread-compatible.
class Coverage final : public Watcher {
 public:
  // Starts an execution: what came before is no partner of what comes.
  void Begin() {
    ++execution_;
    verbs_.fill(kNoVerb);
  }
  void Begins(int thread, Verb verb) override {
    verbs_[static_cast<std::size_t>(thread)] = static_cast<uint32_t>(verb);
  }
  // `thread` is about to do what it has announced.
  void Step(int thread, const Announcement& next) {
    if (next.location == 0) return;
    const auto self = static_cast<int16_t>(thread);
    const auto site = static_cast<uint16_t>(SiteOf(next, verbs_[static_cast<std::size_t>(thread)]));
    const bool reads = OnlyReads(next.kind);
    if (next.location >= words_.size()) words_.resize(next.location * 2);
    Word& word = words_[next.location];
    if (word.execution != execution_) word = {.execution = execution_};
    // After a read, the write before it is a partner too.
    if (word.last.thread != self && !(reads && word.last_reads)) AddPair(word.last, site);
    if (word.last_reads && word.write.thread != self) AddPair(word.write, site);
    word.last = {self, site};
    word.last_reads = reads;
    if (!reads) word.write = word.last;
  }
  void Saw(const VmShape& shape) override;

  // How many features there are.
  std::size_t size() const { return pairs_.count() + states_.count(); }
  bool Has(Feature feature) const {
    return (feature & kStateFeature) != 0 ? states_.test(feature & ~kStateFeature)
                                          : pairs_.test(feature);
  }
  // In ascending order.
  std::vector<Feature> Features() const;
  // Adds those of `other`; returns how many are new.
  std::size_t Merge(const Coverage& other);
  void Clear();

  // "table_publish -> walk_follow"; "rmw in unmap -> hardware in read"; "state 12".
  static std::string TextOf(Feature feature);
  // Of an announced operation in a word of the scenario, or kNoVerb; below kSites.
  static uint32_t SiteOf(const Announcement& next, uint32_t verb) {
    return next.at != point::none ? kPlainSites + static_cast<uint32_t>(next.at)
                                  : static_cast<uint32_t>(next.kind) * (kNoVerb + 1) + verb;
  }
  static Feature PairOf(uint32_t first, uint32_t second) {
    return static_cast<Feature>(first * kSites + second);
  }

  static constexpr uint32_t kKinds = static_cast<uint32_t>(OpKind::kYield) + 1;
  static constexpr uint32_t kNoVerb = static_cast<uint32_t>(Verb::kSynchronizeRcu) + 1;
  static constexpr uint32_t kPlainSites = kKinds * (kNoVerb + 1);
  static constexpr uint32_t kSites = kPlainSites + static_cast<uint32_t>(kPointCount);
  static constexpr std::size_t kStates = std::size_t{1} << 16;

 private:
  struct Access {
    int16_t thread = -1;  // -1: none
    uint16_t site = 0;
  };
  struct Word {
    uint64_t execution = 0;
    Access last{};
    Access write{};
    bool last_reads = false;
  };

  void AddPair(const Access& first, uint32_t second) {
    if (first.thread >= 0) pairs_.set(PairOf(first.site, second));
  }

  uint64_t execution_ = 0;
  // By thread; of the callback thread, and before the first operation, kNoVerb.
  std::array<uint32_t, kMaxThreads> verbs_{};
  std::vector<Word> words_ = std::vector<Word>(256);  // by location
  std::bitset<std::size_t{kSites} * kSites> pairs_{};
  std::bitset<kStates> states_{};
};

// Decides as `strategy` does and shows `coverage` every step; exploring without it pays nothing.
// Both must outlive this.
class CoveringStrategy final : public Strategy {
 public:
  CoveringStrategy(Strategy& strategy, Coverage& coverage)
      : strategy_(strategy), coverage_(coverage) {}

  void Begin(uint64_t key) override {
    coverage_.Begin();
    strategy_.Begin(key);
  }
  int Pick(const PickView& view) override {
    const int thread = strategy_.Pick(view);
    Show(view, thread);
    return thread;
  }
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override { return strategy_.Choose(n, kind); }
  void End() override { strategy_.End(); }
  std::string spec() const override { return strategy_.spec(); }
  std::optional<Divergence> divergence() const override { return strategy_.divergence(); }
  std::string bound() const override { return strategy_.bound(); }
  bool exhausted() const override { return strategy_.exhausted(); }
  Enumeration* enumeration() override { return strategy_.enumeration(); }

 private:
  void Show(const PickView& view, int thread) {
    coverage_.Step(thread, (*view.next)[static_cast<std::size_t>(thread)]);
  }

  Strategy& strategy_;
  Coverage& coverage_;
};

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_COVERAGE_H_
