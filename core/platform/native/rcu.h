// RCU of real threads, on liburcu-memb.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_RCU_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_RCU_H_

#include "core/platform/native/tsan.h"

// Has the read side inlined, which is a fifth of the calls. Its functions have at
// most ten lines each, which liburcu lets code of any license inline. Not where
// ThreadSanitizer would see half of how liburcu synchronises.
#if !defined(RACEWALK_TSAN)
// NOLINTNEXTLINE(readability-identifier-naming): liburcu's name
#define _LGPL_SOURCE
#endif
#include <urcu/urcu-memb.h>
#undef _LGPL_SOURCE
#if !defined(RACEWALK_TSAN)
// As liburcu has it, and what C++ does not know of a variable of C: there is no
// initialisation to be run before each use, which would cost a test and more.
extern "C" {
// NOLINTNEXTLINE(readability-redundant-declaration): says more than the other
extern constinit thread_local struct urcu_reader urcu_memb_reader;
}
#endif

#include <atomic>
#include <cstdint>
#include <source_location>

#include "core/platform/native/holds.h"

namespace racewalk {

// Thread-safe. Threads register themselves when they first use a domain, and
// callbacks run on liburcu's own thread, where they may do all but wait.
//
// All domains share liburcu's grace periods: a section of one holds back the
// callbacks of all. That is more than a domain promises and never less, but a
// thread in any section must not wait for any domain (checked). `held` keeps
// the domains apart where assertions are on.
//
// For ThreadSanitizer: sections that have ended happen-before callbacks and
// the end of waits; a call before its callback; a callback before barrier's
// return. Left out is the edge from a call to the sections that begin after
// its grace period has started: that start cannot be seen from here, and an
// edge to sections that begin earlier would hide missing orders. So
// what a grace period alone would publish is better published by a release.
class NativeRcu {
 public:
  using Location = std::source_location;

  // Part of an object that is handed to `call`; in use until its callback.
  class Head {
   private:
    friend class NativeRcu;
    rcu_head head_;  // first, so that a pointer to it is one to Head
    NativeRcu* domain_;
    void (*callback_)(void*);
    void* argument_;
  };

  explicit NativeRcu(const char* /*name*/ = "rcu") {}
  // No callback may be pending: call barrier() before.
  ~NativeRcu();
  NativeRcu(const NativeRcu&) = delete;
  NativeRcu& operator=(const NativeRcu&) = delete;

  [[gnu::always_inline, gnu::flatten]] void read_lock(Location loc = Location::current()) {
    Register();
    NativeHolds::Add(this, NativeHolds::Mode::kSection, loc);
    urcu_memb_read_lock();
  }
  [[gnu::always_inline, gnu::flatten]] void read_unlock(Location loc = Location::current()) {
    NativeHolds::Remove(this, NativeHolds::Mode::kSection, loc);
    TsanRelease(&sections_);
    urcu_memb_read_unlock();
  }
  bool held() const {
    if constexpr (NativeHolds::kKept) return NativeHolds::Has(this);
    return urcu_memb_read_ongoing() != 0;
  }
  // Runs callback(argument) on another thread after a grace period.
  void call(Head& head, void (*callback)(void*), void* argument,
            Location loc = Location::current());
  void synchronize(Location loc = Location::current());
  // Waits until every callback queued before has run.
  void barrier(Location loc = Location::current());

  // Makes the running thread known to liburcu, which its first use of a domain
  // does otherwise. liburcu has a lock for that, and for threads that end: whoever
  // registers late is ordered after all that have ended, for ThreadSanitizer too.
  static void Register() {
    if (!registered) [[unlikely]] {
      RegisterSlowly();
    }
  }

 private:
  static void RegisterSlowly();
  static void Run(rcu_head* raw);
  static void AssertMayWait(Location loc);

  static inline constinit thread_local bool registered = false;

  std::atomic<uint64_t> pending_{0};
  // Only their addresses are used.
  char sections_ = 0;
  char callbacks_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_RCU_H_
