// Objects indexed by a small number. Natively one lazily populated mapping, so
// that a full-size table costs what is used of it; explored, objects that are
// made when first asked for, since making a modelled word has a price.
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
  explicit FrameArray(uint32_t count) : frames_(count) {}

  uint32_t size() const { return static_cast<uint32_t>(frames_.size()); }
  bool Contains(uint32_t index) const {
    return index < frames_.size() && frames_[index] != nullptr;
  }
  T& Prepare(uint32_t index) {
    if (frames_[index] == nullptr) frames_[index] = std::make_unique<T>(index);
    return *frames_[index];
  }
  T& At(uint32_t index) { return *frames_[index]; }
  const T& At(uint32_t index) const { return *frames_[index]; }

 private:
  std::vector<std::unique_ptr<T>> frames_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_FRAME_ARRAY_H_
