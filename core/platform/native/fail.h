// How the native world reports that something is wrong.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_FAIL_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_FAIL_H_

#include <source_location>

#include "core/violation.h"

namespace racewalk {

// Called on the thread that saw the violation, perhaps by several threads at
// once; `thread` is its name. Must not return; allocates at its own risk.
using NativeFailHandler = void (*)(const Violation& violation, std::source_location where,
                                   const char* thread);

// What is called from now on in place of the default, which writes the violation
// to stderr and aborts: with real threads there is no execution to leave, and a
// debugger or a core dump wants the stack. Null: the default again. Thread-safe;
// set it before there are threads, so that all of them see it.
void SetNativeFailHandler(NativeFailHandler handler);

// The running thread's name in violations; borrowed for as long as the thread
// runs. A thread without one is "this thread".
void SetNativeThreadName(const char* name);
const char* NativeThreadName();

// Where `violation` says where, that is what is reported, else `where`.
[[noreturn]] void NativeFail(const Violation& violation,
                             std::source_location where = std::source_location::current());
[[noreturn]] void NativeFail(ViolationKind kind, const char* invariant, const char* what,
                             std::source_location where);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_FAIL_H_
