#include "core/platform/relacy/slots.h"

#include <algorithm>

namespace racewalk {

uint32_t RelacySlots::FindBlock(uint32_t count) const {
  const uint32_t end = first_ + count_;
  const auto fits = [&](uint32_t begin) {
    return begin >= first_ && begin <= end && end - begin >= count;
  };
  for (auto newest = free_.rbegin(); newest != free_.rend(); ++newest) {
    const uint32_t begin = *newest & ~(count - 1);
    if (!fits(begin)) continue;
    auto free = static_cast<uint32_t>(std::count_if(
        free_.begin(), free_.end(), [&](uint32_t slot) { return slot - begin < count; }));
    if (begin + count > fresh()) free += begin + count - fresh();
    if (free == count) return begin;
  }
  const uint32_t begin = (fresh() + count - 1) & ~(count - 1);
  return fits(begin) ? begin : kNone;
}

uint32_t RelacySlots::take_block(uint32_t count) {
  const uint32_t begin = FindBlock(count);
  if (begin == kNone) return kNone;
  // take() is to find what is passed over before it goes beyond the block.
  for (; fresh() < begin; freed_.emplace_back()) free_.insert(free_.begin(), fresh());
  std::erase_if(free_, [&](uint32_t slot) { return slot - begin < count; });
  for (uint32_t slot = begin; slot < begin + count; ++slot) {
    if (slot < fresh()) {
      AcquireFrom(freed_[slot - first_]);
    } else {
      freed_.emplace_back();
    }
  }
  return begin;
}

}  // namespace racewalk
