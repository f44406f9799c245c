// What the VMM does with memory slots: create, delete, move, log their writes
// (KVM: kvm_set_memslot, kvm_mmu_slot_apply_flags, kvm_get_dirty_log_protect;
// PROTOCOL 1.7, 3.1).
#ifndef RACEWALK_CORE_VM_SLOT_UPDATES_H_
#define RACEWALK_CORE_VM_SLOT_UPDATES_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/platform/platform.h"
#include "core/slots/dirty_bitmap.h"
#include "core/slots/memory_slots.h"
#include "core/vm/state.h"

namespace racewalk {

// Each takes slots_lock. False, and no effect, if it does not fit the slots
// that there are by then. What differs between MMUs, called with slots_lock:
//   void ZapSlot(const MemorySlot<P>&)          returns when nothing of it is mapped or cached
//   bool BeginLogging(const MemorySlot<P>&)     makes the next write to each page show; the
//                                               caller flushes; whether an entry changed
//   void Recover(const MemorySlot<P>&)          logging is over
//   void CollectWrites()                        vCPUs hand over what their hardware has logged
//   void ProtectAgain(Gfn first, uint64_t mask) with the exclusive MMU lock: as BeginLogging, for
//                                               pages from `first`; the caller flushes
//   void FlushAll()                             no translation that was cached before is used again
template <Platform P, typename G, typename Mmu>
class SlotUpdates {
 public:
  using Slot = MemorySlot<P>;
  using Array = typename MemorySlots<P>::Array;

  SlotUpdates(VmState<P>& state, Mmu& mmu) : state_(state), mmu_(mmu) {}

  // Guest frames [first, last] at the host's `address`, which no slot may have
  // yet: a write through one of two slots would be logged for that one only.
  bool Add(uint32_t id, Gfn first, Gfn last, Hva address) {
    state_.slots_lock.lock();
    const bool fits = first <= last && last < G::kFrames && Current(id) == nullptr &&
                      Room(id, first, last) &&
                      !state_.slots.Overlaps(address, address + (last - first));
    if (fits) {
      Array next = state_.slots.Current();
      next.push_back({.id = id, .first = first, .last = last, .address = address});
      state_.slots.Replace(std::move(next));
    }
    state_.slots_lock.unlock();
    return fits;
  }

  bool Delete(uint32_t id) {
    state_.slots_lock.lock();
    const bool fits = Current(id) != nullptr;
    if (fits) {
      Array next = state_.slots.Current();
      std::erase_if(next, [id](const Slot& slot) { return slot.id == id; });
      Retire(id, std::move(next));
    }
    state_.slots_lock.unlock();
    return fits;
  }

  // To guest frames from `first`, as many as it has; the host's address stays.
  bool Move(uint32_t id, Gfn first) {
    state_.slots_lock.lock();
    const Slot* slot = Current(id);
    const Gfn pages = slot == nullptr ? 0 : slot->last - slot->first + 1;
    const bool fits = slot != nullptr && slot->first != first && first + pages <= G::kFrames &&
                      Room(id, first, first + pages - 1);
    if (fits) {
      Array next = state_.slots.Current();
      Slot& moved = In(next, id);
      moved.first = first;
      moved.last = first + pages - 1;
      Retire(id, std::move(next));
    }
    state_.slots_lock.unlock();
    return fits;
  }

  bool SetLogging(uint32_t id, bool on) {
    state_.slots_lock.lock();
    const Slot* slot = Current(id);
    const bool fits = slot != nullptr && slot->logging() != on;
    if (fits) {
      Array next = state_.slots.Current();
      In(next, id).dirty =
          on ? P::template New<DirtyBitmap<P>>(slot->last - slot->first + 1) : nullptr;
      state_.slots.Replace(std::move(next));
      if (on) {
        // By now every fault knows that the slot is logged. Ageing and other
        // protection passes take W away and flush later, or never.
        const bool changed = mmu_.BeginLogging(*Current(id));
        if (changed || P::keeps(point::logging_flushes)) mmu_.FlushAll();
      } else {
        mmu_.Recover(*Current(id));
      }
    }
    state_.slots_lock.unlock();
    return fits;
  }

  // Calls visit(gfn) for each page written since the last harvest. What is
  // written after the call is reported by a later one.
  template <typename F>
  bool Harvest(uint32_t id, F visit) {
    state_.slots_lock.lock();
    const Slot* slot = Current(id);
    const bool fits = slot != nullptr && slot->logging();
    if (fits) {
      mmu_.CollectWrites();
      if (Take(*slot) && P::keeps(point::harvest_flushes)) mmu_.FlushAll();
      for (std::size_t word = 0; word < slot->dirty->words(); ++word) {
        for (uint64_t mask = slot->dirty->taken(word); mask != 0; mask &= mask - 1) {
          visit(FirstOf(*slot, word) + static_cast<Gfn>(std::countr_zero(mask)));
        }
      }
    }
    state_.slots_lock.unlock();
    return fits;
  }

 private:
  const Slot* Current(uint32_t id) const { return state_.slots.FindId(id); }
  static Slot& In(Array& slots, uint32_t id) {
    return *std::find_if(slots.begin(), slots.end(), [id](const Slot& s) { return s.id == id; });
  }
  static Gfn FirstOf(const Slot& slot, std::size_t word) {
    return slot.first + word * DirtyBitmap<P>::kPagesPerWord;
  }
  bool Room(uint32_t id, Gfn first, Gfn last) const {
    for (const Slot& slot : state_.slots.Current()) {
      if (slot.id != id && slot.first <= last && first <= slot.last) return false;
    }
    return true;
  }

  // Replaces the slots by `next`, where slot `id` is gone or elsewhere. Until
  // nothing is mapped through it any more, notifiers find it and faults avoid it.
  void Retire(uint32_t id, Array next) {
    const Slot gone = *Current(id);
    if (P::keeps(point::slot_invalid_first)) {
      Array leaving = state_.slots.Current();
      In(leaving, id).invalid = true;
      state_.slots.Replace(std::move(leaving));
      if (P::keeps(point::slot_zapped)) mmu_.ZapSlot(gone);
      state_.slots.Replace(std::move(next));
    } else {
      state_.slots.Replace(std::move(next));
      mmu_.ZapSlot(gone);
    }
  }

  // Says whether any page was marked.
  bool Take(const Slot& slot) {
    bool any = false;
    state_.mmu_lock.lock();
    for (std::size_t word = 0; word < slot.dirty->words(); ++word) {
      // The marks go first: what is written before the page is protected is
      // marked again, by whoever makes it writable.
      const bool in_order = P::keeps(point::harvest_takes_first);
      const uint64_t mask = in_order ? slot.dirty->Take(word) : slot.dirty->Read(word);
      if (mask == 0) continue;
      any = true;
      mmu_.ProtectAgain(FirstOf(slot, word), mask);
      if (!in_order) slot.dirty->Take(word);
    }
    state_.mmu_lock.unlock();
    return any;
  }

  VmState<P>& state_;
  Mmu& mmu_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_SLOT_UPDATES_H_
