// P::Slots of real threads: newest freed first, so that reuse is as early as it can be.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_SLOTS_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_SLOTS_H_

#include <cstdint>
#include <mutex>
#include <vector>

namespace racewalk {

class NativeSlots {
 public:
  static constexpr uint32_t kNone = ~0U;
  enum class Reuse : uint8_t {
    kChosen,      // there is nobody to choose: at once
    kNewestFirst  // always at once
  };

  NativeSlots(uint32_t first, uint32_t count, Reuse /*reuse*/) {
    free_.reserve(count);
    for (uint32_t i = count; i > 0; --i) free_.push_back(first + i - 1);
  }

  uint32_t take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return kNone;
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  // `count` slots from a multiple of `count` on, a power of two; the number of
  // the first. The free block with the newest freed slot. For the machine; no
  // part of the concept.
  uint32_t take_block(uint32_t count) {
    const std::lock_guard lock(mutex_);
    std::vector<uint32_t> free_of;  // by number of the block
    for (const uint32_t slot : free_) {
      if (free_of.size() <= slot / count) free_of.resize(slot / count + 1);
      ++free_of[slot / count];
    }
    for (auto newest = free_.rbegin(); newest != free_.rend(); ++newest) {
      const uint32_t block = *newest / count;
      if (free_of[block] != count) continue;
      std::erase_if(free_, [&](uint32_t slot) { return slot / count == block; });
      return block * count;
    }
    return kNone;
  }
  void give(uint32_t slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
  }

 private:
  std::mutex mutex_;
  std::vector<uint32_t> free_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_SLOTS_H_
