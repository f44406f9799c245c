// Objects indexed by frame number, made when first asked for: a full-size pool
// costs what is used of it, and making a modelled word has a price.
#ifndef RACEWALK_CORE_TABLES_FRAME_ARRAY_H_
#define RACEWALK_CORE_TABLES_FRAME_ARRAY_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/platform/platform.h"

namespace racewalk {

// T(uint32_t index) makes an object. Prepare before At; Prepare of one index
// is called by one thread at a time.
template <Platform P, typename T>
class FrameArray {
 public:
  // Natively threads prepare different indexes at once, so there the array
  // does not grow.
  explicit FrameArray(uint32_t count)
      : frames_(P::kExplored ? 0 : count), size_(P::kExplored ? 0 : count) {}

  // No index from here on has been prepared.
  uint32_t size() const { return size_; }
  bool Contains(uint32_t index) const { return index < size_ && frames_[index] != nullptr; }
  T& Prepare(uint32_t index) {
    if constexpr (P::kExplored) {
      if (index >= size_) {
        size_ = index + 1;
        frames_.resize(size_);
      }
    }
    if (frames_[index] == nullptr) frames_[index] = std::make_unique<T>(index);
    return *frames_[index];
  }
  // Makes all that there is room for, natively: then Contains and At may be
  // called at any time, by threads that nothing orders after a Prepare.
  void PrepareAll() {
    for (uint32_t index = 0; index < size(); ++index) Prepare(index);
  }
  T& At(uint32_t index) { return *frames_[index]; }
  const T& At(uint32_t index) const { return *frames_[index]; }

 private:
  std::vector<std::unique_ptr<T>> frames_;
  uint32_t size_;  // of frames_
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_FRAME_ARRAY_H_
