#include "ci/campaign/fuzz_engine.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "ci/campaign/explore_engine.h"
#include "ci/fuzz_task.h"
#include "fuzz/corpus.h"
#include "fuzz/reduce.h"
#include "sanitizers/shared_array.h"

namespace racewalk {
namespace {

// What a process keeps of a unit. Made in it, so that no other one shares its slot.
class OpenUnit {
 public:
  OpenUnit(FuzzContext context, SharedArray<InputSlot> slots)
      : context_(std::move(context)), slots_(std::move(slots)), worker_(context_, slots_) {}

  // Runs what the unit starts from.
  FuzzAnswer Start(const std::vector<Input>& inputs) {
    FuzzRequest request{.kind = FuzzRequest::Kind::kMeasure, .executions = kFuzzExecutions};
    for (const Input& input : inputs) request.entries.push_back({.input = input});
    FuzzAnswer answer = worker_.Run(request);
    for (CorpusEntry& entry : answer.entries) {
      if (!entry.features.empty()) start_.Add(entry);
    }
    to_send_ = start_.entries();
    for (const FuzzFinding& found : answer.findings) findings_.push_back(SeenOf(found.finding));
    return answer;
  }
  // What fails there is of the unit alone, and so of each of its chunks.
  const std::vector<SeenViolation>& findings() const { return findings_; }
  FuzzAnswer Chunk(const FuzzTurn& turn) {
    return worker_.Run({.kind = FuzzRequest::Kind::kChunk,
                        .entries = std::exchange(to_send_, {}),
                        .corpus = start_.entries().size(),
                        .turn = turn});
  }
  std::size_t NewIn(const FuzzAnswer& answer) const { return start_.NewIn(answer.features).size(); }
  // Those of `kept` that together have most of what the start does not show.
  std::vector<StoredInput> Best(const std::vector<CorpusEntry>& kept) const {
    std::vector<CorpusEntry> fresh;
    for (const CorpusEntry& entry : kept) {
      fresh.push_back({.input = entry.input, .features = start_.NewIn(entry.features)});
    }
    std::vector<StoredInput> best;
    for (const CoverMember& member : SmallCover(fresh, kKeptInputs)) {
      const CorpusEntry& entry = kept[member.index];
      best.push_back({.text = PrintInput(entry.input), .features = entry.features.size()});
    }
    return best;
  }
  void Leave() { worker_.Close(); }

 private:
  const FuzzContext context_;
  const SharedArray<InputSlot> slots_;
  FuzzWorker worker_;
  Corpus start_{};
  std::vector<CorpusEntry> to_send_{};
  std::vector<SeenViolation> findings_{};
};

class FuzzEngine final : public CampaignEngine {
 public:
  FuzzEngine(std::vector<FuzzUnit> units, std::vector<std::string> weaken, ExplorerFactory factory,
             uint64_t inputs, NanosecondClock clock)
      : starts_(std::move(units)),
        weaken_(std::move(weaken)),
        factory_(std::move(factory)),
        inputs_(inputs),
        clock_(std::move(clock)) {
    for (const FuzzUnit& unit : starts_) {
      units_.push_back({.engine = "fuzz",
                        .mmu = unit.place.mmu,
                        .variant = unit.place.variant,
                        .weaken = absl::StrJoin(weaken_, ",")});
    }
  }

  const std::vector<CampaignUnit>& units() const override { return units_; }

  ChunkOutcome Run(std::size_t unit, uint64_t number, uint64_t seed) override {
    ChunkOutcome outcome;
    Use(unit, outcome);
    if (!outcome.problem.empty()) return outcome;
    // Who came first in a process is not slower than the others: else rates would say how often
    // processes are replaced.
    const uint64_t begin = clock_();
    const FuzzAnswer answer =
        open_[unit]->Chunk({.seed = seed, .number = number, .inputs = inputs_});
    if (!answer.status.ok()) outcome.problem = std::string(answer.status.message());
    outcome.executions = answer.executions;
    outcome.steps = answer.steps;
    outcome.distinct = open_[unit]->NewIn(answer);
    for (const SeenViolation& seen : open_[unit]->findings()) {
      AddViolation(seen, units_[unit].weaken, outcome.violations);
    }
    for (const FuzzFinding& found : answer.findings) {
      AddViolation(SeenOf(found.finding), units_[unit].weaken, outcome.violations);
    }
    outcome.nanoseconds = clock_() - begin;
    outcome.corpus = open_[unit]->Best(answer.entries);
    outcome.retire |= answer.retire;
    return outcome;
  }

  void Leave() override {
    if (const auto last = open_.find(last_); last != open_.end()) last->second->Leave();
  }

 private:
  // Makes the unit the one whose explorer lives.
  void Use(std::size_t unit, ChunkOutcome& outcome) {
    if (last_ != unit) Leave();
    last_ = unit;
    std::unique_ptr<OpenUnit>& open = open_[unit];
    if (open != nullptr) return;
    const FuzzUnit& start = starts_[unit];
    absl::StatusOr<SharedArray<InputSlot>> slots = SharedArray<InputSlot>::Make(1);
    if (!slots.ok()) {
      outcome.problem = std::string(slots.status().message());
      return;
    }
    FuzzContext context{.weaken = weaken_, .factory = factory_, .memory = 0};
    context.settings.places = {start.place};
    if (!start.start.empty()) context.settings.weakened = start.start.front().subject.weakened;
    open = std::make_unique<OpenUnit>(std::move(context), *std::move(slots));
    const FuzzAnswer answer = open->Start(start.start);
    outcome.retire = answer.retire;
    if (answer.status.ok()) return;
    outcome.problem = std::string(answer.status.message());
    // The next chunk would run on half a start.
    open_.erase(unit);
  }

  const std::vector<FuzzUnit> starts_;
  const std::vector<std::string> weaken_;
  const ExplorerFactory factory_;
  const uint64_t inputs_;
  const NanosecondClock clock_;
  std::vector<CampaignUnit> units_{};
  std::map<std::size_t, std::unique_ptr<OpenUnit>> open_{};
  std::size_t last_ = 0;
};

}  // namespace

uint64_t SteadyNanoseconds() {
  return static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

std::unique_ptr<CampaignEngine> MakeFuzzEngine(std::vector<FuzzUnit> units,
                                               std::vector<std::string> weaken,
                                               ExplorerFactory factory, uint64_t inputs,
                                               NanosecondClock clock) {
  return std::make_unique<FuzzEngine>(std::move(units), std::move(weaken), std::move(factory),
                                      inputs, std::move(clock));
}

}  // namespace racewalk
