// How the runtimes of the sanitizers behave unless TSAN_OPTIONS, ASAN_OPTIONS
// or UBSAN_OPTIONS say otherwise.
#ifndef RACEWALK_SANITIZERS_RUNTIME_OPTIONS_H_
#define RACEWALK_SANITIZERS_RUNTIME_OPTIONS_H_

namespace racewalk {

// "thread", "address,undefined", "none": what this build was instrumented by.
// A program that calls this has the options; they come with the object file.
const char* Instrumentation();

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_RUNTIME_OPTIONS_H_
