// A relaxed store as ThreadSanitizer must see it.
#ifndef RACEWALK_SANITIZERS_RELAXED_STORE_H_
#define RACEWALK_SANITIZERS_RELAXED_STORE_H_

#include <atomic>
#include <thread>

#include "core/platform/native/asymmetric_fence.h"
#include "core/platform/native/tsan.h"

namespace racewalk {

// Whoever reads what a relaxed store has written is ordered after nothing: no
// release before it continues, not even the thread's own (C++20; what is
// explored has the same rule). For ThreadSanitizer the word would keep what the
// last release has left there, and hide a missing one. So the store is made as a
// release, which replaces that, by a fiber that nothing happens before but what
// the process did before its first round. What the fiber writes is not checked: in
// its stead the thread loads the word before, and a race of the store with whoever
// frees or writes the word plainly is one of that load.
//
// Elsewhere, and before Prepare, it is the store alone.
class RelaxedStore {
 public:
  // Before threads start, and after the process has forked for the last time:
  // a child that is not alone sees no races. May be called again.
  static void Prepare() {
#if defined(RACEWALK_TSAN)
    if (fiber != nullptr) return;
    fiber = __tsan_create_fiber(0);
    void* const self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber, __tsan_switch_to_fiber_no_sync);
    // For good: it would race with whoever makes or frees the word, though in order.
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
#endif
  }

  // Calls store(order), which stores with that order and does nothing else. Before
  // it may call load(), which loads the same word relaxed.
  template <typename L, typename F>
  static void Make([[maybe_unused]] L load, F store) {
#if defined(RACEWALK_TSAN)
    if (fiber != nullptr) {
      load();
      return MakeByFiber(store);
    }
#endif
    store(std::memory_order_relaxed);
  }

 private:
#if defined(RACEWALK_TSAN)
  template <typename F>
  static void MakeByFiber(F store) {
    // relaxed, with fences that ThreadSanitizer does not see: it must not order
    // those that store.
    while (busy.exchange(true, std::memory_order_relaxed)) std::this_thread::yield();
    AsymmetricFence::Full();
    void* const self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber, __tsan_switch_to_fiber_no_sync);
    store(std::memory_order_release);
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
    AsymmetricFence::Full();
    busy.store(false, std::memory_order_relaxed);  // relaxed: as above
  }

  static inline constinit void* fiber = nullptr;  // one for all threads, by turns
  static inline constinit std::atomic<bool> busy{false};
#endif
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_RELAXED_STORE_H_
