// What the threads of a round did last, in words.
#ifndef RACEWALK_CI_ROUND_EVENTS_H_
#define RACEWALK_CI_ROUND_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ci/guest_frames.h"
#include "sanitizers/event_log.h"
#include "scenarios/scenario.h"

namespace racewalk {

// Events of one round as texts. Table entries, which have no names, are
// numbered as they come. Thread-compatible.
class EventTexts {
 public:
  explicit EventTexts(GuestFrames frames) : frames_(frames) {}

  // A word whose owner or index differs between events has it told in all of
  // them: these are to be known first.
  void Learn(const StressEvent& event);

  // "begin write 0", "load entry#1 -> 0x7  walk.h:42 @walk_follow". `operations`
  // are the thread's, in the order of their numbers in events.
  std::string Of(const StressEvent& event, const std::vector<Operation>& operations);

 private:
  std::string What(const StressEvent& event, const std::vector<Operation>& operations);
  std::string Word(const StressEvent& event);
  std::string Trace(const StressEvent& event) const;

  struct Numbers {
    bool owner = false;
    bool index = false;
  };

  GuestFrames frames_;
  std::map<std::string, Numbers> numbers_{};
  std::map<uint64_t, std::size_t> entries_{};
};

// One thread's share in a round; both are borrowed.
struct LoggedThread {
  std::string name{};
  const EventLog* log = nullptr;
  std::vector<Operation> operations{};
};

struct TimelineEvent {
  std::string thread{};  // "..." where older events were not kept
  std::string text{};
};

// The last `most` events of all threads by their times, the newest at the end.
// Older ones are kept where they explain the others: what each thread did last,
// and steps that were left out. Threads should have stopped, or what they
// overwrite meanwhile is garbled.
std::vector<TimelineEvent> Timeline(const std::vector<LoggedThread>& threads, std::size_t most,
                                    const GuestFrames& frames);

}  // namespace racewalk

#endif  // RACEWALK_CI_ROUND_EVENTS_H_
