#include "scenarios/explore/exhaustive_strategy.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"

namespace racewalk {
namespace {

uint32_t Bit(uint32_t thread) { return uint32_t{1} << thread; }

// What is left of `allowed` after `taken` if `first` comes first and the others
// in ascending order.
uint32_t LeftAfter(uint32_t allowed, uint32_t first, uint32_t taken) {
  const uint32_t others = allowed & ~Bit(first);
  return taken == first ? others : others & ~(Bit(taken) | (Bit(taken) - 1));
}

}  // namespace

std::size_t ExhaustiveStrategy::Open() const {
  std::size_t size = frames_.size();
  while (size > 0 && frames_[size - 1].left == 0) --size;
  return size;
}

void ExhaustiveStrategy::Advance(Frame& frame) {
  frame.usual = false;
  if (frame.is_pick) {
    frame.taken = static_cast<uint32_t>(std::countr_zero(frame.left));
    frame.left &= frame.left - 1;
  } else {
    ++frame.taken;
    --frame.left;
  }
}

void ExhaustiveStrategy::Begin(uint64_t /*key*/) {
  if (ended_) {
    // What follows the decision that changes is made anew.
    frames_.resize(Open());
    if (!frames_.empty()) Advance(frames_.back());
    resume_.clear();
  }
  position_ = 0;
  preemptions_ = 0;
  started_ = 0;
  step_ = 0;
  ended_ = false;
  exhausted_ = false;
}

const ExhaustiveStrategy::Frame& ExhaustiveStrategy::At(bool is_pick, uint32_t options,
                                                        uint32_t allowed, uint32_t first) {
  if (position_ < frames_.size()) {
    const Frame& frame = frames_[position_++];
    diverged_ |= frame.is_pick != is_pick || frame.options != options;
    return frame;
  }
  Frame frame{.is_pick = is_pick, .options = options, .taken = first};
  if (position_ < resume_.size()) {
    const PathStep& step = resume_[position_];
    const bool fits = step.is_pick == is_pick &&
                      (is_pick ? (allowed >> step.taken & 1) != 0 : step.taken < allowed);
    diverged_ |= !fits;
    if (fits) frame.taken = step.taken;
  }
  frame.usual = frame.taken == first;
  frame.left = is_pick ? LeftAfter(allowed, first, frame.taken) : allowed - 1 - frame.taken;
  frame.width = is_pick ? static_cast<uint32_t>(std::popcount(allowed)) : allowed;
  frames_.push_back(frame);
  return frames_[position_++];
}

int ExhaustiveStrategy::Pick(const PickView& view) {
  if (!diverged_) step_ = view.step;
  if (std::has_single_bit(view.enabled)) {
    Forced(view);
    return std::countr_zero(view.enabled);
  }
  const auto usual = static_cast<uint32_t>(UsualPick(view));
  const bool preempts = WouldPreempt(view, started_);
  const bool stays = preempts && bound_ && preemptions_ >= *bound_;
  const Frame& frame = At(true, view.enabled, stays ? Bit(usual) : view.enabled, usual);
  uint32_t taken = frame.taken;
  if (diverged_ && (!frame.is_pick || (view.enabled & Bit(taken)) == 0)) taken = usual;
  if (preempts && taken != usual) ++preemptions_;
  started_ |= Bit(taken);
  return static_cast<int>(taken);
}

void ExhaustiveStrategy::Forced(const PickView& view) { started_ |= view.enabled; }

uint32_t ExhaustiveStrategy::Choose(uint32_t n, Choice /*kind*/) {
  const Frame& frame = At(false, n, n, 0);
  return frame.is_pick || frame.taken >= n ? 0 : frame.taken;
}

void ExhaustiveStrategy::End() {
  ended_ = true;
  diverged_ |= position_ < frames_.size() || position_ < resume_.size();
  exhausted_ = !diverged_ && Open() == 0;
}

std::string ExhaustiveStrategy::spec() const {
  return bound_ ? absl::StrCat("bound:", *bound_) : "full";
}

std::optional<Divergence> ExhaustiveStrategy::divergence() const {
  if (!diverged_) return std::nullopt;
  return Divergence{step_, absl::StrCat("step ", step_, ": ", spec(), " at decision ", position_,
                                        " was not offered what it was offered before")};
}

bool ExhaustiveStrategy::GoTo(absl::string_view path) {
  frames_.clear();
  ended_ = false;
  exhausted_ = false;
  diverged_ = false;
  return ParsePath(path, resume_);
}

std::string ExhaustiveStrategy::next() const {
  if (!ended_) return FormatPath(resume_);
  std::vector<PathStep> path;
  const std::size_t open = Open();
  for (std::size_t i = 0; i < open; ++i) {
    Frame frame = frames_[i];
    if (i + 1 == open) Advance(frame);
    path.push_back({frame.is_pick, frame.taken});
  }
  return FormatPath(path);
}

std::string ExhaustiveStrategy::last() const {
  std::size_t size = frames_.size();
  while (size > 0 && frames_[size - 1].usual) --size;
  std::vector<PathStep> path;
  for (std::size_t i = 0; i < size; ++i) path.push_back({frames_[i].is_pick, frames_[i].taken});
  return absl::StrCat("path:", FormatPath(path));
}

double ExhaustiveStrategy::done() const {
  if (exhausted_) return 1;
  double done = 0;
  double weight = 1;
  for (const Frame& frame : frames_) {
    weight /= frame.width;
    const auto left = frame.is_pick ? static_cast<uint32_t>(std::popcount(frame.left)) : frame.left;
    done += weight * (frame.width - left - 1);
  }
  // The execution that has ended is done as well.
  return ended_ ? done + weight : done;
}

std::string ExhaustiveStrategy::claim() const {
  return bound_ ? absl::StrCat("bounded(", *bound_, ")") : "exhausted";
}

}  // namespace racewalk
