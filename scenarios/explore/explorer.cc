#include "scenarios/explore/explorer.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/geometry.h"
#include "core/platform/relacy/engine.h"
#include "core/platform/relacy/world.h"
#include "scenarios/explore/learner.h"
#include "scenarios/explore/machine_program.h"
#include "scenarios/machine/meter.h"
#include "scenarios/machine/stage2_arch.h"
#include "scenarios/machine/tdp_arch.h"
#include "scenarios/printer.h"
#include "scenarios/subject.h"

namespace racewalk {
namespace {

// The pilot's executions; their seed is fixed so that what is learned is too.
constexpr uint64_t kPilotExecutions = 16;
constexpr uint64_t kPilotSeed = 0x70696C6F74;

// Shows a meter each step before the strategy decides what follows.
class MeteredDecisions final : public Decisions {
 public:
  MeteredDecisions(Decisions& strategy, Meter& meter) : strategy_(strategy), meter_(meter) {}

  int Pick(const PickView& view) override {
    meter_.Choosing(view);
    return strategy_.Pick(view);
  }
  void Forced(const PickView& view) override {
    meter_.Choosing(view);
    strategy_.Forced(view);
  }
  uint32_t Choose(uint32_t n, Choice kind) override { return strategy_.Choose(n, kind); }

 private:
  Decisions& strategy_;
  Meter& meter_;
};

template <typename Arch>
class MachineExplorer final : public Explorer {
 public:
  MachineExplorer(Subject subject, PreparedSubject prepared)
      : subject_(std::move(subject)),
        prepared_(std::move(prepared)),
        program_(subject_.scenario, prepared_) {
    for (const ScenarioThread& thread : subject_.scenario.threads) names_.push_back(thread.name);
    names_.emplace_back("rcu");
  }
  ~MachineExplorer() override {
    program_.Abandon();
    World::Get().Discard();
    KeepEngine(std::move(engine_));
  }

  const Subject& subject() const override { return subject_; }
  const std::vector<std::string>& thread_names() const override { return names_; }
  std::string OperationText(int thread, uint64_t ordinal) const override {
    if (thread < 0 || static_cast<std::size_t>(thread) >= prepared_.threads.size()) return "";
    const auto& operations = prepared_.threads[static_cast<std::size_t>(thread)].operations;
    return ordinal < operations.size() ? PrintOperation(operations[ordinal]) : "";
  }

  Profile Pilot() override {
    Profile profile{.threads = threads(), .steps = 1};
    Learner learner;
    for (uint64_t i = 0; i < kPilotExecutions; ++i) {
      profile.steps = std::max(profile.steps, Run(learner, kPilotSeed, i, 1, nullptr).max_steps);
    }
    learner.Fill(profile);
    return profile;
  }

  Batch Run(Strategy& strategy, uint64_t seed, uint64_t first, uint64_t count,
            std::vector<uint64_t>* interleavings) override {
    Batch batch;
    if (count == 0 || strategy.exhausted()) return batch;
    Loop loop(*this, strategy, batch, interleavings);
    loop.next_key = [seed, first](uint64_t i) { return ExecutionKey(seed, first + i); };
    loop.count = count;
    if (!Simulate(loop)) {
      batch.violated = true;
      batch.violation = World::Get().violation();
      batch.index = first + batch.executions - 1;
      batch.key = ExecutionKey(seed, batch.index);
    }
    return batch;
  }

  void set_meter(Meter* meter) override {
    meter_ = meter;
    program_.set_meter(meter);
  }

  void set_watcher(Watcher* watcher) override { program_.set_watcher(watcher); }

  void set_stop(uint64_t step, const std::function<void()>& stop) override {
    stop_step_ = step;
    stop_ = stop;
  }

  Recording Record(Strategy& strategy, uint64_t key, bool events) override {
    Recording recording;
    std::vector<TakenDecision> taken;
    World& world = World::Get();
    world.set_recording(events ? &recording.events : nullptr, &taken);
    if (stop_ != nullptr) {
      world.set_stop(
          stop_step_, [](void* self) { static_cast<MachineExplorer*>(self)->stop_(); }, this);
    }
    Batch batch;
    Loop loop(*this, strategy, batch, nullptr);
    loop.next_key = [key](uint64_t) { return key; };
    loop.count = 1;
    if (!Simulate(loop)) recording.violation = world.violation();
    world.set_recording(nullptr, nullptr);
    world.set_stop(0, nullptr, nullptr);
    for (const TakenDecision& decision : taken) {
      recording.decisions.push_back(
          {decision.is_pick, decision.kind, decision.options, decision.taken});
    }
    recording.fingerprint = world.fingerprint();
    recording.interleaving = world.interleaving();
    recording.final_state = program_.final_state();
    recording.steps = world.steps();
    recording.divergence = strategy.divergence();
    return recording;
  }

 private:
  class Loop final : public Engine::Loop {
   public:
    Loop(MachineExplorer& explorer, Strategy& strategy, Batch& batch,
         std::vector<uint64_t>* interleavings)
        : explorer_(explorer), strategy_(strategy), batch_(batch), interleavings_(interleavings) {
      if (explorer.meter_ != nullptr) metered_.emplace(strategy, *explorer.meter_);
    }

    void Before() override {
      World& world = World::Get();
      Decisions* decisions = &strategy_;
      if (metered_.has_value()) {
        explorer_.meter_->Begin(explorer_.threads());
        decisions = &*metered_;
      }
      world.Begin(explorer_.threads(), explorer_.engine_.get(), decisions);
      world.set_weakened(explorer_.subject_.weakened);
      strategy_.Begin(next_key(batch_.executions));
    }
    bool After() override {
      Count();
      if (interleavings_ != nullptr) interleavings_->push_back(World::Get().interleaving());
      return batch_.executions < count && !strategy_.exhausted();
    }
    void Count() {
      const World& world = World::Get();
      strategy_.End();
      ++batch_.executions;
      batch_.steps += world.steps();
      batch_.max_steps = std::max(batch_.max_steps, world.steps());
      batch_.choices += world.choices();
      batch_.cut += world.cut() ? 1 : 0;
    }

    std::function<uint64_t(uint64_t)> next_key;
    uint64_t count = 0;

   private:
    MachineExplorer& explorer_;
    Strategy& strategy_;
    Batch& batch_;
    std::vector<uint64_t>* interleavings_;
    std::optional<MeteredDecisions> metered_{};
  };

  int threads() const { return static_cast<int>(names_.size()); }

  // False if an execution failed; the engine is spent then.
  bool Simulate(Loop& loop) {
    if (engine_ == nullptr) engine_ = MakeEngine(threads());
    if (engine_->Run(program_, loop)) return true;
    loop.Count();
    program_.Abandon();
    World::Get().Discard();
    engine_ = nullptr;
    return false;
  }

  Subject subject_;
  PreparedSubject prepared_;
  std::vector<std::string> names_;
  std::unique_ptr<Engine> engine_;
  MachineProgram<Arch> program_;
  Meter* meter_ = nullptr;
  uint64_t stop_step_ = 0;
  std::function<void()> stop_{};
};

// As many levels and index bits as the scenario asks for; null if there are none such.
template <template <typename, typename> typename Arch>
std::unique_ptr<Explorer> Make(Subject subject, PreparedSubject prepared) {
  const uint32_t levels = subject.scenario.levels;
  const uint32_t bits = subject.scenario.index_bits;
  if (levels == 3 && bits == 1) {
    return std::make_unique<MachineExplorer<Arch<RelacyPlatform, Geometry<3, 1>>>>(
        std::move(subject), std::move(prepared));
  }
  if (levels == 3 && bits == 2) {
    return std::make_unique<MachineExplorer<Arch<RelacyPlatform, Geometry<3, 2>>>>(
        std::move(subject), std::move(prepared));
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Explorer>> Explorer::Create(Subject subject) {
  absl::StatusOr<PreparedSubject> prepared = Prepare(subject);
  if (!prepared.ok()) return prepared.status();
  const std::string refusal =
      absl::StrCat(subject.scenario.name, ": geometry ", subject.scenario.levels, "x",
                   subject.scenario.index_bits, " is not explored; use 3x1 or 3x2");
  std::unique_ptr<Explorer> explorer =
      subject.mmu == "stage2" ? Make<Stage2Arch>(std::move(subject), std::move(*prepared))
                              : Make<TdpArch>(std::move(subject), std::move(*prepared));
  if (explorer == nullptr) return absl::InvalidArgumentError(refusal);
  return explorer;
}

}  // namespace racewalk
