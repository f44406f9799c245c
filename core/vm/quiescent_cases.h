// Both MMUs with announcing vCPUs, for typed tests.
#ifndef RACEWALK_CORE_VM_QUIESCENT_CASES_H_
#define RACEWALK_CORE_VM_QUIESCENT_CASES_H_

#include "core/platform/native_quiescent.h"
#include "core/stage2/native_vm.h"
#include "core/tdp/native_vm.h"

namespace racewalk {

// What differs are the read sections, so that one design of each MMU does.
inline constexpr TdpKind kTdpQuiescent[] = {{"TdpQuiescent"}};
inline constexpr Stage2Kind kStage2Quiescent[] = {{"Stage2Quiescent"}};

template <typename G>
using QuiescentCases = NativeCasesOfBoth<
    typename NativeCasesOf<TdpVm<G, QuiescentPlatform>, kTdpQuiescent>::Types,
    typename NativeCasesOf<Stage2Vm<G, QuiescentPlatform>, kStage2Quiescent>::Types>::Types;

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_QUIESCENT_CASES_H_
