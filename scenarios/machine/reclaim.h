// What the host does to its pages. Part of base.h.
#ifndef RACEWALK_SCENARIOS_MACHINE_RECLAIM_H_
#define RACEWALK_SCENARIOS_MACHINE_RECLAIM_H_

#include <algorithm>

#include "scenarios/machine/base.h"

namespace racewalk {

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::MakeHuge(Hva address) {
  const Hva block = BlockOf(address);
  if (block_ == 1 || host_.Huge(block)) return;
  Invalidating(block, block + block_ - 1, /*may_sleep=*/true, [&] {
    // The host's own locks keep what it takes back from becoming part of a huge page.
    if (host_.Huge(block) || !self().MayFormBlock(block)) return;
    host_.FormBlock(block);
    self().FormedBlock();
  });
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::ExitMm() {
  LeaveNotifier();
  const Hva last = shape_.guest_frames - 1;
  if (!destroyed_) self().CheckUnmapped(0, last);  // N4
  host_.Revoke(0, last);
  for (Hva address = 0; address <= last; ++address) {
    TakeOne(Reclaim::kUnmap, address, 0, last, /*may_sleep=*/true);
  }
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::TakeOne(Reclaim how, Hva address, Hva first, Hva last,
                                                   bool may_sleep) {
  using Keep = typename HostMemory<P>::Keep;
  const Keep keep = how == Reclaim::kSwap ? Keep::kSave : Keep::kDiscard;
  const Hva block = BlockOf(address);
  while (!(how == Reclaim::kMigrate ? host_.Move(address) : host_.Drop(address, keep))) {
    // A huge page goes as a whole, or is broken first. A fault may have
    // brought it in just now.
    if (block < first || block + block_ - 1 > last) {
      BreakPage(block, may_sleep);
      host_.Revoke(std::max(block, first), std::min(block + block_ - 1, last));
    } else if (how == Reclaim::kMigrate) {
      host_.SplitBlock(block);
    } else if (host_.DropBlock(block, keep)) {
      return;
    }
  }
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::CheckWhole(Hva first, Hva last) {
  const Hva begin = host_.Huge(first) && BlockOf(first) < first ? BlockOf(first) + block_ : first;
  const Hva end = host_.Huge(last) && BlockOf(last) + block_ - 1 > last ? BlockOf(last) : last + 1;
  if (begin >= end) return;
  self().CheckUnmapped(begin, end - 1);
  host_.Revoke(begin, end - 1);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_RECLAIM_H_
