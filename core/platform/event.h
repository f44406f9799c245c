// Records of what happened in an explored execution, kept only while a
// violation is re-run. Plain data; formatted after the run.
#ifndef RACEWALK_CORE_PLATFORM_EVENT_H_
#define RACEWALK_CORE_PLATFORM_EVENT_H_

#include <atomic>
#include <cstdint>
#include <source_location>

#include "core/protocol.h"

namespace racewalk {

enum class EventKind : uint8_t {
  kLoad,
  kStore,
  kExchange,
  kCompareExchange,  // succeeded
  kCompareFailed,
  kFetchAdd,
  kFetchOr,
  kFetchAnd,
  kHardwareLoad,
  kHardwareUpdate,
  kPlainLoad,
  kPlainStore,
  kLock,
  kUnlock,
  kLockShared,
  kUnlockShared,
  kRcuEnter,
  kRcuExit,
  kRcuCall,
  kRcuStart,
  kRcuCallback,
  kRcuWaited,
  kPause,
  kYield,
  kWaited,
  kTrace,  // core: see TraceKind in `trace`
  kBegin,  // scenario: an operation begins, its ordinal in `value`
  kEnd,    // scenario: an operation has returned
};

// How a word's value is to be read by a person.
enum class ValueType : uint8_t { kNumber, kSpte, kPte, kHostEntry, kMode, kRequests, kBool, kLife };

// A word's name: `what` is a literal such as "entry"; `owner` and `index`
// say whose (table frame number and slot, vCPU index, ...).
struct WordName {
  const char* what = "";
  uint32_t owner = 0;
  uint32_t index = 0;
  ValueType type = ValueType::kNumber;
};

struct Event {
  uint64_t step = 0;
  int thread = -1;
  EventKind kind = EventKind::kLoad;
  std::memory_order order = std::memory_order_relaxed;
  point at = point::none;  // of an operation with two points a weakened one, else the first
  bool weakened = false;   // of an operation with two points: `at` is
  WordName word{};
  uint64_t value = 0;      // read, or written by a plain store
  uint64_t previous = 0;   // what a store or read-modify-write replaced
  uint32_t store = 0;      // ordinal of the store that was read or made, from 1
  uint32_t newest = 0;     // ordinal of the newest store at that time
  const char* trace = "";  // kTrace: what the core says it did
  std::source_location where{};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_EVENT_H_
