// How the host tells the VM of pages that go. Part of machine.h.
#ifndef RACEWALK_SCENARIOS_MACHINE_NOTIFIER_H_
#define RACEWALK_SCENARIOS_MACHINE_NOTIFIER_H_

#include "scenarios/machine/machine.h"

namespace racewalk {

// Today: start, change, end. v14: the host's page table is closed to lookups,
// which stands for its entries having been cleared, then comes the one callback,
// then the change that gives the pages up.
template <typename Arch>
template <typename F>
void Machine<Arch>::Invalidating(Hva first, Hva last, bool may_sleep, F change) {
  const bool v14 = shape_.v14();
  const bool outer = may_not_sleep_[Self()];
  may_not_sleep_[Self()] = !may_sleep;
  invalidating_[Self()].emplace_back(first, last);
  if (v14) host_.Hold(first, last);
  const bool told = registration_.Call([&] {
    if (v14) {
      mmu_->Invalidate(first, last, may_sleep);
    } else {
      mmu_->InvalidateStart(first, last, may_sleep);
    }
    page_cache_->CheckInvalid(first, last);
    CheckWhole(first, last);
  });
  may_not_sleep_[Self()] = outer;
  // N6: if the VM is no longer told, it has let go of everything before.
  if (!told && !destroyed_) CheckWhole(first, last);
  change();
  if (told) page_cache_->CheckInvalid(first, last);
  host_.Unrevoke(first, last);
  if (v14) host_.LetGo(first, last);
  // The end is delivered to whoever was told of the start.
  if (told && !v14) registration_.Call([&] { mmu_->InvalidateEnd(first, last); });
  invalidating_[Self()].pop_back();
}

template <typename Arch>
void Machine<Arch>::LeaveNotifier() {
  if (!shape_.v14() || destroyed_) {
    registration_.Leave([&] { mmu_->Release(); });
    return;
  }
  // The slots go too.
  UpdateSlots([&] { registration_.Leave([&] { mmu_->ReleaseHook(); }); });
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_NOTIFIER_H_
