// Relacy, taken in at one place. Only the engine's headers are included: the
// POSIX and Windows layers, which redefine pthread_*, E* and HANDLE as macros,
// are not needed, and neither are its `new`, `free` and `memory_order_*`.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_RELACY_H_
#define RACEWALK_CORE_PLATFORM_RELACY_RELACY_H_

#pragma push_macro("$")
#pragma push_macro("_XOPEN_SOURCE")

#include <relacy/base.hpp>
// base.hpp first, the others build on it.
#include <relacy/atomic.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/dyn_thread.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/event.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/var.hpp>

#pragma pop_macro("_XOPEN_SOURCE")
#pragma pop_macro("$")

#endif  // RACEWALK_CORE_PLATFORM_RELACY_RELACY_H_
