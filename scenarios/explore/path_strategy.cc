#include "scenarios/explore/path_strategy.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/platform/decisions.h"

namespace racewalk {

void PathStrategy::Begin(uint64_t /*key*/) {
  position_ = 0;
  step_ = 0;
  state_ = State::kFits;
}

const PathStep* PathStrategy::Next(bool is_pick) {
  if (state_ != State::kFits || position_ == path_.size()) return nullptr;
  if (path_[position_].is_pick == is_pick) return &path_[position_++];
  state_ = State::kOtherKind;
  return nullptr;
}

int PathStrategy::Pick(const PickView& view) {
  if (state_ == State::kFits) step_ = view.step;
  if (std::has_single_bit(view.enabled)) return std::countr_zero(view.enabled);
  const PathStep* step = Next(true);
  if (step == nullptr) return UsualPick(view);
  if ((view.enabled >> step->taken & 1) != 0) return static_cast<int>(step->taken);
  state_ = State::kNotOffered;
  return UsualPick(view);
}

uint32_t PathStrategy::Choose(uint32_t n, Choice /*kind*/) {
  const PathStep* step = Next(false);
  if (step == nullptr) return 0;
  if (step->taken < n) return step->taken;
  state_ = State::kNotOffered;
  return 0;
}

void PathStrategy::End() {
  if (state_ == State::kFits && position_ != path_.size()) state_ = State::kLeftOver;
}

std::string PathStrategy::spec() const { return absl::StrCat("path:", FormatPath(path_)); }

std::optional<Divergence> PathStrategy::divergence() const {
  if (state_ == State::kFits) return std::nullopt;
  std::string message = absl::StrCat("step ", step_, ": ");
  if (state_ == State::kLeftOver) {
    absl::StrAppend(&message, "the execution ended with ", path_.size() - position_, " of the ",
                    path_.size(), " decisions of the path left");
  } else if (state_ == State::kOtherKind) {
    absl::StrAppend(&message, "decision ", position_ + 1, " of the path is a ",
                    path_[position_].is_pick ? "thread, and a choice" : "choice, and a thread",
                    " was asked for");
  } else {
    const PathStep& step = path_[position_ - 1];
    absl::StrAppend(&message, "decision ", position_, " of the path takes ",
                    step.is_pick ? "thread " : "choice ", step.taken, ", which is not offered");
  }
  return Divergence{step_, message};
}

}  // namespace racewalk
