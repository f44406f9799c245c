#include "sanitizers/stress_program.h"
#include "scenarios/machine/tdp_arch.h"

namespace racewalk {

void RunSmallTdpRound(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs) {
  StressProgram<TdpArch<StressPlatform, SmallGeometry>>(plan, subject, logs).Run();
}

}  // namespace racewalk
