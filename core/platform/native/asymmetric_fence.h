// A pair of fences of which the frequent one is free: what was stored before
// one of them is seen by what is loaded after the other.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_ASYMMETRIC_FENCE_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_ASYMMETRIC_FENCE_H_

#include <atomic>

namespace racewalk {

// Of two threads that each store one word, fence, and load the other's, one by
// Light and one by Heavy, at least one sees the other's store. Two Lights promise
// nothing of each other; two Heavies do.
//
// Heavy: a system call that has every processor on which the process runs pass
// a full fence (membarrier); where the kernel does not offer that, both are
// ordinary fences. Neither makes a happens-before edge of the language's:
// ThreadSanitizer sees the edges of the acquires and releases around them.
// To be used by threads that begin after main does.
class AsymmetricFence {
 public:
  static void Light() {
    if (kCheap) [[likely]] {
      LightIfCheap();
    } else {
      Full();
    }
  }
  // The same for who has seen that IsCheap(), which stays as it is: an order to
  // the compiler only.
  static void LightIfCheap() { std::atomic_signal_fence(std::memory_order_seq_cst); }
  static bool IsCheap() { return kCheap; }
  static void Heavy();
  // An ordinary fence, of the running thread, and no edge either.
  static void Full();

 private:
  static const bool kCheap;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_ASYMMETRIC_FENCE_H_
