#include "scenarios/explore/rota.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/platform/decisions.h"

namespace racewalk {

void MergeTurns(Rota& rota) {
  std::vector<Turn> merged;
  for (const Turn& turn : rota.turns) {
    if (turn.steps == 0) continue;
    if (!merged.empty() && merged.back().thread == turn.thread) {
      merged.back().steps += turn.steps;
    } else {
      merged.push_back(turn);
    }
  }
  rota.turns = std::move(merged);
}

void RotaStrategy::Begin(uint64_t /*key*/) {
  turn_ = 0;
  taken_ = 0;
  thread_ = 0;
  reader_.Begin();
}

void RotaStrategy::Step(uint32_t thread) {
  thread_ = thread;
  while (turn_ < rota_.turns.size() && taken_ >= rota_.turns[turn_].steps) {
    ++turn_;
    taken_ = 0;
  }
  if (turn_ < rota_.turns.size() && rota_.turns[turn_].thread == thread) ++taken_;
}

int RotaStrategy::Pick(const PickView& view) {
  for (; turn_ < rota_.turns.size(); ++turn_, taken_ = 0) {
    const Turn& turn = rota_.turns[turn_];
    if (taken_ < turn.steps && (view.enabled >> turn.thread & 1) != 0) break;
  }
  const int picked =
      turn_ < rota_.turns.size() ? static_cast<int>(rota_.turns[turn_].thread) : UsualPick(view);
  Step(static_cast<uint32_t>(picked));
  return picked;
}

void RotaStrategy::Forced(const PickView& view) {
  Step(static_cast<uint32_t>(std::countr_zero(view.enabled)));
}

uint32_t RotaStrategy::Choose(uint32_t n, Choice /*kind*/) {
  return reader_.Next(rota_.choices, thread_, n);
}

void GivenChoices::Begin(uint64_t key) {
  thread_ = 0;
  reader_.Begin();
  inner_.Begin(key);
}

int GivenChoices::Pick(const PickView& view) {
  const int picked = inner_.Pick(view);
  thread_ = static_cast<std::size_t>(picked);
  return picked;
}

void GivenChoices::Forced(const PickView& view) {
  inner_.Forced(view);
  thread_ = static_cast<std::size_t>(std::countr_zero(view.enabled));
}

uint32_t GivenChoices::Choose(uint32_t n, Choice /*kind*/) {
  return reader_.Next(choices_, thread_, n);
}

void RotaRecorder::Begin(uint64_t key) {
  rota_.turns.clear();
  for (std::vector<uint32_t>& choices : rota_.choices) choices.clear();
  cost_ = {};
  path_.clear();
  path_size_ = 0;
  thread_ = 0;
  started_ = 0;
  inner_.Begin(key);
}

void RotaRecorder::Step(uint32_t thread) {
  thread_ = thread;
  started_ |= uint32_t{1} << thread;
  ++cost_.steps;
  if (rota_.turns.empty() || rota_.turns.back().thread != thread) {
    rota_.turns.push_back({.thread = thread});
  }
  ++rota_.turns.back().steps;
}

int RotaRecorder::Pick(const PickView& view) {
  const int picked = inner_.Pick(view);
  if (!std::has_single_bit(view.enabled)) {
    path_.push_back({.is_pick = true, .taken = static_cast<uint32_t>(picked)});
    const bool usual = picked == UsualPick(view);
    if (!usual) path_size_ = path_.size();
    if (!usual && WouldPreempt(view, started_)) ++cost_.preemptions;
  }
  Step(static_cast<uint32_t>(picked));
  return picked;
}

void RotaRecorder::Forced(const PickView& view) {
  inner_.Forced(view);
  Step(static_cast<uint32_t>(std::countr_zero(view.enabled)));
}

uint32_t RotaRecorder::Choose(uint32_t n, Choice kind) {
  const uint32_t chosen = inner_.Choose(n, kind);
  path_.push_back({.is_pick = false, .taken = chosen});
  if (chosen != 0) {
    path_size_ = path_.size();
    ++cost_.unusual;
  }
  rota_.choices[thread_].push_back(chosen);
  return chosen;
}

std::vector<PathStep> RotaRecorder::Path() const {
  return {path_.begin(), path_.begin() + static_cast<std::ptrdiff_t>(path_size_)};
}

}  // namespace racewalk
