// Memory slots: which guest frames there are, and where the host has them.
//
// An array of slots never changes once it can be found; an update publishes
// another one and waits until nobody reads the old one (KVM: kvm_memslots under
// kvm->srcu). A notifier's start and end must see the same array, or what one
// counted the other does not, so an update also waits for invalidations
// (52ac8b358b0c).
#ifndef RACEWALK_CORE_SLOTS_MEMORY_SLOTS_H_
#define RACEWALK_CORE_SLOTS_MEMORY_SLOTS_H_

#include <algorithm>
#include <cstdint>
#include <source_location>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/slots/dirty_bitmap.h"
#include "core/tables/frame_array.h"
#include "core/tables/life.h"

namespace racewalk {

// [first, last] and [address, address + (last - first)].
template <Platform P>
struct MemorySlot {
  uint32_t id = 0;
  Gfn first = 0;
  Gfn last = 0;
  Hva address = 0;
  bool invalid = false;             // on its way out: nothing is mapped any more
  DirtyBitmap<P>* dirty = nullptr;  // while its writes are logged

  bool logging() const { return dirty != nullptr; }
  bool Contains(Gfn gfn) const { return first <= gfn && gfn <= last; }
  Hva AddressOf(Gfn gfn) const { return address + (gfn - first); }
  // Whether the host's [from, to] has pages of the slot; `range` is where.
  bool Overlaps(Hva from, Hva to, std::pair<Gfn, Gfn>& range) const {
    const Hva end = AddressOf(last);
    if (to < address || end < from) return false;
    range = {first + (std::max(from, address) - address), first + (std::min(to, end) - address)};
    return true;
  }
  void MarkDirty(Gfn gfn) const { dirty->Mark(gfn - first); }
};

template <Platform P>
class MemorySlots {
 public:
  using Location = std::source_location;
  using Slot = MemorySlot<P>;
  using Array = std::vector<Slot>;

  MemorySlots() : arrays_(kMaxArrays), free_(0, kMaxArrays, P::Slots::Reuse::kNewestFirst) {
    current_.initialize(Make({}));
  }

  // Around each use of Current, but by the holder of slots_lock. May sleep inside.
  [[gnu::always_inline]] void BeginReading() { readers_.read_lock(); }
  [[gnu::always_inline]] void EndReading() { readers_.read_unlock(); }
  bool reading() const { return readers_.held(); }

  const Array& Current(Location loc = Location::current()) const {
    Version& version = arrays_.At(current_.load(P::order(point::slots_follow), loc));
    version.life.Check(loc);
    return version.slots;
  }
  // The slot that has gfn, or nullptr.
  const Slot* Find(Gfn gfn, Location loc = Location::current()) const {
    for (const Slot& slot : Current(loc)) {
      if (slot.Contains(gfn)) [[likely]] {
        return &slot;
      }
    }
    return nullptr;
  }
  // For the holder of slots_lock.
  const Slot* FindId(uint32_t id, Location loc = Location::current()) const {
    for (const Slot& slot : Current(loc)) {
      if (slot.id == id) return &slot;
    }
    return nullptr;
  }
  // Of the current array: another one for each.
  uint64_t Generation(Location loc = Location::current()) const {
    Version& version = arrays_.At(current_.load(P::order(point::slots_follow), loc));
    version.life.Check(loc);
    return version.generation;
  }
  // Whether a slot has pages of the host's [first, last].
  bool Overlaps(Hva first, Hva last) const {
    std::pair<Gfn, Gfn> range;
    const Array& slots = Current();
    return std::any_of(slots.begin(), slots.end(),
                       [&](const Slot& slot) { return slot.Overlaps(first, last, range); });
  }

  // Puts `next` in place of the current array. With slots_lock held, outside of
  // sections; when it returns nobody knows the old array, and what only that
  // one had is freed.
  void Replace(Array next) {
    // relaxed: changes under slots_lock only
    const uint32_t old = current_.load(std::memory_order_relaxed);
    const uint32_t made = Make(std::move(next));
    LockWithoutInvalidations();
    P::Trace(TraceKind::kSlotsReplaced, made);
    current_.store(made, P::order(point::slots_publish));
    count_lock_.unlock();
    if (P::keeps(point::slots_synchronize)) readers_.synchronize();
    Free(old, arrays_.At(made).slots);
  }

  // v14: takes all slots away. With slots_lock held.
  void Clear() {
    if (P::keeps(point::hook_waits_for_readers)) {
      return Replace({});
    }
    // relaxed: changes under slots_lock only
    const uint32_t old = current_.load(std::memory_order_relaxed);
    // relaxed: the design without this point
    current_.store(Make({}), std::memory_order_relaxed);
    Free(old, {});
  }

  // Around an invalidation by the host, from before its start looks at the
  // slots to after its end has.
  void BeginInvalidation() {
    count_lock_.lock();
    // Fair, it would be a deadlock: what the updater waits for may need this one.
    while (!P::keeps(point::updates_do_not_block) && updaters_.load() != 0) {
      count_lock_.unlock();
      P::Pause();
      count_lock_.lock();
    }
    // relaxed: whoever must see it takes a lock that this thread takes later
    invalidations_.fetch_add(1, std::memory_order_relaxed);
    count_lock_.unlock();
  }
  // After the sequence of the retry protocol has moved.
  void EndInvalidation() {
    count_lock_.lock();
    const uint32_t before =
        invalidations_.fetch_add(~uint32_t{0}, P::order(point::active_count_publish));
    P::Check(before > 0, ViolationKind::kRefcount, "N1",
             "{thread} ends an invalidation that has not been started");
    count_lock_.unlock();
  }
  // Whether an invalidation is under way (KVM: mn_active_invalidate_count),
  // without a lock. If not, the sequence that is read next is as the last left it.
  bool AnyInvalidation() const {
    return invalidations_.load(P::order(point::active_count_read)) != 0;
  }
  // When no end can come any more, because the notifier is gone: whether any
  // was still to come.
  bool ForgetInvalidations() {
    count_lock_.lock();
    // relaxed: changes under the lock only, and nobody else looks any more
    const bool any = invalidations_.exchange(0, std::memory_order_relaxed) != 0;
    count_lock_.unlock();
    return any;
  }

  // With the VM: nobody reads any more.
  void Destroy() {
    // relaxed: single-threaded by now
    Free(current_.load(std::memory_order_relaxed), {});
  }

  // For oracles.
  const Array& Peek() const { return arrays_.At(current_.peek()).slots; }
  // An array that is about to be published, by the thread that does so.
  const Array& PeekAt(uint64_t number) const {
    return arrays_.At(static_cast<uint32_t>(number)).slots;
  }
  uint32_t invalidations() const { return invalidations_.peek(); }

 private:
  // One is current, one is about to be, and one is being waited for.
  static constexpr uint32_t kMaxArrays = 4;

  struct Version {
    explicit Version(uint32_t index) : life(WordName{"slots_life", index}) {}
    LifeWord<P> life;
    Array slots;
    uint64_t generation = 0;
  };

  uint32_t Make(Array slots) {
    const uint32_t index = free_.take();
    Version& version = arrays_.Prepare(index);
    version.life.Begin();
    version.slots = std::move(slots);
    version.generation = ++generations_;
    return index;
  }

  // `next` has what goes on being used.
  void Free(uint32_t index, const Array& next) {
    Version& version = arrays_.At(index);
    for (const Slot& slot : version.slots) {
      const bool kept = std::any_of(next.begin(), next.end(),
                                    [&](const Slot& other) { return other.dirty == slot.dirty; });
      if (kept || slot.dirty == nullptr) continue;
      slot.dirty->End();
      P::Delete(slot.dirty);
    }
    version.life.End();
    free_.give(index);
  }

  // Takes count_lock_ at a moment with no invalidation under way. Not fair.
  void LockWithoutInvalidations()
      ABSL_EXCLUSIVE_LOCK_FUNCTION(count_lock_) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    count_lock_.lock();
    updaters_.store(updaters_.load() + 1);
    while (P::keeps(point::slots_wait) &&
           // relaxed: changes under the lock only
           invalidations_.load(std::memory_order_relaxed) != 0) {
      count_lock_.unlock();
      P::Pause();
      count_lock_.lock();
    }
    updaters_.store(updaters_.load() - 1);
  }

  mutable FrameArray<P, Version> arrays_;
  typename P::Slots free_;
  mutable typename P::Srcu readers_{"slots"};
  typename P::template Atomic<uint32_t> current_{WordName{"slots"}};
  uint64_t generations_ = 0;  // under slots_lock
  typename P::Mutex count_lock_{"invalidations_lock"};
  // Changes under count_lock_ only.
  typename P::template Atomic<uint32_t> invalidations_{0, WordName{"invalidations"}};
  typename P::template Plain<uint32_t> updaters_{0, WordName{"slot_updaters"}};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_SLOTS_MEMORY_SLOTS_H_
