// Seconds, as people give them, for clocks.
#ifndef RACEWALK_CI_SECONDS_H_
#define RACEWALK_CI_SECONDS_H_

#include <chrono>

namespace racewalk {

inline std::chrono::nanoseconds Seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

}  // namespace racewalk

#endif  // RACEWALK_CI_SECONDS_H_
