// A world of plain steps for tests of strategies: no memory, only an order.
#ifndef RACEWALK_SCENARIOS_EXPLORE_TOY_WORLD_H_
#define RACEWALK_SCENARIOS_EXPLORE_TOY_WORLD_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Runs threads of `lengths` steps each, at most kMaxThreads of them, under
// `strategy` from `key`; returns the thread of each step, in order.
inline std::vector<int> RunToy(Strategy& strategy, uint64_t key, const std::vector<int>& lengths) {
  std::vector<int> left = lengths;
  std::vector<int> order;
  std::array<Announcement, kMaxThreads> next{};
  next.fill({.kind = OpKind::kLoad});
  PickView view{.threads = static_cast<int>(lengths.size()), .next = &next};
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] > 0) view.enabled |= 1u << i;
  }
  strategy.Begin(key);
  while (view.enabled != 0) {
    const int thread = strategy.Pick(view);
    order.push_back(thread);
    view.current = thread;
    ++view.step;
    if (--left[static_cast<std::size_t>(thread)] == 0) view.enabled &= ~(1u << thread);
  }
  strategy.End();
  return order;
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_TOY_WORLD_H_
