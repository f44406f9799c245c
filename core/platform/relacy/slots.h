// P::Slots of the explored world: frame numbers are reused as the world chooses.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_SLOTS_H_
#define RACEWALK_CORE_PLATFORM_RELACY_SLOTS_H_

#include <cstdint>
#include <vector>

#include "core/platform/relacy/clock.h"
#include "core/platform/relacy/world.h"

namespace racewalk {

class RelacySlots {
 public:
  static constexpr uint32_t kNone = ~0U;
  enum class Reuse : uint8_t {
    kChosen,      // per free: at once, or not in this execution
    kNewestFirst  // always at once
  };

  RelacySlots(uint32_t first, uint32_t count, Reuse reuse)
      : first_(first), count_(count), reuse_(reuse) {}

  // What freed the slot happens-before its reuse, as any allocator's lock promises.
  uint32_t take() {
    if (free_.empty()) {
      if (freed_.size() == count_) return kNone;
      freed_.emplace_back();
      return first_ + static_cast<uint32_t>(freed_.size()) - 1;
    }
    const uint32_t slot = free_.back();
    free_.pop_back();
    AcquireFrom(freed_[slot - first_]);
    return slot;
  }

  // `count` slots from a multiple of `count` on, a power of two; the number of
  // the first. Of the blocks that are free the one that holds the newest freed
  // slot, and ordered as by take(). For the machine; no part of the concept.
  uint32_t take_block(uint32_t count);

  void give(uint32_t slot) {
    ReleaseInto(freed_[slot - first_]);
    if (reuse_ == Reuse::kChosen && World::Get().Choose(2, Choice::kReuse) != 0) return;
    free_.push_back(slot);
  }

 private:
  uint32_t FindBlock(uint32_t count) const;
  // From here on slots were never taken.
  uint32_t fresh() const { return first_ + static_cast<uint32_t>(freed_.size()); }

  uint32_t first_;
  uint32_t count_;
  Reuse reuse_;
  // The newest last, and first what a block has passed over; the others were
  // never taken or are quarantined.
  std::vector<uint32_t> free_;
  std::vector<Clock> freed_;  // of the slots that have been taken or passed over
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_SLOTS_H_
