// Which guest frame may lead to which host address (R7): what the slots say
// now, and while an update is under way what they said when it began.
#ifndef RACEWALK_SCENARIOS_MACHINE_SLOT_ORACLE_H_
#define RACEWALK_SCENARIOS_MACHINE_SLOT_ORACLE_H_

#include <algorithm>
#include <optional>
#include <vector>

#include "core/geometry.h"
#include "core/slots/memory_slots.h"

namespace racewalk {

// Plain memory: orders nothing.
template <typename P>
class SlotOracle {
 public:
  using Array = typename MemorySlots<P>::Array;

  explicit SlotOracle(const MemorySlots<P>& slots) : slots_(slots) {}

  // Around each update.
  void Begin() {
    ++updates_;
    Remember();
  }
  // Says whether none is under way any more: then all that is left is current.
  bool End() {
    if (--updates_ > 0) return false;
    earlier_.clear();
    return true;
  }
  // The slots are about to be replaced.
  void Remember() {
    if (updates_ == 0) return;
    earlier_.insert(earlier_.end(), slots_.Peek().begin(), slots_.Peek().end());
  }

  // At rest: whether a slot has gfn, and at which address.
  std::optional<Hva> AddressOf(Gfn gfn) const {
    for (const MemorySlot<P>& slot : slots_.Peek()) {
      if (slot.Contains(gfn)) return slot.AddressOf(gfn);
    }
    return std::nullopt;
  }

  bool Allows(Gfn gfn, Hva address) const {
    return Allows(slots_.Peek(), gfn, address) || Allows(earlier_, gfn, address);
  }

 private:
  static bool Allows(const Array& slots, Gfn gfn, Hva address) {
    return std::any_of(slots.begin(), slots.end(), [&](const MemorySlot<P>& slot) {
      return slot.Contains(gfn) && slot.AddressOf(gfn) == address;
    });
  }

  const MemorySlots<P>& slots_;
  Array earlier_;
  int updates_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_SLOT_ORACLE_H_
