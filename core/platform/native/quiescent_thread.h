// What a thread is to liburcu-qsbr: offline, in a section, or running and between
// two announcements.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_THREAD_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_THREAD_H_

#include "core/platform/native/tsan.h"

// What is inlined, and where not, is as in rcu.h.
#if !defined(RACEWALK_TSAN)
// NOLINTNEXTLINE(readability-identifier-naming): liburcu's name
#define _LGPL_SOURCE
#endif
#include <urcu/urcu-qsbr.h>
#undef _LGPL_SOURCE
extern "C" {
// NOLINTBEGIN(readability-redundant-declaration,readability-identifier-naming): as in rcu.h
void urcu_qsbr_call_rcu(struct rcu_head* head, void (*run)(struct rcu_head* head));
void urcu_qsbr_barrier(void);
// NOLINTEND(readability-redundant-declaration,readability-identifier-naming)
}
#if !defined(RACEWALK_TSAN)
extern "C" {
// NOLINTNEXTLINE(readability-redundant-declaration): as in rcu.h
extern constinit thread_local struct urcu_qsbr_reader urcu_qsbr_reader;
}
#endif

#include <source_location>

#include "core/platform/native/holds.h"

namespace racewalk {

// All members are about the running thread. A thread that runs a loop, as that of a
// vCPU does, may say so: then its sections cost a test each, and what a grace period
// waits for is that it announces to be in none of them. Every other thread pays three
// fences for each of its outermost sections, and owes nothing.
//
// What a thread that runs must keep to. Breaking the first is a use after free, which only
// builds with assertions tell; breaking the others keeps grace periods from ending, in all VMs
// of the process, and so slots from changing and table pages from coming back to their pools.
// 1. It announces, goes away, waits for a grace period or ends to run outside of
//    sections only. Environment's functions are called inside of sections.
// 2. It announces often: in each turn of its loop, before each retry of a fault, and in each
//    turn of a wait. Before it does what takes long, such as being in the guest for more than
//    a moment, it goes away, and is back afterwards.
// 3. While it runs and is not away, it waits for nobody who waits for a grace period. Of
//    an MMU's operations a vCPU's own do not (PrepareEntry, HandleExit, Fault, DropRoot and
//    WriteFor); all others may, since they take locks under which others wait.
//    A grace period that it waits for itself does not count: liburcu knows of that.
// No other code may use liburcu-qsbr on these threads, and a child that is forked may
// only exec. Not for signal handlers, nor for destructors that run when the thread ends.
//
// Sections and announcements are wait-free, but for a thread's first use and for the
// announcement that somebody waits for, which wakes him.
class QuiescentThread {
 public:
  using Location = std::source_location;

  // For its scope the thread runs. Neither inside of a section nor of another one.
  class Running {
   public:
    explicit Running(Location loc = Location::current()) { Begin(loc); }
    ~Running() { End(Location::current()); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
  };
  // For its scope a thread that runs does not: it may block, and use sections as
  // every other thread. Outside of sections.
  class Away {
   public:
    explicit Away(Location loc = Location::current()) { End(loc); }
    ~Away() { Begin(Location::current()); }
    Away(const Away&) = delete;
    Away& operator=(const Away&) = delete;
  };
  // The thread, which runs, is in no section. What it did in those before
  // happens-before the end of each wait for them.
  [[gnu::always_inline]] static void Announce(Location loc = Location::current()) {
    if constexpr (NativeHolds::kKept) AssertOutside(loc);
    if (IsDue()) [[unlikely]] {
      AnnounceSlowly(loc);
    }
  }

  // --- For the domains of quiescent_rcu.h. ---

  // No order to the compiler: what it moves out of a section of a thread that runs
  // stays between the same two announcements, and one that is not due is no fence either.
  // The others' sections begin and end with fences, which pair with those of a grace period
  // before it looks at threads and after.
  [[gnu::always_inline]] static void Enter() {
    if (NativeHolds::kKept || !running) [[unlikely]] {
      EnterSlowly();
    }
  }
  [[gnu::always_inline]] static void Leave(Location loc) {
    if (NativeHolds::kKept || !running) [[unlikely]] {
      LeaveSlowly(loc);
    }
  }
  // Without assertions nobody knows it of a thread that runs: then this is false.
  static bool Inside() { return sections != 0; }
  // Whether the thread may read now, sections being none of what it did for that.
  static bool MayRead() { return running || sections != 0; }
  static void Register() {
    if (!registered) [[unlikely]] {
      RegisterSlowly();
    }
  }
  // liburcu keeps its own threads online while they run callbacks.
  static void RegisteredByLibrary() { registered = running = true; }
  // For ThreadSanitizer, of a wait that begins: threads see what precedes it from their
  // next announcement on, or from their next section if they do not run.
  static void BeginWait() { TsanRelease(&waits); }

 private:
  // Whether a grace period has begun since the last announcement. The thread's word
  // is 0 while it is offline, which the global one never is.
  [[gnu::always_inline]] static bool IsDue() {
#if defined(RACEWALK_TSAN)
    return true;
#else
    return CMM_LOAD_SHARED(urcu_qsbr_gp.ctr) != urcu_qsbr_reader.ctr;
#endif
  }
  [[gnu::cold, gnu::noinline]] static void AnnounceSlowly(Location loc);
  [[gnu::cold, gnu::noinline]] static void EnterSlowly();
  [[gnu::cold, gnu::noinline]] static void LeaveSlowly(Location loc);
  static void RegisterSlowly();
  static void AssertOutside(Location loc);
  static void Begin(Location loc);
  static void End(Location loc);

  static inline constinit thread_local bool running = false;
  static inline constinit thread_local bool registered = false;
  static inline constinit thread_local bool ended = false;
  static inline char waits = 0;  // only its address is used
  // That are open; without assertions only those of a thread that does not run.
  static inline constinit thread_local unsigned sections = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_THREAD_H_
