// A vector clock outside of any word: the edges that locks and grace periods
// promise are made with these, and no others are.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_CLOCK_H_
#define RACEWALK_CORE_PLATFORM_RELACY_CLOCK_H_

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/platform/decisions.h"

namespace racewalk {

struct Clock {
  std::array<std::size_t, kMaxThreads> time{};

  void Join(const Clock& other) {
    for (std::size_t i = 0; i < time.size(); ++i) time[i] = std::max(time[i], other.time[i]);
  }
};

// What the running fiber has done so far happens-before whoever acquires `clock`.
void ReleaseInto(Clock& clock);
// The running fiber's clock; Restore leaves its own component as it is.
Clock SaveClock();
void RestoreClock(const Clock& clock);
// What was released into `clock` happens-before what the running fiber does next.
void AcquireFrom(const Clock& clock);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_CLOCK_H_
