#include "scenarios/explore/pct_strategy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/platform/decisions.h"
#include "scenarios/explore/rare_choice.h"

namespace racewalk {

PctStrategy::PctStrategy(PctParameters parameters) : parameters_(parameters) {
  parameters_.depth = std::clamp(parameters_.depth, 1u, PctParameters::kMaxDepth);
  parameters_.threads = std::clamp(parameters_.threads, 1u, static_cast<uint32_t>(kMaxThreads));
  parameters_.steps = std::clamp(parameters_.steps, 1u, PctParameters::kMaxSteps);
}

void PctStrategy::Begin(uint64_t key) {
  rng_.Seed(key);
  const uint32_t depth = parameters_.depth;
  // All threads there could be are shuffled: the order among those there are
  // is uniform whatever n is.
  for (std::size_t i = 0; i < priority_.size(); ++i) {
    priority_[i] = static_cast<int64_t>(depth + i);
  }
  for (std::size_t i = priority_.size() - 1; i > 0; --i) {
    std::swap(priority_[i], priority_[rng_.Below(static_cast<uint32_t>(i + 1))]);
  }
  // A change point keeps its priority when the points are sorted: which of
  // two falls lower must not depend on which comes first.
  for (uint32_t i = 0; i + 1 < depth; ++i) {
    changes_[i] = {rng_.Below(parameters_.steps) + 1, static_cast<int64_t>(i + 1)};
  }
  std::sort(changes_.begin(), changes_.begin() + (depth - 1),
            [](const ChangePoint& a, const ChangePoint& b) {
              return a.step != b.step ? a.step < b.step : a.priority < b.priority;
            });
  next_change_ = 0;
  lowest_ = 0;
}

int PctStrategy::Pick(const PickView& view) {
  const auto current = static_cast<std::size_t>(view.current);
  if (view.current >= 0 && current < priority_.size()) {
    while (next_change_ + 1 < parameters_.depth && changes_[next_change_].step <= view.step) {
      priority_[current] = changes_[next_change_++].priority;
    }
    // A world that announces nothing has no spinning threads to let down.
    const OpKind next = view.next == nullptr ? OpKind::kStart : (*view.next)[current].kind;
    if (next == OpKind::kPause || (next == OpKind::kYield && rng_.Below(2) == 0)) {
      priority_[current] = --lowest_;
    }
  }
  int best = std::countr_zero(view.enabled);
  for (uint32_t rest = view.enabled & (view.enabled - 1); rest != 0; rest &= rest - 1) {
    const int thread = std::countr_zero(rest);
    if (priority_[static_cast<std::size_t>(thread)] > priority_[static_cast<std::size_t>(best)]) {
      best = thread;
    }
  }
  return best;
}

uint32_t PctStrategy::Choose(uint32_t n, Choice kind) { return RareChoice(rng_, n, kind); }

std::string PctStrategy::spec() const {
  return absl::StrCat("pct:", parameters_.depth, ",n=", parameters_.threads,
                      ",k=", parameters_.steps);
}

std::string PctStrategy::bound() const {
  const uint32_t depth = parameters_.depth;
  std::string formula = absl::StrCat(parameters_.threads);
  if (depth >= 2) formula = absl::StrCat("(", formula, "*", parameters_.steps);
  if (depth >= 3) absl::StrAppend(&formula, "^", depth - 1);
  if (depth >= 2) absl::StrAppend(&formula, ")");
  const double p = 1.0 / (parameters_.threads * std::pow(parameters_.steps, depth - 1.0));
  return absl::StrFormat(
      "P >= 1/%s = %.2g per execution for a bug of depth %d, covering thread choices only", formula,
      p, depth);
}

}  // namespace racewalk
