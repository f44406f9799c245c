// What every MMU of this library can do; the scenario machine drives this.
#ifndef RACEWALK_CORE_MMU_H_
#define RACEWALK_CORE_MMU_H_

#include <concepts>
#include <cstdint>

#include "core/geometry.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

enum class FaultResult : uint8_t {
  kFixed,     // mapped by this fault
  kSpurious,  // already mapped well enough
  kRetry,     // something changed on the way: access again
  kNoMemory,  // the host has nothing at this address
};

template <typename M, typename P>
concept Mmu = requires(M& mmu, Vcpu<P>& vcpu, Gfn gfn, bool flag) {
  // By the vCPU's own thread. PrepareEntry handles pending requests and loads
  // a root if there is none; call it before each attempt to enter guest mode.
  mmu.PrepareEntry(vcpu);
  { mmu.Fault(vcpu, gfn, flag) } -> std::same_as<FaultResult>;
  mmu.DropRoot(vcpu);
  // By the notifier: when Start has returned no vCPU translates to the range's
  // pages, and no fault maps them before End. [first, last]; the flag says
  // whether Start may sleep.
  mmu.InvalidateStart(gfn, gfn, flag);
  mmu.InvalidateEnd();
  { mmu.Young(gfn, gfn, flag) } -> std::same_as<bool>;
  // By the VMM.
  mmu.Collapse(gfn, gfn);
  mmu.ZapAll();
  // With all vCPUs closed: Release as part of unregistering the notifier, then
  // Destroy; afterwards the MMU holds nothing and no callback refers to it.
  mmu.Release();
  mmu.Destroy();
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_MMU_H_
