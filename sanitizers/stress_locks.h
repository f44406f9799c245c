// The locks of a round: the native ones, with a log.
#ifndef RACEWALK_SANITIZERS_STRESS_LOCKS_H_
#define RACEWALK_SANITIZERS_STRESS_LOCKS_H_

#include <source_location>

#include "absl/base/thread_annotations.h"
#include "core/platform/native/locks.h"
#include "sanitizers/stress_thread.h"

namespace racewalk {

// The log has a lock from when it is asked for.
template <typename Lock>
class ABSL_LOCKABLE LoggedLock : public Lock {
 public:
  using Location = std::source_location;

  explicit LoggedLock(const char* name = "lock") : Lock(name), name_(name) {}

  void lock(Location loc = Location::current()) ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    Log(EventKind::kLock, loc);
    Lock::lock(loc);
  }
  void unlock(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION() {
    Lock::unlock(loc);
    Log(EventKind::kUnlock, loc);
  }
  void lock_shared(Location loc = Location::current()) ABSL_SHARED_LOCK_FUNCTION() {
    Log(EventKind::kLockShared, loc);
    Lock::lock_shared(loc);
  }
  void unlock_shared(Location loc = Location::current()) ABSL_UNLOCK_FUNCTION() {
    Lock::unlock_shared(loc);
    Log(EventKind::kUnlockShared, loc);
  }

 private:
  void Log(EventKind kind, Location loc) const {
    StressThread::Log({.kind = kind, .word = name_, .where = loc});
  }

  const char* name_;
};

using StressMutex = LoggedLock<NativeMutex>;
using StressSharedMutex = LoggedLock<NativeSharedMutex>;

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_LOCKS_H_
