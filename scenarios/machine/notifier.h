// How the host tells the VM of pages that go. Part of base.h.
#ifndef RACEWALK_SCENARIOS_MACHINE_NOTIFIER_H_
#define RACEWALK_SCENARIOS_MACHINE_NOTIFIER_H_

#include "scenarios/machine/base.h"

namespace racewalk {

// Today: start, change, end. v14: the host's page table is closed to lookups,
// which stands for its entries having been cleared, then comes the one callback,
// then the change that gives the pages up.
template <typename Self, typename Arch, typename Seat, typename Slots>
template <typename F>
void MachineBase<Self, Arch, Seat, Slots>::Invalidating(Hva first, Hva last, bool may_sleep,
                                                        F change) {
  const bool v14 = shape_.v14();
  self().BeginInvalidation(first, last, may_sleep);
  if (v14) host_.Hold(first, last);
  const bool told = registration_.Call([&] {
    if (v14) {
      mmu_->Invalidate(first, last, may_sleep);
    } else {
      mmu_->InvalidateStart(first, last, may_sleep);
    }
    self().CheckCacheInvalid(first, last);
    CheckWhole(first, last);
  });
  self().NotifierReturned();
  // N6: if the VM is no longer told, it has let go of everything before.
  if (!told && !destroyed_) CheckWhole(first, last);
  change();
  if (told) self().CheckCacheInvalid(first, last);
  host_.Unrevoke(first, last);
  if (v14) host_.LetGo(first, last);
  // The end is delivered to whoever was told of the start.
  if (told && !v14) registration_.Call([&] { mmu_->InvalidateEnd(first, last); });
  self().EndInvalidation();
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::LeaveNotifier() {
  self().GuestsEnd();
  if (!shape_.v14() || destroyed_) {
    registration_.Leave([&] { mmu_->Release(); });
    return;
  }
  // The slots go too.
  self().UpdateSlots([&] { registration_.Leave([&] { mmu_->ReleaseHook(); }); });
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_NOTIFIER_H_
