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
// liburcu has these in a header for all flavours, which names only those of the one
// that is included first.
extern "C" {
// NOLINTBEGIN(readability-redundant-declaration,readability-identifier-naming)
void urcu_memb_call_rcu(struct rcu_head* head, void (*run)(struct rcu_head* head));
void urcu_memb_barrier(void);
// NOLINTEND(readability-redundant-declaration,readability-identifier-naming)
}
#if !defined(RACEWALK_TSAN)
// As liburcu has it, and what C++ does not know of a variable of C: there is no
// initialisation to be run before each use, which would cost a test and more.
extern "C" {
// NOLINTNEXTLINE(readability-redundant-declaration): says more than the other
extern constinit thread_local struct urcu_reader urcu_memb_reader;
}
#endif

#include <source_location>

#include "core/platform/native/basic_rcu.h"

namespace racewalk {

// Any thread may read, without a word before: threads register themselves when they
// first use a domain.
class MembFlavour {
 public:
  static void Register() {
    if (!registered) [[unlikely]] {
      RegisterSlowly();
    }
  }
  // liburcu does not allow it twice.
  static void RegisteredByLibrary() { registered = true; }
  [[gnu::always_inline, gnu::flatten]] static void Enter() {
    Register();
    urcu_memb_read_lock();
  }
  [[gnu::always_inline, gnu::flatten]] static void Leave(std::source_location /*loc*/) {
    urcu_memb_read_unlock();
  }
  static bool Inside() { return urcu_memb_read_ongoing() != 0; }
  static bool MayBeInside() { return Inside(); }
  static void Call(rcu_head* head, void (*run)(rcu_head*)) { urcu_memb_call_rcu(head, run); }
  static void Synchronize() { urcu_memb_synchronize_rcu(); }
  static void Barrier() { urcu_memb_barrier(); }

 private:
  static void RegisterSlowly();

  static inline constinit thread_local bool registered = false;
  static inline constinit thread_local bool ended = false;
};

using NativeRcu = BasicRcu<MembFlavour>;

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_RCU_H_
