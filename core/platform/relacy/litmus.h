// Litmus tests of the explored world: a few threads of a few operations, run
// many times with random decisions, and what was seen.
//
// For tests only. What a thread finds out goes into State::r, plain memory that
// the modelled program does not see; expectations come after the run, since
// fibers have no stack to spare for them.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_LITMUS_H_
#define RACEWALK_CORE_PLATFORM_RELACY_LITMUS_H_

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/platform/relacy/engine.h"
#include "core/platform/relacy/relacy_platform.h"
#include "core/platform/relacy/world.h"

namespace racewalk::litmus {

using P = RelacyPlatform;
using Outcome = std::array<int, 4>;

inline constexpr Order kRelaxed = std::memory_order_relaxed;
inline constexpr Order kAcquire = std::memory_order_acquire;
inline constexpr Order kRelease = std::memory_order_release;
inline constexpr Order kAcqRel = std::memory_order_acq_rel;
inline constexpr Order kSeqCst = std::memory_order_seq_cst;

// Executions are multiplied by the environment's RACEWALK_LITMUS_SCALE.
inline uint64_t Scale() {
  const char* text = std::getenv("RACEWALK_LITMUS_SCALE");
  const uint64_t scale = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  return scale == 0 ? 1 : scale;
}

// Uniform, keyed by a seed; splitmix64.
class RandomDecisions : public Decisions {
 public:
  explicit RandomDecisions(uint64_t seed) : state_(seed) {}

  int Pick(const PickView& view) override {
    uint32_t left = view.enabled;
    for (uint32_t skip = Below(static_cast<uint32_t>(std::popcount(left))); skip > 0; --skip) {
      left &= left - 1;
    }
    return std::countr_zero(left);
  }
  uint32_t Choose(uint32_t n, Choice /*kind*/) override { return Below(n); }

 private:
  uint32_t Below(uint32_t n) {
    state_ += 0x9E3779B97F4A7C15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<uint32_t>((z >> 32) % n);
  }

  uint64_t state_;
};

struct Result {
  std::set<Outcome> seen;
  Violation violation;      // of the execution that failed, if one did
  uint64_t executions = 0;  // clean ones

  std::string verdict() const {
    return violation.kind == ViolationKind::kNone ? "clean" : Name(violation.kind);
  }
  bool Saw(Outcome outcome) const { return seen.contains(outcome); }
};

struct Options {
  uint64_t executions = 5'000;
  uint64_t seed = 1;
  Decisions* decisions = nullptr;  // nullptr: random
  // Called after each clean execution with what was recorded; slow.
  std::function<void(const std::vector<Event>&)> inspect = nullptr;
};

// Runs `threads` over a new State in each execution, until one fails. State
// has a member `Outcome r`; what else it has is the test's business. It is
// made and destroyed in the execution; a failed one leaves it behind.
template <typename State>
class Litmus : public Program, private Engine::Loop {
 public:
  using Body = std::function<void(State&)>;

  explicit Litmus(std::vector<Body> threads) : threads_(std::move(threads)) {}
  Litmus& Setup(Body body) {
    setup_ = std::move(body);
    return *this;
  }
  Litmus& AtRest(Body body) {
    at_rest_ = std::move(body);
    return *this;
  }

  Result Run(const Options& options = {}) {
    RandomDecisions random(options.seed);
    decisions_ = options.decisions == nullptr ? &random : options.decisions;
    inspect_ = options.inspect;
    limit_ = options.executions * Scale();
    result_ = {};
    const int threads = static_cast<int>(threads_.size()) + 1;
    const std::unique_ptr<Engine> engine = MakeEngine(threads);
    engine_ = engine.get();
    World& world = World::Get();
    world.set_weakened({});
    world.set_observer(nullptr);
    world.set_recording(inspect_ ? &events_ : nullptr, nullptr);
    if (!engine->Run(*this, *this)) result_.violation = world.violation();
    world.set_recording(nullptr, nullptr);
    world.Discard();
    return result_;
  }

 private:
  void Setup() override {
    state_ = P::New<State>();
    if (setup_) setup_(*state_);
  }
  void Thread(int index) override { threads_[static_cast<std::size_t>(index)](*state_); }
  void AtRest() override {
    if (at_rest_) at_rest_(*state_);
    outcome_ = state_->r;
    P::Delete(state_);
  }
  void Before() override {
    events_.clear();
    World::Get().Begin(static_cast<int>(threads_.size()) + 1, engine_, decisions_);
  }
  bool After() override {
    result_.seen.insert(outcome_);
    if (inspect_) inspect_(events_);
    return ++result_.executions < limit_;
  }

  std::vector<Body> threads_;
  Body setup_;
  Body at_rest_;
  std::function<void(const std::vector<Event>&)> inspect_;
  std::vector<Event> events_;
  Engine* engine_ = nullptr;
  Decisions* decisions_ = nullptr;
  uint64_t limit_ = 0;
  State* state_ = nullptr;
  Outcome outcome_{};
  Result result_;
};

}  // namespace racewalk::litmus

#endif  // RACEWALK_CORE_PLATFORM_RELACY_LITMUS_H_
