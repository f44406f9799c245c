// What happened in an execution, one row a step, before it is laid out: for
// the terminal now, for other pages later.
#ifndef RACEWALK_CI_TIMELINE_ROWS_H_
#define RACEWALK_CI_TIMELINE_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ci/event_text.h"
#include "core/violation.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {

struct TimelineRow {
  enum class Kind {
    kEvent,
    kBegin,
    kEnd,
    kCollapsed,
    kLeftOut,  // on pages only, see PageRows
  };
  enum class Mark {
    kNone,
    kCause,   // the step that made it wrong: Violation::other_step
    kVictim,  // the step at which it was seen: Violation::step
  };
  Kind kind = Kind::kEvent;
  Mark mark = Mark::kNone;
  uint64_t step = 0;
  int thread = 0;
  // The thread that ran before and could have gone on, -1 if there is none.
  int preempted = -1;
  std::string text{};     // "load(acquire) entry[5.1] -> 0x3"
  std::string stale{};    // what a stale read missed, "" if it is none
  std::string place{};    // "walk.h:42"
  std::string point{};    // the protocol point, "" for none
  bool weakened = false;  // the point does not do what it is there for in this run
  // The events of Recording::events that it stands for: [first, end).
  std::size_t first = 0;
  std::size_t end = 0;
};

// Keeps every step, but runs of plain accesses by one thread and of its pauses
// become one row each unless a row of them is marked. A kBegin row's text is
// that of the operation. Deterministic.
std::vector<TimelineRow> TimelineRows(const Recording& recording,
                                      const std::vector<std::string>& threads,
                                      const OperationNames& operation_names);

// The two events that a violation names, as indices; kNoEvent: unknown.
inline constexpr std::size_t kNoEvent = ~std::size_t{0};
struct MarkedEvents {
  std::size_t cause = kNoEvent;
  std::size_t victim = kNoEvent;
};
MarkedEvents FindMarkedEvents(const Recording& recording);

// The names of the protocol points at the two marked steps, without
// duplicates, the cause's first.
std::vector<std::string> MarkedPoints(const Recording& recording);

}  // namespace racewalk

#endif  // RACEWALK_CI_TIMELINE_ROWS_H_
