// `pos`: partial-order sampling (Yuan, Yang and Gu, "Partial Order Aware
// Concurrency Sampling", CAV 2018).
#ifndef RACEWALK_SCENARIOS_EXPLORE_POS_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_POS_STRATEGY_H_

#include <array>
#include <cstdint>
#include <string>

#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/rng.h"

namespace racewalk {

// Every operation that a thread is about to do has a random priority; the
// highest of the enabled ones is done next. Then those pending that conflict
// with it draw anew: having lost one race says nothing about the next. So the
// orders of conflicting operations are sampled far more evenly than by a
// random walk, which spends itself on orders of those that commute.
//
// What conflicts is told from announcements: conflict.h. The paper's bound
// needs the true partial order, so that none is claimed. Choices that are not of
// a thread are not in the paper: rare_choice.h.
//
// Learns nothing. Thread-compatible; allocates nothing while an execution runs.
class PosStrategy final : public Strategy {
 public:
  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  std::string spec() const override { return "pos"; }

 private:
  // `thread` takes its step: it has a new operation, and the losers draw anew.
  void Take(const PickView& view, int thread);

  Rng rng_{};
  std::array<uint64_t, kMaxThreads> priority_{};
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_POS_STRATEGY_H_
