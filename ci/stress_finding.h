// A violation that real threads showed, as it is told.
#ifndef RACEWALK_CI_STRESS_FINDING_H_
#define RACEWALK_CI_STRESS_FINDING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ci/guest_frames.h"
#include "ci/round_events.h"
#include "ci/symbolizer.h"
#include "core/violation.h"
#include "sanitizers/round.h"
#include "sanitizers/round_record.h"

namespace racewalk {

// What a thread logged in the round.
struct ThreadEvents {
  std::string thread{};
  uint64_t all = 0;     // events
  std::string place{};  // of the last one; "" if it has none
};

struct StressFinding {
  ViolationKind kind = ViolationKind::kNone;
  std::string invariant{};
  std::string sentence{};
  // Where it was seen, and the other side of a race; "" if that is not known.
  std::string thread{};
  std::string place{};
  std::string other_thread{};
  std::string other_place{};
  std::vector<std::string> details{};  // stacks, a sanitizer's report: lines, not many
  // What threads did last, oldest first; `threads` are those that logged anything.
  std::vector<TimelineEvent> events{};
  std::vector<ThreadEvents> threads{};

  std::size_t row = 0;     // index of the target
  uint64_t round = 0;      // that showed it first
  std::string drawn{};     // RoundText of that round
  std::string scenario{};  // of that round, one line
  uint64_t count = 1;      // how often it was seen
  bool reports = false;    // a process reports it once, however often it happens
  std::string file{};      // of the scenario, with --out
  std::string explored{};  // what became of it under exploration, a sentence; "" if not tried
  bool hang = false;       // it did not end
  std::string token{};     // of the same kind of violation under exploration; "" if none
};

// Two findings with one class are told once: kind, invariant and the places,
// those of a race in either order. Of a round that hangs the row in place of
// these: where each of its threads stands is never the same.
std::string ClassOf(const StressFinding& finding);

// These say what is known but for the fields that are of the round.
StressFinding FindingOfRecord(const RoundRecord& record, const GuestFrames& frames);
StressFinding FindingOfRace(const RaceReport& race, Symbolizer& symbolizer);
// `death` says how the process ended; `text` is what it printed.
StressFinding FindingOfDeath(absl::string_view death, absl::string_view text,
                             Symbolizer& symbolizer);
// Whether threads of a round that hangs still did something, and so do not wait
// for each other. Unknown: nothing was logged.
enum class Motion { kStill, kMoving, kUnknown };
// `hang` says how long it took, "gave no answer in 30 s".
StressFinding FindingOfHang(absl::string_view hang, Motion motion,
                            const std::vector<ThreadEvents>& threads);

// The threads of the round, those that logged nothing left out.
std::vector<LoggedThread> LoggedThreads(const RoundRecord& record, const Scenario& scenario);
std::vector<ThreadEvents> EventsOf(const std::vector<LoggedThread>& threads);

// What is printed: the kind, the sentence, the places, the round, the events.
std::string StressFindingText(const StressFinding& finding);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRESS_FINDING_H_
