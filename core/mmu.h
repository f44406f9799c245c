// What every MMU of this library can do; the scenario machine drives this.
#ifndef RACEWALK_CORE_MMU_H_
#define RACEWALK_CORE_MMU_H_

#include <concepts>
#include <cstdint>

#include "core/geometry.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

enum class FaultResult : uint8_t {
  kFixed,         // mapped by this fault
  kSpurious,      // already mapped well enough
  kEmulate,       // the guest must not write this frame itself: do it for the guest
  kRetry,         // something changed on the way: access again
  kNoMemory,      // the host has nothing at this address
  kNoMemorySlot,  // the guest has nothing there: a device's business
};

// What the hardware reports of an access that failed.
struct GuestFault {
  Gfn gfn = 0;
  bool write = false;
  bool present = false;      // there was an entry, but it did not allow the access
  int level = 0;             // of the entry that stopped it, where the hardware says so
  bool access_flag = false;  // nothing was wrong with it but that it had no access flag
  bool prefetch = false;     // no access: the VMM maps ahead
};

template <typename M, typename P>
concept Mmu = requires(M& mmu, Vcpu<P>& vcpu, Gfn gfn, Hva address, uint32_t slot, bool flag,
                       void (*visit)(Gfn), void (*write)(Hva)) {
  // By the vCPU's own thread. PrepareEntry handles pending requests and loads
  // a root if there is none; call it before each attempt to enter guest mode,
  // and HandleExit after each that entered it.
  mmu.PrepareEntry(vcpu);
  mmu.HandleExit(vcpu);
  { mmu.Fault(vcpu, GuestFault{}) } -> std::same_as<FaultResult>;
  mmu.DropRoot(vcpu);
  // What the guest writes where it must not write itself: write(address) does
  // it. False if no slot has gfn.
  { mmu.WriteFor(gfn, write) } -> std::same_as<bool>;
  // By the notifier, about the host's [first, last]: when Start has returned no
  // vCPU translates to these pages, and no fault maps them before End. The flag
  // says whether Start may sleep.
  mmu.InvalidateStart(address, address, flag);
  mmu.InvalidateEnd(address, address);
  // In a VM whose notifier is v14 (core/vm/state.h), instead of these two and of Release.
  mmu.Invalidate(address, address, flag);
  mmu.ReleaseHook();
  { mmu.Young(address, address, flag) } -> std::same_as<bool>;
  // By the VMM. Slots: false, and no effect, if that does not fit the slots
  // that there are.
  { mmu.AddSlot(slot, gfn, gfn, address) } -> std::same_as<bool>;
  { mmu.DeleteSlot(slot) } -> std::same_as<bool>;
  { mmu.MoveSlot(slot, gfn) } -> std::same_as<bool>;
  { mmu.SetLogging(slot, flag) } -> std::same_as<bool>;
  { mmu.Harvest(slot, visit) } -> std::same_as<bool>;
  mmu.Collapse(gfn, gfn);
  mmu.Split(gfn);
  mmu.Protect(gfn, gfn);
  mmu.ZapAll();
  // Release as part of leaving the notifier, perhaps more than once; with all
  // vCPUs closed, Unregistered when that has returned, then Destroy; afterwards
  // the MMU holds nothing and no callback refers to it.
  mmu.Release();
  mmu.Unregistered();
  mmu.Destroy();
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_MMU_H_
