// What the threads of a round did last, in words.
#ifndef RACEWALK_CI_ROUND_EVENTS_H_
#define RACEWALK_CI_ROUND_EVENTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "sanitizers/event_log.h"

namespace racewalk {

// The last `most` events at most, the newest at the end. The thread that
// writes them must have stopped, or what it overwrites meanwhile is garbled.
std::vector<std::string> LastEvents(const EventLog& log, std::size_t most);

}  // namespace racewalk

#endif  // RACEWALK_CI_ROUND_EVENTS_H_
