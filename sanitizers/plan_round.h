// What a round is made of, drawn from a seed.
#ifndef RACEWALK_SANITIZERS_PLAN_ROUND_H_
#define RACEWALK_SANITIZERS_PLAN_ROUND_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "sanitizers/round.h"
#include "scenarios/scenario.h"

namespace racewalk {

// What is asked of every round of a run.
struct StressLimits {
  // A scenario with fewer threads that has vCPUs gets copies of them.
  // At most kMaxScenarioThreads.
  uint32_t threads = 0;
  std::optional<Noise> noise{};  // else each round draws its own
  PointSet weakened{};
};

// Round `number` of a valid scenario on `mmu` ("tdp" or "stage2") in `variant`
// (canonical). A pure function of its arguments: the seed fixes all of a round
// but its schedule. The plan's scenario is valid; the first rounds are not
// different from later ones. Thread-safe.
// Error: InvalidArgument, the scenario does not fit the MMU or the variant.
absl::StatusOr<RoundPlan> PlanRound(const Scenario& scenario, absl::string_view mmu,
                                    absl::string_view variant, uint64_t seed, uint64_t number,
                                    const StressLimits& limits);

// "pages=16 order=shuffled turns=3 noise=delay:50": what was drawn.
std::string RoundText(const RoundPlan& plan);
// "none", "yield:20", "delay:50": as --noise takes it.
std::string NoiseText(const Noise& noise);

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_PLAN_ROUND_H_
