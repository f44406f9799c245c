#include "fuzz/runner.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fuzz/coverage.h"
#include "fuzz/input.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"
#include "scenarios/subject.h"

namespace racewalk {
namespace {

bool Same(const Subject& a, const Subject& b) {
  return a.mmu == b.mmu && a.variant == b.variant && a.weakened == b.weakened &&
         a.scenario == b.scenario;
}

// Runs an execution whose key is in no campaign's sequence.
class OneKey final : public Strategy {
 public:
  OneKey(Strategy& strategy, uint64_t key) : strategy_(strategy), key_(key) {}

  void Begin(uint64_t /*key*/) override { strategy_.Begin(key_); }
  int Pick(const PickView& view) override { return strategy_.Pick(view); }
  void Forced(const PickView& view) override { strategy_.Forced(view); }
  uint32_t Choose(uint32_t n, Choice kind) override { return strategy_.Choose(n, kind); }
  void End() override { strategy_.End(); }
  std::string spec() const override { return strategy_.spec(); }

 private:
  Strategy& strategy_;
  uint64_t key_;
};

// Shows the coverage what the explorer does, for as long as it lives.
class Watching {
 public:
  Watching(Explorer& explorer, Coverage& coverage) : explorer_(explorer) {
    explorer_.set_watcher(&coverage);
  }
  ~Watching() { explorer_.set_watcher(nullptr); }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  Explorer& explorer_;
};

}  // namespace

ReplayToken TokenOf(const Input& input, const InputViolation& violation) {
  ReplayToken token = TokenOf(input);
  token.strategy = violation.strategy;
  token.key = violation.key;
  return token;
}

void InputRunner::Close() {
  strategy_.reset();
  profile_.reset();
  explorer_.reset();
}

absl::Status InputRunner::Open(const Input& input) {
  if (explorer_ == nullptr || !Same(explorer_->subject(), input.subject)) {
    Close();
    absl::StatusOr<std::unique_ptr<Explorer>> explorer = Explorer::Create(input.subject);
    if (!explorer.ok()) return explorer.status();
    explorer_ = *std::move(explorer);
  }
  absl::StatusOr<std::unique_ptr<Strategy>> strategy =
      MakeStrategy(input.strategy, profile_.value_or(Profile{}));
  // A pilot costs as much as all the rest: only for strategies that learn something.
  if (strategy.ok() && !profile_ && (*strategy)->spec() != input.strategy) {
    profile_ = explorer_->Pilot();
    strategy = MakeStrategy(input.strategy, *profile_);
  }
  if (!strategy.ok()) return strategy.status();
  if ((*strategy)->enumeration() != nullptr) {
    return absl::InvalidArgumentError(input.strategy + " draws nothing from a seed; use random");
  }
  strategy_ = *std::move(strategy);
  return absl::OkStatus();
}

InputResult InputRunner::Run(const Input& input, uint64_t executions, Coverage& coverage) {
  InputResult result;
  result.status = Open(input);
  if (!result.status.ok()) {
    Close();
    return result;
  }
  const Watching watching(*explorer_, coverage);
  CoveringStrategy covering(*strategy_, coverage);
  OneKey named(covering, input.key);
  Batch batch = explorer_->Run(named, 0, 0, 1, nullptr);
  batch.key = input.key;
  const auto count = [&] {
    result.executions += batch.executions;
    result.steps += batch.steps;
    return batch.violated;
  };
  if (!count() && executions > 1) {
    batch = explorer_->Run(covering, input.key, 1, executions - 1, nullptr);
    count();
  }
  if (batch.violated) {
    ++failures_;
    result.violation = InputViolation{.index = batch.index,
                                      .key = batch.key,
                                      .strategy = strategy_->spec(),
                                      .violation = batch.violation};
  }
  return result;
}

}  // namespace racewalk
