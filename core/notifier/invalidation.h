// The retry protocol between MMU notifiers and page faults: a sequence count
// and an in-progress range (kernel: mmu_invalidate_seq, mmu_invalidate_in_progress,
// virt/kvm/kvm_main.c; PROTOCOL 3.1 and 3.2).
//
// A fault takes a snapshot before it asks the host for the page and, under the
// MMU lock, must retry if an invalidation that covers the page is in progress
// or any has ended since. Invariants: N1 (starts and ends balance), N3 (the
// count only grows).
#ifndef RACEWALK_CORE_NOTIFIER_INVALIDATION_H_
#define RACEWALK_CORE_NOTIFIER_INVALIDATION_H_

#include <algorithm>
#include <cstdint>

#include "core/geometry.h"
#include "core/platform/platform.h"

namespace racewalk {

template <Platform P>
class Invalidation {
 public:
  // With the MMU lock held exclusively; Add says what it is about.
  void Begin() {
    // relaxed: all four words change under the exclusive MMU lock, and all but
    // the count are read under it. They are atomic for readers that
    // look without the lock.
    const uint32_t before = in_progress_.load(std::memory_order_relaxed);
    in_progress_.store(before + 1, std::memory_order_relaxed);  // relaxed: as above
    if (before != 0 && P::keeps(point::range_is_union)) return;
    first_.store(kNowhere, std::memory_order_relaxed);  // relaxed: as above
    last_.store(0, std::memory_order_relaxed);          // relaxed: as above
  }

  // With the MMU lock held exclusively. [first, last], both included. The range
  // only shrinks when nobody is in progress, so it must cover all.
  void Add(Gfn first, Gfn last) {
    // relaxed: as above
    first_.store(std::min(first, first_.load(std::memory_order_relaxed)),
                 std::memory_order_relaxed);  // relaxed: as above
    // relaxed: as above
    last_.store(std::max(last, last_.load(std::memory_order_relaxed)),
                std::memory_order_relaxed);  // relaxed: as above
  }

  // With the MMU lock held exclusively, after the host has let go of the range.
  void End() {
    // relaxed: written under the exclusive lock only
    const uint32_t before = in_progress_.load(std::memory_order_relaxed);
    P::Check(before > 0, ViolationKind::kRefcount, "N1",
             "{thread} ends an invalidation that has not been started");
    Advance();
    in_progress_.store(before - 1, std::memory_order_relaxed);  // relaxed: read under the lock
  }

  // Without a lock, before the host is asked for the page.
  uint64_t Snapshot() const { return sequence_.load(P::order(point::seq_read_before_pfn)); }

  // When no end can come any more, because the notifier is gone.
  void Forget() {
    in_progress_.store(0, std::memory_order_relaxed);  // relaxed: nobody else looks any more
  }

  // With the MMU lock held, and held on until the mapping is installed.
  bool MustRetry(uint64_t snapshot, Gfn gfn) const {
    return (P::keeps(point::retry_in_progress) && InProgress(gfn, gfn)) || HasEnded(snapshot);
  }
  // The half of it that is all there is in v14.
  bool HasEnded(uint64_t snapshot) const {
    // relaxed: ordered by the MMU lock
    return P::keeps(point::retry_sequence) && sequence_.load(std::memory_order_relaxed) != snapshot;
  }

  // v14: where one callback does what Begin and End do. With the MMU lock held
  // exclusively, after the host has changed its page table.
  void Advance() {
    if (!P::keeps(point::seq_increment)) return;
    // relaxed: written under the exclusive lock only
    const uint64_t now = sequence_.load(std::memory_order_relaxed) + 1;
    sequence_.store(now, P::order(point::seq_publish));
  }

  // Without the MMU lock, for a page cache (core/pfncache), after it has found
  // that no invalidation is under way.
  bool HasMoved(uint64_t snapshot) const {
    // relaxed: active_count_read has been passed
    return sequence_.load(std::memory_order_relaxed) != snapshot;
  }
  // The same, as it was asked once: too late, since the count goes up after
  // the caches have been invalidated.
  bool AnyInProgress() const {
    return in_progress_.load(std::memory_order_relaxed) != 0;  // relaxed: a design turned down
  }

  // With the MMU lock held: whether an invalidation is under way that may have
  // taken some of [first, last] already and not yet all.
  bool InProgress(Gfn first, Gfn last) const {
    // relaxed: ordered by the MMU lock
    if (in_progress_.load(std::memory_order_relaxed) == 0) [[likely]] {
      return false;
    }
    // relaxed: ordered by the MMU lock
    const Gfn from = first_.load(std::memory_order_relaxed);
    // relaxed: ordered by the MMU lock
    const Gfn to = last_.load(std::memory_order_relaxed);
    return from <= last && first <= to;
  }

  // For oracles at rest.
  uint32_t in_progress() const { return in_progress_.peek(); }

 private:
  static constexpr Gfn kNowhere = ~Gfn{0};

  typename P::template Atomic<uint64_t> sequence_{0, WordName{"invalidate_seq"}};
  typename P::template Atomic<uint32_t> in_progress_{0, WordName{"invalidate_in_progress"}};
  typename P::template Atomic<Gfn> first_{0, WordName{"invalidate_first"}};
  typename P::template Atomic<Gfn> last_{0, WordName{"invalidate_last"}};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_NOTIFIER_INVALIDATION_H_
