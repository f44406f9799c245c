// How the runtimes of the sanitizers behave unless TSAN_OPTIONS, ASAN_OPTIONS
// or UBSAN_OPTIONS say otherwise.
#ifndef RACEWALK_SANITIZERS_RUNTIME_OPTIONS_H_
#define RACEWALK_SANITIZERS_RUNTIME_OPTIONS_H_

namespace racewalk {

// "thread", "address,undefined", "none": what this build was instrumented by.
// A program that calls this has the options; they come with the object file.
const char* Instrumentation();

// Looks for memory that nothing points to any more, and prints what it finds;
// whether there is any. Takes about as long as a round; false in builds without
// AddressSanitizer and with ASAN_OPTIONS=detect_leaks=0. Ends the process where
// it may not look, such as under a debugger. No other thread may be at work.
bool FindLeaks();

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_RUNTIME_OPTIONS_H_
