// A world of plain steps for tests of strategies: no memory, only an order.
#ifndef RACEWALK_SCENARIOS_EXPLORE_TOY_WORLD_H_
#define RACEWALK_SCENARIOS_EXPLORE_TOY_WORLD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

using ToyProgram = std::vector<std::vector<Announcement>>;  // by thread, at most kMaxThreads

// Runs `program` under `strategy` from `key`; returns the thread of each step,
// in order. A thread that has paused is not offered before another has stepped.
inline std::vector<int> RunToy(Strategy& strategy, uint64_t key, const ToyProgram& program) {
  std::vector<int> order;
  std::array<Announcement, kMaxThreads> next{};
  std::array<std::size_t, kMaxThreads> done{};
  PickView view{.threads = static_cast<int>(program.size()), .next = &next};
  uint32_t alive = 0;
  for (std::size_t i = 0; i < program.size(); ++i) {
    if (program[i].empty()) continue;
    alive |= 1u << i;
    next[i] = program[i][0];
  }
  view.enabled = alive;
  strategy.Begin(key);
  while (alive != 0) {
    const int thread = strategy.Pick(view);
    const auto index = static_cast<std::size_t>(thread);
    order.push_back(thread);
    const bool paused = next[index].kind == OpKind::kPause;
    view.current = thread;
    ++view.step;
    if (++done[index] == program[index].size()) {
      alive &= ~(1u << thread);
    } else {
      next[index] = program[index][done[index]];
    }
    const uint32_t others = alive & ~(1u << thread);
    view.enabled = paused && others != 0 ? others : alive;
  }
  strategy.End();
  return order;
}

// Threads of `lengths` loads, none of which conflicts with another.
inline std::vector<int> RunToy(Strategy& strategy, uint64_t key, const std::vector<int>& lengths) {
  ToyProgram program;
  for (int length : lengths) {
    program.emplace_back(static_cast<std::size_t>(length), Announcement{.kind = OpKind::kLoad});
  }
  return RunToy(strategy, key, program);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_TOY_WORLD_H_
