// Looking for one violation: again, in another scenario, or on a simpler schedule.
#ifndef RACEWALK_SCENARIOS_EXPLORE_SHRINK_SEARCH_H_
#define RACEWALK_SCENARIOS_EXPLORE_SHRINK_SEARCH_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/violation.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/rota.h"

namespace racewalk {

// What must not be lost: a kind of violation at an oracle. Another one would be
// another bug.
struct ShrinkGoal {
  ViolationKind kind = ViolationKind::kNone;
  std::string invariant{};
  bool MetBy(const Violation& violation) const {
    return violation.kind == kind && invariant == violation.invariant;
  }
};

// An execution that shows the goal.
struct Witness {
  Rota rota{};
  RotaCost cost{};
};

// What a search may use up; it counts down. Failures count because each leaves
// memory behind (kFailuresPerProcess), steps because those of a livelock are many.
struct SearchBudget {
  uint64_t executions = 0;
  int failures = 0;
  uint64_t steps = 4'000'000 + 1000 * executions;
  bool spent() const { return executions == 0 || failures <= 0 || steps == 0; }
};

// All of these are a function of their arguments and nothing else: the same
// explorer's subject, goal, budget and seed give the same answer.

// Runs one execution as the rota says; nullopt unless it shows the goal.
std::optional<Witness> Follow(Explorer& explorer, const ShrinkGoal& goal, const Rota& rota,
                              SearchBudget& budget);

// Samples under several strategies by turns until the goal is seen at a cost
// below `below`, if that is given. `steps`: about how many an execution takes.
std::optional<Witness> FindAgain(Explorer& explorer, const ShrinkGoal& goal, uint64_t seed,
                                 uint64_t steps, const std::optional<RotaCost>& below,
                                 SearchBudget& budget);

// Goes through the schedules of at most `preemptions` preemptions until the goal
// is seen: with the choices that are known of a witness, with the usual ones,
// and with one of the first choices of a thread changed.
std::optional<Witness> FindBounded(Explorer& explorer, const ShrinkGoal& goal, uint32_t preemptions,
                                   const ThreadChoices& choices, SearchBudget& budget);

// Edits the witness's rota, turn by turn and choice by choice, as long as the
// cost falls. Returns the simplest; the witness itself if there is none.
Witness Simplify(Explorer& explorer, const ShrinkGoal& goal, Witness witness, SearchBudget& budget);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SHRINK_SEARCH_H_
