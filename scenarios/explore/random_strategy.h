// `random`: every decision uniform among its options.
#ifndef RACEWALK_SCENARIOS_EXPLORE_RANDOM_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_RANDOM_STRATEGY_H_

#include <cstdint>
#include <string>

#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/rng.h"

namespace racewalk {

// Picks uniformly among the enabled threads at every step. The other choices
// are uniform too: a stale read, a yield and a quarantined page each have
// probability 1/2, and each pending RCU action is equally likely. Learns
// nothing, so that its spec is only its name. Thread-compatible; allocates
// nothing while an execution runs.
class RandomStrategy final : public Strategy {
 public:
  void Begin(uint64_t key) override { rng_.Seed(key); }
  int Pick(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  std::string spec() const override { return "random"; }

 private:
  Rng rng_{};
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_RANDOM_STRATEGY_H_
