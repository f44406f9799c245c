// RelacyPlatform: the explored world as a Platform.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_RELACY_PLATFORM_H_
#define RACEWALK_CORE_PLATFORM_RELACY_RELACY_PLATFORM_H_

#include <new>
#include <source_location>
#include <utility>

#include "core/platform/platform.h"
#include "core/platform/relacy/atomic.h"
#include "core/platform/relacy/locks.h"
#include "core/platform/relacy/plain.h"
#include "core/platform/relacy/rcu.h"
#include "core/platform/relacy/slots.h"
#include "core/platform/relacy/world.h"

namespace racewalk {

struct RelacyPlatform {
  using Location = std::source_location;
  template <typename T>
  using Atomic = RelacyAtomic<T>;
  template <typename T>
  using Plain = RelacyPlain<T>;
  using Counter = RelacyCounter;
  using Mutex = RelacyMutex;
  using SharedMutex = RelacySharedMutex;
  using Rcu = RelacyRcu;
  using Srcu = RelacyRcu;  // domains are apart, and nothing forbids to block in a section
  using Slots = RelacySlots;
  using Environment = racewalk::Environment;

  // Generation of what an entry points to, at the time the entry was made.
  struct Ghost {
    uint32_t generation = 0;
  };
  static constexpr bool kExplored = true;
  static constexpr bool kChecks = true;
  static constexpr bool kSrcuHoldsRcu = false;

  static Order order(point p) {
    const PointInfo& info = Info(p);
    return {World::Get().weakened(p) ? info.weak : info.strong, p};
  }
  static Order order(point acquire, point release) {
    return {Combine(order(acquire).value, order(release).value), acquire, release};
  }
  static bool keeps(point p, Location loc = Location::current()) {
    return World::Get().Keeps(p, loc);
  }

  static bool ShouldYield(const SharedMutex& lock, point p, Location loc = Location::current()) {
    World& world = World::Get();
    if (!world.Keeps(p, loc)) return false;
    // Somebody waits: always. Nobody does: whatever else may want the CPU.
    return lock.contended() || world.Choose(2, Choice::kYield) != 0;
  }
  static void Pause(Location loc = Location::current()) { World::Get().Pause(loc); }

  static void Check(bool condition, ViolationKind kind, const char* invariant, const char* what,
                    Location loc = Location::current()) {
    if (!condition) {
      World::Get().Fail({.kind = kind, .invariant = invariant, .what = what, .where = loc});
    }
  }
  [[noreturn]] static void Fail(const Violation& violation) { World::Get().Fail(violation); }
  static void Trace(TraceKind kind, uint64_t a = 0, uint64_t b = 0,
                    Location loc = Location::current()) {
    World::Get().Trace(kind, a, b, loc);
  }

  template <typename T, typename... Args>
  static T* New(Args&&... args) {
    void* memory =
        World::Get().Allocate(sizeof(T), [](void* object) { static_cast<T*>(object)->~T(); });
    return ::new (memory) T(std::forward<Args>(args)...);
  }
  template <typename T>
  static void Delete(T* object, Location loc = Location::current()) {
    if (object != nullptr) World::Get().Release(object, loc);
  }
};

static_assert(Platform<RelacyPlatform>);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_RELACY_PLATFORM_H_
