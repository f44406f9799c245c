// The locks of real threads.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_LOCKS_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_LOCKS_H_

#include <atomic>
#include <mutex>
#include <source_location>

#include "absl/base/thread_annotations.h"
#include "core/platform/native/holds.h"
#include "core/platform/native/presence_mutex.h"

namespace racewalk {

class ABSL_LOCKABLE NativeMutex {
 public:
  using Location = std::source_location;

  explicit NativeMutex(const char* /*name*/ = "mutex") {}

  void lock(Location loc = Location::current()) ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    NativeHolds::Add(this, NativeHolds::Mode::kExclusive, loc);
    mutex_.lock();
  }
  void unlock(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION() {
    NativeHolds::Remove(this, NativeHolds::Mode::kExclusive, loc);
    mutex_.unlock();
  }
  void AssertHeld(Location loc = Location::current()) const ABSL_ASSERT_EXCLUSIVE_LOCK() {
    NativeHolds::AssertExclusive(this, loc);
  }

 private:
  std::mutex mutex_;
};

// Whether a lock knows by itself that somebody waits for it.
template <typename Lock>
concept SaysContended = requires(const Lock& lock) { lock.contended(); };

// Lock is a shared mutex as the standard library has it, with try_lock and
// try_lock_shared, or one that SaysContended and has no need of those. Which one
// serves best is a matter of measurement: docs/performance.md.
// Does not add fairness: with std::shared_mutex, readers may starve a writer.
template <typename Lock>
class ABSL_LOCKABLE BasicNativeSharedMutex {
 public:
  using Location = std::source_location;

  explicit BasicNativeSharedMutex(const char* /*name*/ = "rwlock") {}

  void lock(Location loc = Location::current()) ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    NativeHolds::Add(this, NativeHolds::Mode::kExclusive, loc);
    if constexpr (SaysContended<Lock>) {
      lock_.lock();
    } else {
      if (lock_.try_lock()) return;
      waiting_.fetch_add(1, std::memory_order_relaxed);
      lock_.lock();
      waiting_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  void unlock(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION() {
    NativeHolds::Remove(this, NativeHolds::Mode::kExclusive, loc);
    lock_.unlock();
  }
  void lock_shared(Location loc = Location::current()) ABSL_SHARED_LOCK_FUNCTION() {
    NativeHolds::Add(this, NativeHolds::Mode::kShared, loc);
    if constexpr (SaysContended<Lock>) {
      lock_.lock_shared();
    } else {
      if (lock_.try_lock_shared()) return;
      waiting_.fetch_add(1, std::memory_order_relaxed);
      lock_.lock_shared();
      waiting_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
  void unlock_shared(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION() {
    NativeHolds::Remove(this, NativeHolds::Mode::kShared, loc);
    lock_.unlock_shared();
  }
  void AssertHeld(Location loc = Location::current()) const ABSL_ASSERT_EXCLUSIVE_LOCK() {
    NativeHolds::AssertExclusive(this, loc);
  }
  // Shared or exclusive.
  void AssertHeldShared(Location loc = Location::current()) const ABSL_ASSERT_SHARED_LOCK() {
    NativeHolds::Assert(this, loc);
  }
  // A hint, for a holder that could yield.
  bool contended() const {
    if constexpr (SaysContended<Lock>) {
      return lock_.contended();
    } else {
      return waiting_.load(std::memory_order_relaxed) != 0;
    }
  }

 private:
  Lock lock_;
  std::atomic<int> waiting_{0};  // of a lock that does not say it itself
};

using NativeSharedMutex = BasicNativeSharedMutex<PresenceSharedMutex>;

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_LOCKS_H_
