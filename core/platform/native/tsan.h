// What ThreadSanitizer must be told about synchronisation that it cannot see,
// because the library that does it is not instrumented. Nothing in other builds.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_TSAN_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_TSAN_H_

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RACEWALK_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define RACEWALK_TSAN 1
#endif

#if defined(RACEWALK_TSAN)
#include <sanitizer/tsan_interface.h>
// Exported by its runtime, declared in no header.
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace racewalk {

#if defined(RACEWALK_TSAN)
inline constexpr bool kTsan = true;
#else
inline constexpr bool kTsan = false;
#endif

// What this thread has done so far happens-before what follows a TsanAcquire
// of the same address. Accumulates; two releases are not ordered.
inline void TsanRelease([[maybe_unused]] const void* address) {
#if defined(RACEWALK_TSAN)
  __tsan_release(const_cast<void*>(address));
#endif
}

inline void TsanAcquire([[maybe_unused]] const void* address) {
#if defined(RACEWALK_TSAN)
  __tsan_acquire(const_cast<void*>(address));
#endif
}

// While one lives, what this thread writes is not watched: allocations inside
// of a library that another of its threads frees.
class TsanIgnoreWrites {
 public:
#if defined(RACEWALK_TSAN)
  TsanIgnoreWrites() { AnnotateIgnoreWritesBegin(__FILE__, __LINE__); }
  ~TsanIgnoreWrites() { AnnotateIgnoreWritesEnd(__FILE__, __LINE__); }
#else
  TsanIgnoreWrites() {}
  ~TsanIgnoreWrites() {}
#endif
  TsanIgnoreWrites(const TsanIgnoreWrites&) = delete;
  TsanIgnoreWrites& operator=(const TsanIgnoreWrites&) = delete;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_TSAN_H_
