#include "sanitizers/round.h"

#include "sanitizers/relaxed_store.h"
#include "sanitizers/scaled.h"
#include "sanitizers/stress_program.h"
#include "sanitizers/stress_thread.h"
#include "scenarios/scenario.h"

namespace racewalk {

absl::Status RunRound(const RoundPlan& plan, RoundLogs logs) {
  const absl::StatusOr<ScaledSubject> subject = Scale(plan);
  if (!subject.ok()) return subject.status();

  StressWorld::weakened.fill(false);
  for (const point p : plan.weakened) StressWorld::weakened[static_cast<std::size_t>(p)] = true;
  StressWorld::noise = plan.noise;
  StressWorld::seed = plan.seed;
  const std::size_t callbacks = kMaxScenarioThreads + 1;
  StressWorld::callback_log = callbacks < logs.threads.size() ? &logs.threads[callbacks] : nullptr;
  RelaxedStore::Prepare();
  if (plan.mmu == "tdp") {
    (plan.small_tables ? RunSmallTdpRound : RunTdpRound)(plan, *subject, logs);
  } else {
    (plan.small_tables ? RunSmallStage2Round : RunStage2Round)(plan, *subject, logs);
  }
  return absl::OkStatus();
}

}  // namespace racewalk
