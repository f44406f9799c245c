// Every nondeterministic decision of an explored world, behind two calls.
//
// Free of Relacy, so that another deterministic world can be driven the same way.
#ifndef RACEWALK_CORE_PLATFORM_DECISIONS_H_
#define RACEWALK_CORE_PLATFORM_DECISIONS_H_

#include <array>
#include <cstdint>

#include "core/protocol.h"

namespace racewalk {

// Scenario threads plus the RCU callback thread.
inline constexpr int kMaxThreads = 6;

// What a thread is about to do; announced before it is scheduled.
enum class OpKind : uint8_t {
  kStart,  // the thread has not begun
  kLoad,
  kStore,
  kRmw,       // exchange, fetch_and/or/add, a compare-exchange that may succeed
  kHardware,  // a page walker's read or its A/D update
  kLock,
  kLockShared,
  kRcuEnter,
  kRcuWork,  // the callback thread: start a grace period or run a callback
  kWait,     // any other wait: a flush, an interrupt, a grace period
  kPause,
  kYield,  // a long walk gives up the MMU lock
};

struct Announcement {
  OpKind kind = OpKind::kStart;
  // Ordinal of the word or lock in this execution; the same in every
  // execution of a scenario for words made in setup. 0: none.
  uint32_t location = 0;
  point at = point::none;
};

// The moment of a thread choice. Valid only during the call.
struct PickView {
  int threads = 0;       // how many there are, finished ones included
  int current = 0;       // who stepped last
  uint32_t enabled = 0;  // bit i: thread i may be picked; never 0
  uint64_t step = 0;     // steps taken so far in this execution
  const std::array<Announcement, kMaxThreads>* next = nullptr;
};

// What a choice that is not a thread choice is about.
enum class Choice : uint8_t {
  kStaleRead,    // 0: the newest of the stores a load may see; 1: look further back
  kGracePeriod,  // which of the pending RCU actions comes next
  kReuse,        // 0: a freed table page is reused at once; 1: quarantined
  kYield,        // 1: a long walk is asked to yield here
};

inline constexpr std::array<const char*, 4> kChoiceNames = {"stale", "grace", "reuse", "yield"};

class Decisions {
 public:
  virtual ~Decisions() = default;
  // Returns an index whose bit is set in view.enabled.
  virtual int Pick(const PickView& view) = 0;
  // The only thread that may be picked takes its step: nothing to decide, but
  // something to know.
  virtual void Forced(const PickView& /*view*/) {}
  // Returns a value in [0, n); n >= 2.
  virtual uint32_t Choose(uint32_t n, Choice kind) = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_DECISIONS_H_
