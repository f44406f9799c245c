// What can be wrong: the kinds of violation, and the record of one.
//
// A violation is a plain record so that it can be filled in on a fiber with a
// small stack; it is turned into sentences after the execution has ended.
#ifndef RACEWALK_CORE_VIOLATION_H_
#define RACEWALK_CORE_VIOLATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace racewalk {

enum class ViolationKind : uint8_t {
  kNone,
  kStaleTranslation,
  kLostDirty,
  kBadMapping,
  kPermission,
  kBreakBeforeMake,
  kUseAfterFree,
  kDoubleFree,
  kLeak,
  kRootLifecycle,
  kRefcount,
  kDataRace,
  kUninitializedRead,
  kDeadlock,
  kLivelock,
  kLockDiscipline,
  kAssertion,
};

inline constexpr std::array<const char*, 17> kViolationKindNames = {"none",
                                                                    "stale-translation",
                                                                    "lost-dirty",
                                                                    "bad-mapping",
                                                                    "permission",
                                                                    "break-before-make",
                                                                    "use-after-free",
                                                                    "double-free",
                                                                    "leak",
                                                                    "root-lifecycle",
                                                                    "refcount",
                                                                    "data-race",
                                                                    "uninitialized-read",
                                                                    "deadlock",
                                                                    "livelock",
                                                                    "lock-discipline",
                                                                    "assertion"};

constexpr const char* Name(ViolationKind kind) {
  return kViolationKindNames[static_cast<std::size_t>(kind)];
}

// One violation as it was seen. Thread-compatible; owns nothing: the strings
// are literals. A number that does not apply is kNoNumber.
struct Violation {
  static constexpr uint64_t kNoNumber = ~uint64_t{0};

  ViolationKind kind = ViolationKind::kNone;
  // The identifier of PROTOCOL's section 5 ("R4"), or "" if none is at stake.
  const char* invariant = "";
  // What happened, in the user's terms, without a final full stop. `{gfn}`,
  // `{pfn}`, `{thread}`, `{other}` and `{value}` stand for the numbers below.
  const char* what = "";
  uint64_t gfn = kNoNumber;
  uint64_t pfn = kNoNumber;
  uint64_t value = kNoNumber;
  int thread = -1;                  // index of the thread in which it was seen
  int other = -1;                   // index of the thread that made it wrong, -1 if unknown
  uint64_t step = 0;                // step of the execution at which it was seen
  uint64_t other_step = kNoNumber;  // step of `other` that made it wrong
  std::source_location where{};
  std::source_location other_where{};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VIOLATION_H_
