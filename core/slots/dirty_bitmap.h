// Which pages of a memory slot have been written since they were last
// harvested (KVM: memslot->dirty_bitmap and its second half).
#ifndef RACEWALK_CORE_SLOTS_DIRTY_BITMAP_H_
#define RACEWALK_CORE_SLOTS_DIRTY_BITMAP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/platform/platform.h"
#include "core/tables/life.h"

namespace racewalk {

// Mark may be called by any thread that knows the slot; the rest by the one
// that harvests, with slots_lock.
template <Platform P>
class DirtyBitmap {
 public:
  static constexpr uint64_t kPagesPerWord = 64;

  explicit DirtyBitmap(uint64_t pages)
      : words_((pages + kPagesPerWord - 1) / kPagesPerWord),
        bits_(std::make_unique<Word[]>(words_)),
        taken_(words_, 0) {
    life_.Begin();
    for (std::size_t i = 0; i < words_; ++i) {
      if constexpr (P::kExplored) {
        bits_[i].set_name(WordName{"dirty_bitmap", 0, static_cast<uint32_t>(i)});
      }
      bits_[i].initialize(0);
    }
  }

  std::size_t words() const { return words_; }

  void Mark(uint64_t page) {
    life_.Check();
    bits_[page / kPagesPerWord].fetch_or(uint64_t{1} << (page % kPagesPerWord),
                                         P::order(point::dirty_publish));
  }

  // What is marked, to be looked at only.
  uint64_t Read(std::size_t word) const {
    return bits_[word].load(std::memory_order_relaxed);  // relaxed: the wrong design's first look
  }
  // What is marked, and no longer after.
  uint64_t Take(std::size_t word) {
    taken_[word] = bits_[word].exchange(0, P::order(point::dirty_take));
    return taken_[word];
  }
  // What was last taken.
  uint64_t taken(std::size_t word) const { return taken_[word]; }

  // For oracles.
  bool PeekMarked(uint64_t page) const {
    return (bits_[page / kPagesPerWord].peek() >> (page % kPagesPerWord) & 1) != 0;
  }

  // Nobody may mark anything any more.
  void End() { life_.End(); }

 private:
  using Word = typename P::template Atomic<uint64_t>;

  LifeWord<P> life_{WordName{"dirty_bitmap_life"}};
  std::size_t words_;
  std::unique_ptr<Word[]> bits_;
  std::vector<uint64_t> taken_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_SLOTS_DIRTY_BITMAP_H_
