// What the running thread holds: locks and read sections. Only kept where
// assertions are on; it orders nothing, so ThreadSanitizer sees through it.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_HOLDS_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_HOLDS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <source_location>

#include "core/platform/native/fail.h"

namespace racewalk {

class NativeHolds {
 public:
#ifdef NDEBUG
  static constexpr bool kKept = false;
#else
  static constexpr bool kKept = true;
#endif

  using Location = std::source_location;
  enum class Mode : unsigned char { kShared, kExclusive, kSection };  // sections nest, locks do not

  static void Add(const void* what, Mode mode, Location loc) {
    if constexpr (!kKept) return;
    Hold* hold = Find(what);
    if (hold != nullptr && mode != Mode::kSection) Fail("{thread} takes a lock that it holds", loc);
    if (hold == nullptr) {
      hold = Find(nullptr);
      if (hold == nullptr) Fail("{thread} holds more locks than are kept account of", loc);
      *hold = {what, mode, 0};
    }
    ++hold->depth;
  }
  static void Remove(const void* what, Mode mode, Location loc) {
    if constexpr (!kKept) return;
    Hold* hold = Find(what);
    if (hold == nullptr || hold->mode != mode) {
      Fail("{thread} gives up a lock that it does not hold", loc);
    }
    if (--hold->depth == 0) hold->what = nullptr;
  }
  // Whether the running thread holds anything at all.
  static bool Any() {
    return std::any_of(holds.begin(), holds.end(),
                       [](const Hold& hold) { return hold.what != nullptr; });
  }
  static bool Has(const void* what) { return Find(what) != nullptr; }
  static void Assert(const void* what, Location loc) {
    if constexpr (!kKept) return;
    if (!Has(what)) Fail("{thread} does not hold the lock that it must hold", loc);
  }
  static void AssertExclusive(const void* what, Location loc) {
    if constexpr (!kKept) return;
    const Hold* hold = Find(what);
    if (hold == nullptr || hold->mode != Mode::kExclusive) {
      Fail("{thread} needs the lock exclusively and does not hold it so", loc);
    }
  }

 private:
  struct Hold {
    const void* what;  // nullptr: a free place
    Mode mode;
    int depth;
  };
  static constexpr std::size_t kMost = 16;

  static Hold* Find(const void* what) {
    for (Hold& hold : holds) {
      if (hold.what == what) return &hold;
    }
    return nullptr;
  }
  [[noreturn]] static void Fail(const char* what, Location loc) {
    NativeFail(ViolationKind::kLockDiscipline, "P3", what, loc);
  }

  static inline constinit thread_local std::array<Hold, kMost> holds{};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_HOLDS_H_
