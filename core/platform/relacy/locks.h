// The locks of the explored world. They block by not being offered to the
// strategy, and order exactly what a lock promises: a reader's release is
// acquired by writers only, so that publication between readers can be missed.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_LOCKS_H_
#define RACEWALK_CORE_PLATFORM_RELACY_LOCKS_H_

#include <array>
#include <source_location>

#include "absl/base/thread_annotations.h"
#include "core/platform/relacy/atomic.h"
#include "core/platform/relacy/clock.h"

namespace racewalk {

class ABSL_LOCKABLE RelacyMutex {
 public:
  using Location = std::source_location;
  explicit RelacyMutex(const char* name = "mutex");

  void lock(Location loc = Location::current()) ABSL_EXCLUSIVE_LOCK_FUNCTION();
  void unlock(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION();
  void AssertHeld(Location loc = Location::current()) const ABSL_ASSERT_EXCLUSIVE_LOCK();

 private:
  const char* name_;
  uint32_t location_;
  int holder_ = -1;
  Clock released_;
  Pulse pulse_;
};

// Neither readers nor writers are preferred; who waits is up to the strategy.
class ABSL_LOCKABLE RelacySharedMutex {
 public:
  using Location = std::source_location;
  explicit RelacySharedMutex(const char* name = "rwlock");

  void lock(Location loc = Location::current()) ABSL_EXCLUSIVE_LOCK_FUNCTION();
  void unlock(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION();
  void lock_shared(Location loc = Location::current()) ABSL_SHARED_LOCK_FUNCTION();
  void unlock_shared(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION();
  void AssertHeld(Location loc = Location::current()) const ABSL_ASSERT_EXCLUSIVE_LOCK();
  // Shared or exclusive.
  void AssertHeldShared(Location loc = Location::current()) const ABSL_ASSERT_SHARED_LOCK();
  // Somebody waits who can go on only when the caller's hold ends.
  bool contended() const { return waiting_writers_ > 0 || (writer_ >= 0 && waiting_readers_ > 0); }

  // For oracles: as in Announcement.
  uint32_t location() const { return location_; }
  // For oracles: the ordinal of the latest hold of `thread`.
  uint32_t HoldOf(int thread) const { return hold_of_[static_cast<std::size_t>(thread)]; }
  // For oracles: whether `thread` holds it at all.
  bool HeldBy(int thread) const {
    return writer_ == thread || shared_[static_cast<std::size_t>(thread)] > 0;
  }

 private:
  bool Free() const { return writer_ < 0 && readers_ == 0; }
  void Record(EventKind kind, Location loc) const;

  const char* name_;
  uint32_t location_;
  uint32_t holds_ = 0;  // ordinal of the latest hold
  int writer_ = -1;
  int readers_ = 0;
  int waiting_readers_ = 0;
  int waiting_writers_ = 0;
  uint32_t acquisitions_ = 0;
  std::array<int, kMaxThreads> shared_{};
  std::array<uint32_t, kMaxThreads> hold_of_{};
  Clock writer_released_;
  Clock readers_released_;
  Pulse pulse_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_LOCKS_H_
