#include "scenarios/explore/replay_strategy.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/platform/decisions.h"

namespace racewalk {
namespace {

// "a choice of thread among {0,2}", "a stale choice of 2".
std::string Describe(const Decision& decision) {
  if (!decision.is_pick) {
    return absl::StrCat("a ", kChoiceNames[static_cast<std::size_t>(decision.kind)], " choice of ",
                        decision.options);
  }
  std::string text = "a choice of thread among {";
  const char* separator = "";
  for (uint32_t rest = decision.options; rest != 0; rest &= rest - 1) {
    absl::StrAppend(&text, separator, std::countr_zero(rest));
    separator = ",";
  }
  return text + "}";
}

bool CanBeTaken(const Decision& decision) {
  if (!decision.is_pick) return decision.taken < decision.options;
  return decision.taken < 32 && (decision.options >> decision.taken & 1) != 0;
}

}  // namespace

ReplayStrategy::ReplayStrategy(std::vector<Decision> decisions)
    : decisions_(std::move(decisions)) {}

void ReplayStrategy::Begin(uint64_t /*key*/) {
  position_ = 0;
  step_ = 0;
  state_ = State::kFits;
  found_ = {};
}

bool ReplayStrategy::Next(const Decision& found, uint32_t& taken) {
  if (state_ != State::kFits) return false;
  if (position_ == decisions_.size()) {
    state_ = State::kRecordEnded;
    found_ = found;
    return false;
  }
  const Decision& recorded = decisions_[position_];
  const bool same_kind =
      recorded.is_pick == found.is_pick && (found.is_pick || recorded.kind == found.kind);
  if (!same_kind || recorded.options != found.options || !CanBeTaken(recorded)) {
    state_ = State::kMismatch;
    found_ = found;
    return false;
  }
  taken = recorded.taken;
  ++position_;
  return true;
}

int ReplayStrategy::Pick(const PickView& view) {
  // After a difference the step stays that of the difference.
  if (state_ == State::kFits) step_ = view.step;
  uint32_t taken = 0;
  if (!Next({.is_pick = true, .options = view.enabled}, taken)) {
    return std::countr_zero(view.enabled);
  }
  return static_cast<int>(taken);
}

uint32_t ReplayStrategy::Choose(uint32_t n, Choice kind) {
  uint32_t taken = 0;
  return Next({.is_pick = false, .kind = kind, .options = n}, taken) ? taken : 0;
}

void ReplayStrategy::End() {
  if (state_ == State::kFits && position_ != decisions_.size()) state_ = State::kExecutionEnded;
}

std::optional<Divergence> ReplayStrategy::divergence() const {
  if (state_ == State::kFits) return std::nullopt;
  std::string message = absl::StrCat("step ", step_, ": ");
  if (state_ == State::kRecordEnded) {
    absl::StrAppend(&message, "recorded the end after ", decisions_.size(), " decisions, found ",
                    Describe(found_));
    return Divergence{step_, std::move(message)};
  }
  const Decision& recorded = decisions_[position_];
  absl::StrAppend(&message, "recorded ", Describe(recorded), ", found ");
  if (state_ == State::kExecutionEnded) {
    absl::StrAppend(&message, "the end of the execution with ", left(), " decisions left");
  } else if (CanBeTaken(recorded)) {
    absl::StrAppend(&message, Describe(found_));
  } else {
    absl::StrAppend(&message, "that the ", recorded.taken, " taken is none of them");
  }
  return Divergence{step_, std::move(message)};
}

std::unique_ptr<Strategy> MakeReplay(std::vector<Decision> decisions) {
  return std::make_unique<ReplayStrategy>(std::move(decisions));
}

}  // namespace racewalk
