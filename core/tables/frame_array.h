// Objects indexed by frame number, made when first asked for: a full-size pool
// costs what is used of it, and making a modelled word has a price.
#ifndef RACEWALK_CORE_TABLES_FRAME_ARRAY_H_
#define RACEWALK_CORE_TABLES_FRAME_ARRAY_H_

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "core/platform/platform.h"

namespace racewalk {

// Of real threads: side by side, so that a walk from table to table computes
// addresses and loads none. Does not grow, since threads prepare different
// indexes at once. Memory is asked for as a whole and touched piece by piece.
template <typename T>
class FixedFrameArray {
 public:
  explicit FixedFrameArray(uint32_t count)
      : frames_(std::allocator<T>().allocate(count)), made_(count, kNotMade) {}
  ~FixedFrameArray() {
    for (uint32_t index = 0; index < size(); ++index) {
      if (made_[index] != kNotMade) std::destroy_at(&frames_[index]);
    }
    std::allocator<T>().deallocate(frames_, made_.size());
  }
  FixedFrameArray(const FixedFrameArray&) = delete;
  FixedFrameArray& operator=(const FixedFrameArray&) = delete;

  uint32_t size() const { return static_cast<uint32_t>(made_.size()); }
  bool Contains(uint32_t index) const { return index < size() && made_[index] != kNotMade; }
  T& Prepare(uint32_t index) {
    if (made_[index] == kNotMade) {
      std::construct_at(&frames_[index], index);
      made_[index] = kMade;
    }
    return frames_[index];
  }
  // Then Contains and At may be called at any time, by threads that nothing
  // orders after a Prepare.
  void PrepareAll() {
    for (uint32_t index = 0; index < size(); ++index) Prepare(index);
  }
  T& At(uint32_t index) { return frames_[index]; }
  const T& At(uint32_t index) const { return frames_[index]; }

 private:
  // Not bool: bits of one word would be one memory location of several threads.
  static constexpr unsigned char kNotMade = 0, kMade = 1;

  T* frames_;
  std::vector<unsigned char> made_;  // by index
};

// Of the explored world: an array that costs nothing before it is used.
template <typename T>
class GrowingFrameArray {
 public:
  explicit GrowingFrameArray(uint32_t /*count*/) {}

  uint32_t size() const { return size_; }
  bool Contains(uint32_t index) const { return index < size_ && frames_[index] != nullptr; }
  T& Prepare(uint32_t index) {
    if (index >= size_) {
      size_ = index + 1;
      frames_.resize(size_);
    }
    if (frames_[index] == nullptr) frames_[index] = std::make_unique<T>(index);
    return *frames_[index];
  }
  T& At(uint32_t index) { return *frames_[index]; }
  const T& At(uint32_t index) const { return *frames_[index]; }

 private:
  std::vector<std::unique_ptr<T>> frames_;
  uint32_t size_ = 0;  // of frames_
};

// FrameArray(count) has room for indexes below `count`. T(uint32_t index) makes
// an object.
//   T& Prepare(index)      makes it, if it is not made; one index by one thread at a time
//   T& At(index)           after Prepare
//   bool Contains(index)   whether it has been prepared; any index
//   uint32_t size()        no index from there on has been prepared
//   void PrepareAll()      of real threads only: all that there is room for
template <Platform P, typename T>
using FrameArray = std::conditional_t<P::kExplored, GrowingFrameArray<T>, FixedFrameArray<T>>;

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_FRAME_ARRAY_H_
