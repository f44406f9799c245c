// How the native world reports that something is wrong.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_FAIL_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_FAIL_H_

#include <source_location>

#include "core/violation.h"

namespace racewalk {

// Writes the violation to stderr and aborts: with real threads there is no
// execution to leave, and a debugger or a core dump wants the stack.
[[noreturn]] void NativeFail(ViolationKind kind, const char* invariant, const char* what,
                             std::source_location where);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_FAIL_H_
