// The roots of a VM: one for each role that its vCPUs use, shared by
// reference (kernel: kvm_tdp_mmu_alloc_root, kvm_tdp_mmu_put_root,
// tdp_mmu_next_root, kvm_tdp_mmu_invalidate_roots; PROTOCOL 1.9).
//
// Invariants: R1 (a count never leaves 0, nor goes below), R2 (one valid root
// of a role), R3 (`invalid` only becomes true), R6 (each invalid root is zapped
// once, by its owner, and then loses the owner's reference).
#ifndef RACEWALK_CORE_TDP_ROOTS_H_
#define RACEWALK_CORE_TDP_ROOTS_H_

#include <source_location>

#include "core/platform/platform.h"
#include "core/tables/frame_array.h"
#include "core/tables/life.h"
#include "core/tdp/state.h"
#include "core/tdp/zap.h"

namespace racewalk {

template <Platform P, typename G>
struct TdpRoot {
  explicit TdpRoot(uint32_t slot)
      : life(WordName{"root_life", slot}),
        references(WordName{"root_references", slot}),
        invalid(WordName{"root_invalid", slot, 0, ValueType::kBool}),
        next(WordName{"root_next", slot}),
        role(WordName{"root_role", slot}),
        table(WordName{"root_table", slot}),
        scheduled(WordName{"root_scheduled", slot}) {}

  LifeWord<P> life;
  typename P::template Atomic<int32_t> references;
  typename P::template Atomic<bool> invalid;
  typename P::template Atomic<uint32_t> next;  // slot of the next root on the list, 0: none
  typename P::template Plain<uint32_t> role;
  typename P::template Plain<Pfn> table;
  typename P::template Plain<bool> scheduled;  // its zapper owns the MMU's reference
  typename P::Rcu::Head head;
  typename P::Rcu::Head work;  // async_zap
  void* owner = nullptr;
  uint32_t slot = 0;
};

enum class RootFilter : uint8_t { kAll, kValid };

template <Platform P, typename G>
class TdpRoots {
 public:
  using Location = std::source_location;
  using Root = TdpRoot<P, G>;
  static constexpr uint32_t kNone = 0;
  // Many may wait for the end of a grace period.
  static constexpr uint32_t kMaxRoots = 4096;

  TdpRoots(TdpState<P, G>& state, TdpZap<P, G>& zap)
      : state_(state),
        zap_(zap),
        frames_(kMaxRoots + 1),
        free_(1, kMaxRoots, P::Slots::Reuse::kChosen) {}

  // The root with this role, made if there is none; with a reference for the
  // caller. With the MMU lock held: exclusively where the last put zaps, since
  // there a root may become invalid under the shared lock.
  uint32_t FindOrMake(uint32_t role) {
    state_.mmu_lock.AssertHeldShared();
    uint32_t slot = Find(role);
    if (slot != kNone) return slot;
    state_.pages_lock.lock();
    // Another vCPU may have made it between.
    if (P::keeps(point::root_searched_twice)) slot = Find(role);
    if (slot == kNone) slot = Make(role);
    state_.pages_lock.unlock();
    return slot;
  }

  // For whoever holds a reference or the list.
  [[gnu::always_inline]] Root& At(uint32_t slot, Location loc = Location::current()) {
    P::Check(frames_.Contains(slot), ViolationKind::kRootLifecycle, "R1",
             "{thread} uses a root that was never made", loc);
    Root& root = frames_.At(slot);
    root.life.Check(loc);
    return root;
  }

  // Gives a reference back, with the MMU lock held as `shared` says. Where the
  // last put zaps, the lock may be given up on the way.
  void Put(uint32_t slot, bool shared) {
    Root& root = At(slot);
    if (!P::keeps(point::put_drops_its_own)) return PutUnlessLast(root, shared);
    if (!P::keeps(point::invalid_set_first)) return PutInvalidLate(root, shared);
    while (Drop(root)) {
      if (!state_.variant.last_put_zaps) {
        // relaxed: the last reference orders what the others did
        P::Check(root.invalid.load(std::memory_order_relaxed), ViolationKind::kRootLifecycle, "R3",
                 "the last reference to a valid root is gone: the MMU's own was dropped");
        return Retire(root);
      }
      // Whoever makes it invalid zaps it. It must have a reference meanwhile,
      // or a notifier could not find it.
      const bool done =
          root.invalid.exchange(true, std::memory_order_relaxed);  // relaxed: as for the revival
      if (done && P::keeps(point::put_stops_when_invalid)) return Retire(root);
      if (P::keeps(point::put_revives)) {
        // relaxed: who gets a reference from here on may still take the root
        // for valid, but nobody maps anything in it: that needs a vCPU's own
        // reference, and FindOrMake gives none under the shared lock.
        root.references.store(1, std::memory_order_relaxed);
      }
      zap_.Root(root.table.load(), shared);
      if (!P::keeps(point::put_revives)) return Retire(root);
      if (!P::keeps(point::put_drops_again)) {
        root.references.store(0, std::memory_order_relaxed);  // relaxed: the wrong design
        return Retire(root);
      }
    }
  }

  // Calls body(slot) for each root with a reference held, so that the body may
  // yield. With the MMU lock held as `shared` says.
  template <typename F>
  void ForEach(RootFilter filter, bool shared, F body) {
    uint32_t slot = Next(kNone, filter, shared);
    while (slot != kNone) {
      body(slot);
      slot = Next(slot, filter, shared);
    }
  }

  // Calls body(root) for each root without taking a reference, all inside the
  // read section that the caller is in; the body must not leave it.
  template <typename F>
  void ForEachInReadSection(RootFilter filter, F body) {
    P::Check(state_.rcu.held(), ViolationKind::kLockDiscipline, "P3",
             "{thread} goes through the roots with neither a reference nor a read section");
    for (uint32_t slot = head_.load(P::order(point::root_follow)); slot != kNone;) {
      Root& root = At(slot);
      if (Matches(root, filter)) body(root);
      slot = root.next.load(P::order(point::root_follow));
    }
  }

  // Makes all roots invalid, with the exclusive lock: the MMU's reference to
  // each passes to whoever zaps it.
  void Invalidate() {
    state_.mmu_lock.AssertHeld();
    // relaxed: the list changes under the MMU lock, held at least shared
    for (uint32_t slot = head_.load(std::memory_order_relaxed); slot != kNone;) {
      Root& root = At(slot);
      // relaxed: as above
      slot = root.next.load(std::memory_order_relaxed);
      // relaxed: written under the lock that is held
      if (P::keeps(point::invalidated_once) && root.invalid.load(std::memory_order_relaxed)) {
        continue;
      }
      // Where the MMU owns none, the zapper takes one for itself.
      if (state_.variant.last_put_zaps && !TryGet(root)) continue;
      if (state_.variant.async_zap) {
        state_.worker->call(root.work, &ZapCallback, &root);
      } else {
        root.scheduled.store(true);
      }
      // relaxed: the lock orders it for faults, the request for vCPUs
      root.invalid.store(true, std::memory_order_relaxed);
    }
  }

  // Zaps every root that is invalid and not yet taken care of, then lets it go.
  // Under a lock of the caller's, so that each has one zapper, and the shared
  // MMU lock.
  void ZapInvalid() {
    ForEach(RootFilter::kAll, /*shared=*/true, [this](uint32_t slot) {
      Root& root = At(slot);
      if (!root.scheduled.load()) {
        // Whoever dropped its last reference is zapping it, and may be slow.
        // relaxed: set under the lock, at least shared, that is held
        if (state_.variant.last_put_zaps && root.invalid.load(std::memory_order_relaxed)) {
          zap_.Root(root.table.load(), /*shared=*/true);
        }
        return;
      }
      root.scheduled.store(false);
      ZapAndPut(root);
    });
  }

  bool empty() const { return head_.peek() == kNone; }

  // For oracles: calls visit(root) for every root on the list.
  template <typename F>
  void PeekEach(F visit) {
    for (uint32_t slot = head_.peek(); slot != kNone; slot = frames_.At(slot).next.peek()) {
      visit(frames_.At(slot));
    }
  }
  Root* Peek(uint32_t slot) { return frames_.Contains(slot) ? &frames_.At(slot) : nullptr; }

 private:
  // A reference, unless the count has reached 0: then the root is going away.
  bool TryGet(Root& root) {
    if (!P::keeps(point::get_unless_zero)) {
      root.references.fetch_add(1, std::memory_order_relaxed);  // relaxed: as below
      return true;
    }
    // relaxed: confirmed by the compare-exchange
    int32_t count = root.references.load(std::memory_order_relaxed);
    while (count != 0) {
      // relaxed: the root is already known, through the list or another reference
      if (root.references.compare_exchange(count, count + 1, std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  // True if that was the last reference.
  bool Drop(Root& root) {
    const int32_t before =
        root.references.fetch_add(-1, P::order(point::root_put_acquire, point::root_put_release));
    P::Check(before > 0, ViolationKind::kRefcount, "R1",
             "{thread} drops a reference to a root that has none left");
    return before == 1;
  }

  bool Matches(Root& root, RootFilter filter) {
    // relaxed: a stale `false` lets a walk begin in a root that is being zapped,
    // which is harmless; to map something there takes a vCPU's own reference.
    return filter == RootFilter::kAll || !root.invalid.load(std::memory_order_relaxed);
  }

  uint32_t Find(uint32_t role) {
    state_.rcu.read_lock();
    uint32_t slot = head_.load(P::order(point::root_follow));
    while (slot != kNone) {
      Root& root = At(slot);
      if (root.role.load() == role && Matches(root, RootFilter::kValid) && TryGet(root)) break;
      slot = root.next.load(P::order(point::root_follow));
    }
    state_.rcu.read_unlock();
    return slot;
  }

  // The next root after `previous` that the filter lets through, referenced;
  // the reference to `previous` is given back, after its link has been read.
  uint32_t Next(uint32_t previous, RootFilter filter, bool shared) {
    state_.rcu.read_lock();
    uint32_t slot = previous == kNone ? head_.load(P::order(point::root_follow))
                                      : At(previous).next.load(P::order(point::root_follow));
    while (slot != kNone) {
      Root& root = At(slot);
      if (Matches(root, filter) && (!P::keeps(point::root_held) || TryGet(root))) break;
      slot = root.next.load(P::order(point::root_follow));
    }
    state_.rcu.read_unlock();
    if (previous != kNone && P::keeps(point::root_held)) Put(previous, shared);
    return slot;
  }

  uint32_t Make(uint32_t role) {
    const uint32_t slot = free_.take();
    Require<P>(slot != P::Slots::kNone, "the VM is out of root slots");
    Root& root = frames_.Prepare(slot);
    root.life.Begin();
    root.slot = slot;
    root.owner = this;
    // One for the caller and, where it owns its roots, one for the MMU.
    root.references.initialize(state_.variant.last_put_zaps ? 1 : 2);
    root.invalid.initialize(false);
    root.scheduled.store(false);
    root.role.store(role);
    const Pfn table = state_.tables.Allocate(G::kLevels, 0, &state_);
    root.table.store(table);
    // relaxed: the list changes under pages_lock, which is held
    root.next.initialize(head_.load(std::memory_order_relaxed));
    head_.store(slot, P::order(point::root_publish));
    return slot;
  }

  // With the shared MMU lock, by the one who owns the MMU's reference.
  void ZapAndPut(Root& root) {
    zap_.Root(root.table.load(), /*shared=*/true);
    P::Trace(TraceKind::kRootZapped, root.table.load());
    Put(root.slot, /*shared=*/true);
  }

  static void ZapCallback(void* argument) {
    auto* root = static_cast<Root*>(argument);
    auto* roots = static_cast<TdpRoots*>(root->owner);
    roots->state_.life.Check();
    roots->state_.mmu_lock.lock_shared();
    roots->ZapAndPut(*root);
    roots->state_.mmu_lock.unlock_shared();
  }

  // Off the list, and freed when nobody can be looking at it any more.
  void Retire(Root& root) {
    state_.pages_lock.lock();
    Unlink(root);
    state_.pages_lock.unlock();
    if (P::keeps(point::root_freed_by_rcu)) {
      state_.rcu.call(root.head, &FreeCallback, &root);
    } else {
      FreeCallback(&root);
    }
  }

  void Unlink(Root& root) {
    state_.pages_lock.AssertHeld();
    // relaxed: the list changes under the lock that is held
    const uint32_t after = root.next.load(std::memory_order_relaxed);
    // relaxed: as above
    uint32_t slot = head_.load(std::memory_order_relaxed);
    if (slot == root.slot) return head_.store(after, P::order(point::root_unlink_publish));
    while (slot != kNone) {
      Root& other = At(slot);
      // relaxed: as above
      slot = other.next.load(std::memory_order_relaxed);
      if (slot == root.slot) return other.next.store(after, P::order(point::root_unlink_publish));
    }
    P::Check(false, ViolationKind::kRootLifecycle, "R6", "{thread} retires a root twice");
  }

  static void FreeCallback(void* argument) {
    auto* root = static_cast<Root*>(argument);
    auto* roots = static_cast<TdpRoots*>(root->owner);
    roots->state_.life.Check();
    const Pfn table = root->table.load();
    roots->CheckEmpty(table);
    roots->state_.tables.Free(table);
    root->life.End();
    roots->free_.give(root->slot);
  }

  // R5: a root that goes has nothing left in it.
  void CheckEmpty(Pfn table) {
    for (auto& word : state_.tables.At(table).entries) {
      P::Check(!word.peek().present(), ViolationKind::kLeak, "R5",
               "a root is freed with entries still in it");
    }
  }

  // Turned down in the debate of March 2022: a reference that is the only one
  // is not dropped, so the count cannot tell who is last.
  void PutUnlessLast(Root& root, bool shared) {
    if (DropUnlessOne(root)) return;
    // relaxed: the wrong design
    if (!root.invalid.exchange(true, std::memory_order_relaxed)) {
      if (state_.variant.last_put_zaps) zap_.Root(root.table.load(), shared);
      if (DropUnlessOne(root)) return;
    }
    root.references.store(0, std::memory_order_relaxed);  // relaxed: the wrong design
    Retire(root);
  }

  bool DropUnlessOne(Root& root) {
    // relaxed: confirmed by the compare-exchange
    int32_t count = root.references.load(std::memory_order_relaxed);
    while (count != 1) {
      P::Check(count > 0, ViolationKind::kRefcount, "R1",
               "{thread} drops a reference to a root that has none left");
      if (root.references.compare_exchange(
              count, count - 1, P::order(point::root_put_acquire, point::root_put_release))) {
        return true;
      }
    }
    return false;
  }

  // Turned down likewise: `invalid` is an ordinary flag, looked at before the
  // zap and set after it, so that two threads may both find that they are the
  // one to zap.
  void PutInvalidLate(Root& root, bool shared) {
    while (Drop(root)) {
      // relaxed: the wrong design
      if (!state_.variant.last_put_zaps || root.invalid.load(std::memory_order_relaxed)) {
        return Retire(root);
      }
      root.references.store(1, std::memory_order_relaxed);  // relaxed: the wrong design
      zap_.Root(root.table.load(), shared);
      root.invalid.store(true, std::memory_order_relaxed);  // relaxed: the wrong design
    }
  }

  TdpState<P, G>& state_;
  TdpZap<P, G>& zap_;
  FrameArray<P, Root> frames_;
  typename P::Slots free_;
  typename P::template Atomic<uint32_t> head_{kNone, WordName{"root_list"}};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_ROOTS_H_
