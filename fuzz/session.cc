#include "fuzz/session.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "fuzz/draw.h"
#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/splice.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

// To make an input smaller that has just been kept; and the part of a chunk's executions that may
// go to it. At first nearly all inputs are kept, and there is more to be had from other ones.
constexpr uint64_t kQuickTries = 12;
constexpr uint64_t kReducingShare = 8;
// A mutation may lead away from where inputs are run.
constexpr int kPlaceTries = 4;

class ChunkRun {
 public:
  ChunkRun(const Corpus& corpus, const FuzzSettings& settings, const FuzzTurn& turn,
           const InputFunction& run)
      : corpus_(corpus),
        settings_(settings),
        turn_(turn),
        run_(run),
        rng_(ExecutionKey(turn.seed, turn.number)) {}

  FuzzChunk Run() {
    for (uint64_t i = 0; i < turn_.inputs && Fits() && !Stopped(); ++i) Try(DrawInput());
    chunk_.features = seen_.Features();
    return std::move(chunk_);
  }

 private:
  bool Fits() const { return chunk_.executions + kFuzzExecutions <= turn_.executions; }
  bool Stopped() const {
    return !chunk_.unsound.empty() || (settings_.stop_at_violation && !chunk_.violations.empty());
  }

  bool Allowed(const Subject& subject) const {
    const FuzzPlace place{subject.mmu, subject.variant};
    return settings_.places.empty() || std::find(settings_.places.begin(), settings_.places.end(),
                                                 place) != settings_.places.end();
  }

  Subject Invent() {
    if (settings_.places.empty()) return Generate(settings_.limits, rng_);
    const FuzzPlace& place = DrawFrom(rng_, settings_.places);
    return Generate(place.mmu, place.variant, settings_.limits, rng_);
  }

  // One to four changes: small steps mostly, and now and then a leap.
  bool Change(Subject& subject) {
    const Subject before = subject;
    uint32_t changes = 1;
    while (changes < 4 && OneIn(rng_, 2)) ++changes;
    for (int tries = 0; tries < kPlaceTries; ++tries) {
      for (uint32_t i = 0; i < changes; ++i) Mutate(subject, settings_.limits, rng_);
      if (Allowed(subject)) return true;
      subject = before;
    }
    return false;
  }

  Input DrawInput() {
    Input input;
    DrawSchedule(input, rng_);
    const bool anew = !settings_.feedback || corpus_.entries().empty() || OneIn(rng_, 4);
    if (anew) {
      input.subject = Invent();
    } else {
      const Input& parent = corpus_.Draw(rng_).input;
      input.subject = parent.subject;
      // What worked before may work again, with another key.
      if (!OneIn(rng_, 4)) input.strategy = parent.strategy;
      if (OneIn(rng_, 6)) {
        input.subject =
            Splice(parent.subject, corpus_.Draw(rng_).input.subject, settings_.limits, rng_);
        if (!Allowed(input.subject)) input.subject = Invent();
      } else if (!OneIn(rng_, 8) && !Change(input.subject)) {
        input.subject = Invent();
      }
    }
    input.subject.weakened = settings_.weakened;
    return input;
  }

  void Try(Input input) {
    Coverage coverage;
    const InputResult result = run_(input, kFuzzExecutions, coverage);
    ++chunk_.inputs;
    chunk_.executions += result.executions;
    chunk_.steps += result.steps;
    if (!result.status.ok()) {
      const auto message = result.status.message();
      chunk_.unsound =
          absl::StrCat(absl::string_view(message.data(), message.size()), "\n", PrintInput(input));
      return;
    }
    if (result.violation) {
      chunk_.violations.push_back({.input = std::move(input),
                                   .violation = *result.violation,
                                   .execution = chunk_.executions});
      return;
    }
    CorpusEntry entry{.input = std::move(input), .features = coverage.Features()};
    const std::vector<Feature> fresh = NewIn(entry.features);
    seen_.Merge(coverage);
    if (settings_.feedback && !fresh.empty()) Keep(std::move(entry), fresh);
  }

  std::vector<Feature> NewIn(const std::vector<Feature>& features) const {
    std::vector<Feature> fresh = corpus_.NewIn(features);
    std::erase_if(fresh, [&](Feature feature) { return seen_.Has(feature); });
    return fresh;
  }

  void Keep(CorpusEntry entry, const std::vector<Feature>& fresh) {
    const uint64_t share = chunk_.executions / kReducingShare;
    const uint64_t left =
        std::min(share - std::min(share, reducing_), turn_.executions - chunk_.executions);
    Reduced reduced =
        Reduce(std::move(entry), fresh, {.tries = kQuickTries, .executions = left}, run_);
    reducing_ += reduced.executions;
    for (FuzzViolation& violation : reduced.violations) {
      violation.execution += chunk_.executions;
      chunk_.violations.push_back(std::move(violation));
    }
    chunk_.executions += reduced.executions;
    chunk_.kept.push_back(std::move(reduced.entry));
  }

  const Corpus& corpus_;
  const FuzzSettings& settings_;
  const FuzzTurn& turn_;
  const InputFunction& run_;
  Rng rng_;
  Coverage seen_{};        // of this chunk
  uint64_t reducing_ = 0;  // executions
  FuzzChunk chunk_{};
};

}  // namespace

FuzzChunk RunFuzzChunk(const Corpus& corpus, const FuzzSettings& settings, const FuzzTurn& turn,
                       const InputFunction& run) {
  return ChunkRun(corpus, settings, turn, run).Run();
}

}  // namespace racewalk
