// Sleepable RCU of real threads.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_SRCU_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_SRCU_H_

#include <source_location>

#include "core/platform/native/presence.h"
#include "core/platform/native/tsan.h"

namespace racewalk {

// Thread-safe. Readers may block inside of a section; a section ends on the
// thread that began it. Readers are wait-free and write nothing that threads
// share. A wait ends when the sections that were open at its start have,
// however many others keep coming.
//
// That a section either is waited for or sees what precedes the wait is
// Presence's promise. Its first half is an edge that ThreadSanitizer sees; for
// the second it is told. Sections do not order each other, and neither do
// waits. The domain may go as soon as a wait has returned and nobody can begin
// another section.
class NativeSrcu {
 public:
  using Location = std::source_location;

  explicit NativeSrcu(const char* /*name*/ = "srcu") {}
  ~NativeSrcu();
  NativeSrcu(const NativeSrcu&) = delete;
  NativeSrcu& operator=(const NativeSrcu&) = delete;

  [[gnu::always_inline]] void read_lock(Location loc = Location::current()) {
    // The inner one of two sections sees no more than the outer one has to.
    const bool outermost = kTsan && !held();
    Presence::Enter(&inside_, loc);
    if (outermost) TsanAcquire(&waits_);
  }
  [[gnu::always_inline]] void read_unlock(Location loc = Location::current()) {
    Presence::Leave(&inside_, loc);
  }
  bool held() const { return Presence::IsInside(&inside_); }
  // Whether the running thread is in a section of any domain, or has an MMU lock
  // shared.
  static bool AnyHeld() { return Presence::IsInsideAny(); }
  void synchronize(Location loc = Location::current());

 private:
  // Only the addresses of these are used.
  char waits_ = 0;
  char inside_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_SRCU_H_
