#include "sanitizers/runtime_options.h"

#include "core/platform/native/tsan.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RACEWALK_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define RACEWALK_ASAN 1
#endif

#if defined(RACEWALK_ASAN)
#include <sanitizer/lsan_interface.h>
#endif

// Weak in the runtimes, which call them before main and before most of libc works.
extern "C" {

#if defined(RACEWALK_TSAN)
// The process goes on after a report: one round may have several. A long
// history: both stacks of a race matter more than memory does. Nothing here
// runs on after main, so there is nothing to wait for at the end. Whoever
// watches looks the source lines up, once for what is seen many times.
const char* __tsan_default_options();
const char* __tsan_default_options() {
  return "halt_on_error=0:history_size=4:atexit_sleep_ms=0:second_deadlock_stack=1:symbolize=0";
}
#endif

#if defined(RACEWALK_ASAN)
// Orders of initialisation are checked because they are free to check.
const char* __asan_default_options();
const char* __asan_default_options() {
  return "strict_init_order=1:check_initialization_order=1:symbolize=0";
}
const char* __ubsan_default_options();
const char* __ubsan_default_options() { return "print_stacktrace=1:symbolize=0"; }
#endif

}  // extern "C"

namespace racewalk {

bool FindLeaks() {
#if defined(RACEWALK_ASAN)
  return __lsan_do_recoverable_leak_check() != 0;
#else
  return false;
#endif
}

const char* Instrumentation() {
#if defined(RACEWALK_TSAN)
  return "thread";
#elif defined(RACEWALK_ASAN)
  return "address,undefined";
#else
  return "none";
#endif
}

}  // namespace racewalk
