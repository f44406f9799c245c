// StressPlatform: real threads as a Platform, with points that can be weakened.
#ifndef RACEWALK_SANITIZERS_STRESS_PLATFORM_H_
#define RACEWALK_SANITIZERS_STRESS_PLATFORM_H_

#include <source_location>
#include <utility>

#include "core/platform/native.h"
#include "core/platform/platform.h"
#include "sanitizers/stress_atomic.h"
#include "sanitizers/stress_locks.h"
#include "sanitizers/stress_rcu.h"
#include "sanitizers/stress_thread.h"

namespace racewalk {

// Made of the native parts. What it adds, a table of weakened points that is
// written before there are threads, logs and noise, orders nothing.
struct StressPlatform {
  using Location = std::source_location;
  template <typename T>
  using Atomic = StressAtomic<T>;
  template <typename T>
  using Plain = StressPlain<T>;
  using Mutex = StressMutex;
  using SharedMutex = StressSharedMutex;
  using Rcu = StressRcu;
  using Srcu = NativeSrcu;
  using Counter = NativeCounter;
  using Slots = NativeSlots;
  using Environment = racewalk::Environment;

  struct Ghost {};
  static constexpr bool kExplored = false;
  static constexpr bool kChecks = true;
  static constexpr bool kSrcuHoldsRcu = false;

  static Order order(point p) {
    const PointInfo& info = Info(p);
    return {StressWorld::Weakened(p) ? info.weak : info.strong, p};
  }
  static Order order(point acquire, point release) {
    return {Combine(order(acquire).value, order(release).value), acquire, release};
  }
  static bool keeps(point p, Location loc = Location::current()) {
    StressThread::AtPoint();
    if (!StressWorld::Weakened(p)) return true;
    StressThread::Log({.kind = EventKind::kTrace, .at = p, .weakened = true, .where = loc});
    return false;
  }

  // Somebody waits: always. Nobody does: whatever else may want the CPU.
  static bool ShouldYield(const SharedMutex& lock, point p, Location loc = Location::current()) {
    return keeps(p, loc) && (lock.contended() || StressThread::Chance());
  }
  static void Pause(Location loc = Location::current()) {
    StressThread::Log({.kind = EventKind::kPause, .where = loc});
    NativePlatform::Pause();
  }

  static void Check(bool condition, ViolationKind kind, const char* invariant, const char* what,
                    Location loc = Location::current()) {
    if (!condition) [[unlikely]] {
      NativeFail(kind, invariant, what, loc);
    }
  }
  [[noreturn]] static void Fail(const Violation& violation, Location loc = Location::current()) {
    NativeFail(violation, loc);
  }
  static void Trace(TraceKind kind, uint64_t a = 0, uint64_t b = 0,
                    Location loc = Location::current()) {
    if (kind != TraceKind::kVisit && kind != TraceKind::kWalk) {  // they would be all that is kept
      StressThread::Log({.kind = EventKind::kTrace, .trace = kind, .value = a, .where = loc});
    }
    if (StressWorld::observer != nullptr) StressWorld::observer->OnTrace(kind, a, b, loc);
  }

  template <typename T, typename... Args>
  static T* New(Args&&... args) {
    return new T(std::forward<Args>(args)...);
  }
  template <typename T>
  static void Delete(T* object, Location /*loc*/ = Location::current()) {
    delete object;
  }
};

static_assert(Platform<StressPlatform>);

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_PLATFORM_H_
