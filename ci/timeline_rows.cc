#include "ci/timeline_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/decode.h"
#include "ci/event_text.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

// Shorter runs read better as they are.
constexpr std::size_t kShortestRun = 3;
// What led to a violation at rest is shown so far back.
constexpr std::size_t kShownAtRest = 12;
// So many words of a run are named, the others counted.
constexpr std::size_t kWordsNamed = 3;

bool IsPlain(const Event& event) {
  return event.kind == EventKind::kPlainLoad || event.kind == EventKind::kPlainStore;
}

// After such an event its thread had nothing to do or had to wait.
bool LetsGo(EventKind kind) {
  return kind == EventKind::kPause || kind == EventKind::kYield || kind == EventKind::kEnd;
}

// Such an event ends a wait: before it, its thread may have been blocked.
bool MayHaveWaited(EventKind kind) {
  switch (kind) {
    case EventKind::kLock:
    case EventKind::kLockShared:
    case EventKind::kWaited:
    case EventKind::kRcuWaited:
    case EventKind::kRcuStart:
    case EventKind::kRcuCallback:
      return true;
    default:
      return false;
  }
}

using WordKey = std::tuple<std::string, uint32_t, uint32_t, uint32_t>;

WordKey KeyOf(const Event& event) {
  return {event.word.what, event.word.owner, event.word.index, event.store};
}

// The event of a marked step. A step is an access and the plain ones after it:
// the one at the place that the violation names is meant, else the last.
const Event* MarkedEvent(const std::vector<Event>& events, uint64_t step, int thread,
                         const std::source_location& where) {
  const Event* last = nullptr;
  const Event* named = nullptr;
  const std::string place = PlaceText(where);
  for (const Event& event : events) {
    if (event.step != step || (thread >= 0 && event.thread != thread)) continue;
    if (event.kind == EventKind::kEnd && last != nullptr) continue;
    last = &event;
    if (!place.empty() && PlaceText(event.where) == place) named = &event;
  }
  return named != nullptr ? named : last;
}

struct Marks {
  const Event* victim = nullptr;
  const Event* cause = nullptr;
};

Marks MarksOf(const Recording& recording) {
  const Violation& violation = recording.violation;
  Marks marks;
  if (violation.kind == ViolationKind::kNone) return marks;
  marks.victim = MarkedEvent(recording.events, violation.step, violation.thread, violation.where);
  if (violation.other_step != Violation::kNoNumber) {
    marks.cause =
        MarkedEvent(recording.events, violation.other_step, violation.other, violation.other_where);
  }
  return marks;
}

class RowMaker {
 public:
  RowMaker(const Recording& recording, const std::vector<std::string>& threads,
           const OperationNames& operation_names)
      : events_(recording.events),
        threads_(threads),
        words_(recording.events),
        writer_(words_, operation_names),
        marks_(MarksOf(recording)) {
    // From the back: whether each event's thread goes on, and with what.
    next_.assign(events_.size(), nullptr);
    std::map<int, const Event*> later;
    for (std::size_t i = events_.size(); i-- > 0;) {
      const auto it = later.find(events_[i].thread);
      next_[i] = it == later.end() ? nullptr : it->second;
      later[events_[i].thread] = &events_[i];
    }
  }

  std::vector<TimelineRow> Make() {
    std::vector<TimelineRow> rows;
    const std::size_t setup = SetupEnd();
    const Range rest = AtRest();
    for (std::size_t i = 0; i < events_.size();) {
      std::size_t end = RunEnd(i);
      if (i < setup) end = setup;
      if (i == rest.begin) end = rest.end;
      const bool run = end - i >= kShortestRun;
      if (i < setup) {
        rows.push_back(Unraced(i, end, "setup"));
      } else if (i == rest.begin && run) {
        rows.push_back(Unraced(i, end, "at rest"));
      } else {
        rows.push_back(run ? Collapsed(i, end) : Row(i));
        if (i != setup) rows.back().preempted = Preempted(i - 1, events_[i].thread);
      }
      const std::size_t next = run ? end : i + 1;
      rows.back().first = i;
      rows.back().end = next;
      for (; i < next; ++i) {
        if (MakesStore(events_[i].kind)) stores_[KeyOf(events_[i])] = &events_[i];
      }
    }
    return rows;
  }

 private:
  // The end of what happened before the first operation of a thread, all of it
  // at step 0: nothing is raced in it. 0 if it is too short to be left out or
  // something in it is marked.
  std::size_t SetupEnd() const {
    std::size_t end = 0;
    while (end < events_.size() && events_[end].kind != EventKind::kBegin &&
           events_[end].step == 0) {
      if (&events_[end] == marks_.victim || &events_[end] == marks_.cause) return 0;
      ++end;
    }
    return end < events_.size() && end >= kShortestRun ? end : 0;
  }

  struct Range {
    std::size_t begin = ~std::size_t{0};  // no event
    std::size_t end = 0;
  };

  // What happens in one go, by one thread and without a step, after the last
  // operation has ended: the VM is taken down. Up to shortly before a mark.
  Range AtRest() const {
    std::size_t begin = events_.size();
    while (begin > 0 && events_[begin - 1].step == events_.back().step &&
           events_[begin - 1].thread == events_.back().thread &&
           events_[begin - 1].kind != EventKind::kEnd &&
           events_[begin - 1].kind != EventKind::kBegin) {
      --begin;
    }
    const bool ended =
        begin > 0 && std::any_of(events_.begin(), events_.begin() + Offset(begin),
                                 [](const Event& event) { return event.kind == EventKind::kEnd; });
    std::size_t end = begin;
    while (end < events_.size() && &events_[end] != marks_.victim &&
           &events_[end] != marks_.cause) {
      ++end;
    }
    if (end < events_.size()) end -= std::min(end - begin, kShownAtRest);
    return ended && end - begin >= kShortestRun ? Range{begin, end} : Range{};
  }

  static std::ptrdiff_t Offset(std::size_t index) { return static_cast<std::ptrdiff_t>(index); }

  TimelineRow Unraced(std::size_t begin, std::size_t end, absl::string_view what) const {
    TimelineRow row;
    row.kind = TimelineRow::Kind::kCollapsed;
    row.step = events_[begin].step;
    row.thread = events_[begin].thread;
    row.text = absl::StrCat(what, ", ", end - begin, " accesses");
    return row;
  }

  // The end of the run of like, unmarked events that begins at `begin`.
  std::size_t RunEnd(std::size_t begin) const {
    const Event& first = events_[begin];
    const bool pause = first.kind == EventKind::kPause;
    if (!pause && !IsPlain(first)) return begin + 1;
    std::size_t end = begin;
    while (end < events_.size() && events_[end].thread == first.thread &&
           (pause ? events_[end].kind == EventKind::kPause : IsPlain(events_[end])) &&
           &events_[end] != marks_.victim && &events_[end] != marks_.cause) {
      ++end;
    }
    return std::max(end, begin + 1);
  }

  TimelineRow Row(std::size_t index) const {
    const Event& event = events_[index];
    TimelineRow row;
    row.step = event.step;
    row.thread = event.thread;
    row.text = writer_.Text(event);
    row.place = PlaceText(event.where);
    if (event.kind == EventKind::kBegin) row.kind = TimelineRow::Kind::kBegin;
    if (event.kind == EventKind::kEnd) row.kind = TimelineRow::Kind::kEnd;
    // Where an operation begins and ends is the machine's business.
    if (row.kind != TimelineRow::Kind::kEvent) row.place.clear();
    if (event.at != point::none) {
      const PointInfo& info = Info(event.at);
      row.point = std::string(info.name.data(), info.name.size());
      row.weakened = IsWeakened(event);
    }
    if (event.kind == EventKind::kLoad && event.store < event.newest) row.stale = Stale(event);
    if (&event == marks_.cause) row.mark = TimelineRow::Mark::kCause;
    if (&event == marks_.victim) row.mark = TimelineRow::Mark::kVictim;
    return row;
  }

  TimelineRow Collapsed(std::size_t begin, std::size_t end) const {
    TimelineRow row = Row(begin);
    row.kind = TimelineRow::Kind::kCollapsed;
    const std::size_t count = end - begin;
    if (events_[begin].kind == EventKind::kPause) {
      row.text = absl::StrCat("pause, ", count, " times");
      return row;
    }
    std::vector<std::string> words;
    for (std::size_t i = begin; i < end; ++i) {
      std::string word = words_.Text(events_[i].word);
      if (std::find(words.begin(), words.end(), word) == words.end()) {
        words.push_back(std::move(word));
      }
    }
    std::string more;
    if (words.size() > kWordsNamed) {
      more = absl::StrCat(" and ", words.size() - kWordsNamed, " more");
      words.resize(kWordsNamed);
    }
    row.text = absl::StrCat(count, " plain accesses: ", absl::StrJoin(words, ", "), more);
    return row;
  }

  std::string Stale(const Event& event) const {
    std::string text = absl::StrCat("STALE: saw store ", event.store, " of ", event.newest);
    const auto seen = stores_.find(KeyOf(event));
    if (seen != stores_.end()) absl::StrAppend(&text, MadeBy(*seen->second));
    Event newest = event;
    newest.store = event.newest;
    const auto missed = stores_.find(KeyOf(newest));
    if (missed != stores_.end()) {
      absl::StrAppend(&text, "; the newest value is ",
                      DecodeValue(event.word.type, missed->second->value), MadeBy(*missed->second));
    }
    return text;
  }

  std::string MadeBy(const Event& event) const {
    const auto thread = static_cast<std::size_t>(event.thread);
    return absl::StrCat(", made at step ", event.step,
                        thread < threads_.size() ? absl::StrCat(" by ", threads_[thread]) : "");
  }

  // The thread of event `before` if it lost its turn to `thread` although
  // nothing says that it had to wait; else -1.
  int Preempted(std::size_t before, int thread) const {
    const Event& event = events_[before];
    const Event* next = next_[before];
    if (event.thread == thread || next == nullptr) return -1;
    return LetsGo(event.kind) || MayHaveWaited(next->kind) ? -1 : event.thread;
  }

  const std::vector<Event>& events_;
  const std::vector<std::string>& threads_;
  WordNames words_;
  EventWriter writer_;
  Marks marks_;
  std::vector<const Event*> next_{};  // the same thread's next event
  std::map<WordKey, const Event*> stores_{};
};

}  // namespace

std::vector<TimelineRow> TimelineRows(const Recording& recording,
                                      const std::vector<std::string>& threads,
                                      const OperationNames& operation_names) {
  return RowMaker(recording, threads, operation_names).Make();
}

MarkedEvents FindMarkedEvents(const Recording& recording) {
  const Marks marks = MarksOf(recording);
  const auto index = [&](const Event* event) {
    return event == nullptr ? kNoEvent : static_cast<std::size_t>(event - recording.events.data());
  };
  return {.cause = index(marks.cause), .victim = index(marks.victim)};
}

std::vector<std::string> MarkedPoints(const Recording& recording) {
  const Marks marks = MarksOf(recording);
  std::vector<std::string> names;
  for (const Event* event : {marks.cause, marks.victim}) {
    if (event == nullptr || event->at == point::none) continue;
    const PointInfo& info = Info(event->at);
    std::string name(info.name.data(), info.name.size());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

}  // namespace racewalk
