#include "scenarios/explore/pos_strategy.h"

#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/platform/decisions.h"
#include "scenarios/explore/conflict.h"
#include "scenarios/explore/rare_choice.h"

namespace racewalk {

void PosStrategy::Begin(uint64_t key) {
  rng_.Seed(key);
  for (uint64_t& priority : priority_) priority = rng_.Next();
}

void PosStrategy::Take(const PickView& view, int thread) {
  const auto taken = static_cast<std::size_t>(thread);
  priority_[taken] = rng_.Next();
  if (view.next == nullptr) return;
  const Announcement& done = (*view.next)[taken];
  for (std::size_t i = 0; i < static_cast<std::size_t>(view.threads); ++i) {
    if (i != taken && Conflict(done, (*view.next)[i])) priority_[i] = rng_.Next();
  }
}

int PosStrategy::Pick(const PickView& view) {
  int best = std::countr_zero(view.enabled);
  for (uint32_t rest = view.enabled & (view.enabled - 1); rest != 0; rest &= rest - 1) {
    const int thread = std::countr_zero(rest);
    if (priority_[static_cast<std::size_t>(thread)] > priority_[static_cast<std::size_t>(best)]) {
      best = thread;
    }
  }
  Take(view, best);
  return best;
}

void PosStrategy::Forced(const PickView& view) { Take(view, std::countr_zero(view.enabled)); }

uint32_t PosStrategy::Choose(uint32_t n, Choice kind) { return RareChoice(rng_, n, kind); }

}  // namespace racewalk
