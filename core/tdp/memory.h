// What the VMM does with memory slots: create, delete, move, log their writes
// (KVM: kvm_set_memslot, kvm_mmu_slot_apply_flags, kvm_get_dirty_log_protect;
// PROTOCOL 1.7, 3.1).
#ifndef RACEWALK_CORE_TDP_MEMORY_H_
#define RACEWALK_CORE_TDP_MEMORY_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/platform/platform.h"
#include "core/slots/dirty_bitmap.h"
#include "core/slots/memory_slots.h"
#include "core/tdp/huge.h"
#include "core/tdp/protect.h"
#include "core/tdp/roots.h"
#include "core/tdp/state.h"

namespace racewalk {

// Each takes slots_lock. False, and no effect, if it does not fit the slots
// that there are by then.
template <Platform P, typename G>
class TdpMemory {
 public:
  using Slot = MemorySlot<P>;
  using Array = typename MemorySlots<P>::Array;

  TdpMemory(TdpState<P, G>& state, TdpRoots<P, G>& roots, TdpProtect<P, G>& protect,
            TdpHuge<P, G>& huge)
      : state_(state), roots_(roots), protect_(protect), huge_(huge) {}

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

  // zap_all() empties all roots and waits for that, with slots_lock held.
  template <typename F>
  bool Delete(uint32_t id, F zap_all) {
    state_.slots_lock.lock();
    const bool fits = Current(id) != nullptr;
    if (fits) {
      Array next = state_.slots.Current();
      std::erase_if(next, [id](const Slot& slot) { return slot.id == id; });
      Retire(id, std::move(next), zap_all);
    }
    state_.slots_lock.unlock();
    return fits;
  }

  // To guest frames from `first`, as many as it has; the host's address stays.
  template <typename F>
  bool Move(uint32_t id, Gfn first, F zap_all) {
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
      Retire(id, std::move(next), zap_all);
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
        BeginLogging(*Current(id));
      } else {
        Recover(*Current(id));
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
      // A vCPU that leaves the guest puts what its hardware has logged into the bitmap.
      for (Vcpu<P>* vcpu : state_.vcpus) vcpu->Kick(state_.environment);
      if (Take(*slot) && P::keeps(point::harvest_flushes)) state_.FlushRemoteTlbs();
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
  template <typename F>
  void Retire(uint32_t id, Array next, F zap_all) {
    if (P::keeps(point::slot_invalid_first)) {
      Array leaving = state_.slots.Current();
      In(leaving, id).invalid = true;
      state_.slots.Replace(std::move(leaving));
      if (P::keeps(point::slot_zapped)) zap_all();
      state_.slots.Replace(std::move(next));
    } else {
      state_.slots.Replace(std::move(next));
      zap_all();
    }
  }

  // By now every fault knows that the slot is logged.
  void BeginLogging(const Slot& slot) {
    bool changed = false;
    state_.mmu_lock.lock_shared();
    if (state_.options.eager_split) {
      ForEachTable([&](Pfn root) { huge_.SplitAll(root, slot.first, slot.last); });
    }
    if (P::keeps(point::logging_protects)) {
      ForEachTable([&](Pfn root) { changed |= protect_.ForLogging(root, slot.first, slot.last); });
    }
    state_.mmu_lock.unlock_shared();
    // Ageing and other protection passes take W away and flush later, or never.
    if (changed || P::keeps(point::logging_flushes)) state_.FlushRemoteTlbs();
  }

  void Recover(const Slot& slot) {
    state_.mmu_lock.lock_shared();
    ForEachTable(
        [&](Pfn root) { huge_.Collapse(root, slot, slot.first, slot.last, /*remove=*/false); });
    state_.mmu_lock.unlock_shared();
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
      roots_.ForEach(RootFilter::kValid, /*shared=*/false, [&](uint32_t root) {
        protect_.Harvested(roots_.At(root).table.load(), FirstOf(slot, word), mask);
      });
      if (!in_order) slot.dirty->Take(word);
    }
    state_.mmu_lock.unlock();
    return any;
  }

  // Of the valid roots; with the shared MMU lock, which body may give up.
  template <typename F>
  void ForEachTable(F body) {
    roots_.ForEach(RootFilter::kValid, /*shared=*/true,
                   [&](uint32_t root) { body(roots_.At(root).table.load()); });
  }

  TdpState<P, G>& state_;
  TdpRoots<P, G>& roots_;
  TdpProtect<P, G>& protect_;
  TdpHuge<P, G>& huge_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_MEMORY_H_
