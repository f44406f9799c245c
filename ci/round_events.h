// What the threads of a round did last, in words.
#ifndef RACEWALK_CI_ROUND_EVENTS_H_
#define RACEWALK_CI_ROUND_EVENTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "sanitizers/event_log.h"
#include "scenarios/scenario.h"

namespace racewalk {

// "begin write 0", "load entry[5] -> 0x7  walk.h:42 @walk_follow". `operations`
// are the thread's, in the order of their numbers in events.
std::string EventText(const StressEvent& event, const std::vector<Operation>& operations);

// The last `most` events at most, the newest at the end. The thread that
// writes them should have stopped, or what it overwrites meanwhile is garbled.
std::vector<std::string> LastEvents(const EventLog& log, std::size_t most,
                                    const std::vector<Operation>& operations);

}  // namespace racewalk

#endif  // RACEWALK_CI_ROUND_EVENTS_H_
