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

  // Runs what the unit starts from. What fails there is told with the chunk: it fails in each.
  FuzzAnswer Start(const std::vector<Input>& inputs) {
    FuzzRequest request{.kind = FuzzRequest::Kind::kMeasure, .executions = kFuzzExecutions};
    for (const Input& input : inputs) request.entries.push_back({.input = input});
    FuzzAnswer answer = worker_.Run(request);
    for (CorpusEntry& entry : answer.entries) {
      if (!entry.features.empty()) start_.Add(entry);
    }
    to_send_ = start_.entries();
    return answer;
  }
  FuzzAnswer Chunk(const FuzzTurn& turn) {
    return worker_.Run({.kind = FuzzRequest::Kind::kChunk,
                        .entries = std::exchange(to_send_, {}),
                        .corpus = start_.entries().size(),
                        .turn = turn});
  }
  std::size_t NewIn(const FuzzAnswer& answer) const { return start_.NewIn(answer.features).size(); }
  void Leave() { worker_.Close(); }

 private:
  const FuzzContext context_;
  const SharedArray<InputSlot> slots_;
  FuzzWorker worker_;
  Corpus start_{};
  std::vector<CorpusEntry> to_send_{};
};

class FuzzEngine final : public Engine {
 public:
  FuzzEngine(std::vector<FuzzUnit> units, std::vector<std::string> weaken, ExplorerFactory factory,
             uint64_t inputs)
      : starts_(std::move(units)),
        weaken_(std::move(weaken)),
        factory_(std::move(factory)),
        inputs_(inputs) {
    for (const FuzzUnit& unit : starts_) {
      units_.push_back({.engine = "fuzz",
                        .mmu = unit.place.mmu,
                        .variant = unit.place.variant,
                        .weaken = absl::StrJoin(weaken_, ",")});
    }
  }

  const std::vector<CampaignUnit>& units() const override { return units_; }

  ChunkOutcome Run(std::size_t unit, uint64_t number, uint64_t seed) override {
    const auto begin = std::chrono::steady_clock::now();
    ChunkOutcome outcome;
    Use(unit, outcome);
    if (!outcome.problem.empty()) return outcome;
    const FuzzAnswer answer =
        open_[unit]->Chunk({.seed = seed, .number = number, .inputs = inputs_});
    if (!answer.status.ok()) outcome.problem = std::string(answer.status.message());
    outcome.executions = answer.executions;
    outcome.steps = answer.steps;
    outcome.distinct = open_[unit]->NewIn(answer);
    for (const FuzzFinding& found : answer.findings) {
      AddViolation(SeenOf(found.finding), units_[unit].weaken, outcome.violations);
    }
    for (const CorpusEntry& entry : answer.entries) {
      outcome.corpus.push_back(
          {.text = PrintInput(entry.input), .features = entry.features.size()});
    }
    outcome.retire |= answer.retire;
    outcome.nanoseconds = static_cast<uint64_t>(
        std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
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
    if (!answer.status.ok()) outcome.problem = std::string(answer.status.message());
  }

  const std::vector<FuzzUnit> starts_;
  const std::vector<std::string> weaken_;
  const ExplorerFactory factory_;
  const uint64_t inputs_;
  std::vector<CampaignUnit> units_{};
  std::map<std::size_t, std::unique_ptr<OpenUnit>> open_{};
  std::size_t last_ = 0;
};

}  // namespace

std::unique_ptr<Engine> MakeFuzzEngine(std::vector<FuzzUnit> units, std::vector<std::string> weaken,
                                       ExplorerFactory factory, uint64_t inputs) {
  return std::make_unique<FuzzEngine>(std::move(units), std::move(weaken), std::move(factory),
                                      inputs);
}

}  // namespace racewalk
