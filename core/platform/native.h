// NativePlatform: real threads as a Platform, for benchmarks, sanitizers and
// embedding. Nothing is weakened here: points fold to constants.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_H_

#include <source_location>
#include <thread>
#include <utility>

#include "core/platform/native/atomic.h"
#include "core/platform/native/counter.h"
#include "core/platform/native/fail.h"
#include "core/platform/native/holds.h"
#include "core/platform/native/locks.h"
#include "core/platform/native/rcu.h"
#include "core/platform/native/slots.h"
#include "core/platform/native/srcu.h"
#include "core/platform/platform.h"

namespace racewalk {

struct NativePlatform {
  using Location = std::source_location;
  template <typename T>
  using Atomic = NativeAtomic<T>;
  template <typename T>
  using Plain = NativePlain<T>;
  using Counter = NativeCounter;
  using Mutex = NativeMutex;
  using SharedMutex = NativeSharedMutex;
  using Rcu = NativeRcu;
  using Srcu = NativeSrcu;
  using Slots = NativeSlots;
  using Environment = racewalk::Environment;

  struct Ghost {};
  static constexpr bool kExplored = false;
  static constexpr bool kChecks = NativeHolds::kKept;
  static constexpr bool kSrcuHoldsRcu = false;

  static constexpr Order order(point p) { return {Info(p).strong, p}; }
  static constexpr Order order(point acquire, point release) {
    return {Combine(Info(acquire).strong, Info(release).strong), acquire, release};
  }
  static constexpr bool keeps(point /*p*/, Location /*loc*/ = Location::current()) { return true; }

  static bool ShouldYield(const SharedMutex& lock, point /*p*/) { return lock.contended(); }

  // Whoever is waited for may need this very CPU, but usually runs on another.
  static void Pause(Location /*loc*/ = Location::current()) {
    static constinit thread_local unsigned pauses = 0;
    if (++pauses % kPausesPerYield == 0) {
      std::this_thread::yield();
    } else {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
  }

  static void Check(bool condition, ViolationKind kind, const char* invariant, const char* what,
                    Location loc = Location::current()) {
    if constexpr (!kChecks) return;
    if (!condition) [[unlikely]] {
      NativeFail(kind, invariant, what, loc);
    }
  }
  [[noreturn]] static void Fail(const Violation& violation, Location loc = Location::current()) {
    NativeFail(violation, loc);
  }
  static void Trace(TraceKind /*kind*/, uint64_t /*a*/ = 0, uint64_t /*b*/ = 0,
                    Location /*loc*/ = Location::current()) {}

  template <typename T, typename... Args>
  static T* New(Args&&... args) {
    return new T(std::forward<Args>(args)...);
  }
  template <typename T>
  static void Delete(T* object, Location /*loc*/ = Location::current()) {
    delete object;
  }

 private:
  static constexpr unsigned kPausesPerYield = 16;
};

static_assert(Platform<NativePlatform>);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_H_
