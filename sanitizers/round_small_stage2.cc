#include "sanitizers/stress_program.h"
#include "scenarios/machine/stage2_arch.h"

namespace racewalk {

void RunSmallStage2Round(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs) {
  StressProgram<Stage2Arch<StressPlatform, SmallGeometry>>(plan, subject, logs).Run();
}

}  // namespace racewalk
