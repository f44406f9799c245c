#include "ci/round_events.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/guest_frames.h"
#include "core/platform/event.h"
#include "core/platform/platform.h"
#include "core/protocol.h"
#include "sanitizers/event_log.h"
#include "scenarios/printer.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

// What is done, and to what the value is a word's: "" if there is none.
struct Phrase {
  absl::string_view text;
  absl::string_view value;
};

Phrase PhraseOf(EventKind kind) {
  switch (kind) {
    case EventKind::kLoad:
      return {"load", " -> "};
    case EventKind::kStore:
      return {"store", " := "};
    case EventKind::kExchange:
      return {"exchange", " := "};
    case EventKind::kCompareExchange:
      return {"compare_exchange", " := "};
    case EventKind::kCompareFailed:
      return {"failed compare_exchange", ", found "};
    case EventKind::kFetchAdd:
      return {"fetch_add", ", was "};
    case EventKind::kFetchOr:
      return {"fetch_or", ", was "};
    case EventKind::kFetchAnd:
      return {"fetch_and", ", was "};
    case EventKind::kHardwareLoad:
      return {"hardware reads", " -> "};
    case EventKind::kHardwareUpdate:
      return {"hardware sets", " := "};
    case EventKind::kPlainLoad:
      return {"read", " -> "};
    case EventKind::kPlainStore:
      return {"write", " := "};
    case EventKind::kLock:
      return {"lock", ""};
    case EventKind::kUnlock:
      return {"unlock", ""};
    case EventKind::kLockShared:
      return {"lock shared", ""};
    case EventKind::kUnlockShared:
      return {"unlock shared", ""};
    case EventKind::kRcuEnter:
      return {"enter read section of", ""};
    case EventKind::kRcuExit:
      return {"leave read section of", ""};
    case EventKind::kRcuCall:
      return {"queue callback on", ""};
    case EventKind::kRcuStart:
      return {"grace period of", ""};
    case EventKind::kRcuCallback:
      return {"callback of", ""};
    case EventKind::kRcuWaited:
    case EventKind::kWaited:
      return {"wait for", ""};
    case EventKind::kPause:
      return {"pause", ""};
    case EventKind::kYield:
      return {"yield the lock", ""};
    case EventKind::kTrace:
    case EventKind::kBegin:
    case EventKind::kEnd:
      break;
  }
  return {"?", ""};
}

absl::string_view TraceText(TraceKind trace) {
  switch (trace) {
    case TraceKind::kUnlocked:
      return "end an exclusive hold";
    case TraceKind::kWalk:
      return "begin a walk";
    case TraceKind::kVisit:
      return "visit frame ";
    case TraceKind::kYielded:
      return "took the lock again";
    case TraceKind::kTableFreed:
      return "free table page ";
    case TraceKind::kRootZapped:
      return "root is empty: page ";
    case TraceKind::kMapped:
      return "mapped frame ";
    case TraceKind::kEntrySet:
      return "set an entry";
    case TraceKind::kSlotsReplaced:
      return "replace the slots, array ";
    case TraceKind::kFlush:
      return "flush all vCPUs, scope ";
    case TraceKind::kCollapsed:
      return "collapsed at frame ";
  }
  return "?";
}

std::string Number(uint64_t value) {
  return value < 1'000'000 ? absl::StrCat(value) : absl::StrCat("0x", absl::Hex(value));
}

std::string OperationText(const StressEvent& event, const std::vector<Operation>& operations) {
  if (operations.empty()) return absl::StrCat("operation ", event.value);
  return PrintOperation(operations[event.value % operations.size()]);
}

// Steps that were left out that are told although they are old.
constexpr std::size_t kMostLeftOut = 12;

// An event among those of all threads.
struct Placed {
  std::size_t thread = 0;
  uint64_t time = 0;
  std::size_t order = 0;  // of events of one time
  StressEvent event{};
};

// Those that are kept of a thread, the oldest first. Times of one thread never
// go back, whatever the clocks of the processors say.
void Gather(const EventLog& log, std::size_t thread, std::vector<Placed>& all) {
  std::vector<StressEvent> events = log.LeftOut();
  const std::vector<StressEvent> last = log.Last(EventLog::kEvents);
  std::erase_if(events, [&](const StressEvent& event) {
    return !last.empty() && event.time >= last.front().time;
  });
  events.insert(events.end(), last.begin(), last.end());
  uint64_t time = 0;
  for (const StressEvent& event : events) {
    time = std::max(time, event.time);
    all.push_back({.thread = thread, .time = time, .order = all.size(), .event = event});
  }
}

}  // namespace

void EventTexts::Learn(const StressEvent& event) {
  Numbers& numbers = numbers_[event.word];
  numbers.owner = numbers.owner || event.owner >> 32 != 0;
  numbers.index = numbers.index || (event.owner & 0xFFFF'FFFF) != 0;
}

std::string EventTexts::Word(const StressEvent& event) {
  if (event.word[0] == '\0') return "";
  if (absl::string_view(event.word) == "entry") {
    const auto [entry, is_new] = entries_.try_emplace(event.owner, entries_.size() + 1);
    return absl::StrCat(" entry#", entry->second);
  }
  const uint64_t owner = event.owner >> 32;
  const uint64_t index = event.owner & 0xFFFF'FFFF;
  Learn(event);
  const Numbers& numbers = numbers_[event.word];
  if (numbers.index) return absl::StrCat(" ", event.word, "[", owner, ".", index, "]");
  if (numbers.owner) return absl::StrCat(" ", event.word, "[", owner, "]");
  return absl::StrCat(" ", event.word);
}

std::string EventTexts::Trace(const StressEvent& event) const {
  const absl::string_view text = TraceText(event.trace);
  switch (event.trace) {
    case TraceKind::kVisit:
    case TraceKind::kMapped:
    case TraceKind::kCollapsed:
      return absl::StrCat(text, frames_.Text(event.value));
    case TraceKind::kEntrySet:
      return absl::StrCat("set entry ", event.value & 0xFFFF, " of table page ", event.value >> 16);
    default:
      return absl::StrCat(text, text.back() == ' ' ? Number(event.value) : "");
  }
}

std::string EventTexts::What(const StressEvent& event, const std::vector<Operation>& operations) {
  switch (event.kind) {
    case EventKind::kBegin:
      return absl::StrCat("begin ", OperationText(event, operations));
    case EventKind::kEnd:
      return absl::StrCat("done with ", OperationText(event, operations));
    case EventKind::kTrace:
      return EventLog::IsLeftOut(event) ? "left out" : Trace(event);
    default:
      break;
  }
  const Phrase verb = PhraseOf(event.kind);
  return absl::StrCat(verb.text, Word(event), verb.value,
                      verb.value.empty() ? "" : Number(event.value));
}

std::string EventTexts::Of(const StressEvent& event, const std::vector<Operation>& operations) {
  std::string text = What(event, operations);
  if (const std::string place = PlaceText(event.where); !place.empty()) {
    absl::StrAppend(&text, "  ", place);
  }
  if (event.at != point::none) {
    const std::string_view name = Info(event.at).name;
    absl::StrAppend(&text, " @", absl::string_view(name.data(), name.size()),
                    event.weakened ? " (weakened)" : "");
  }
  return text;
}

std::vector<TimelineEvent> Timeline(const std::vector<LoggedThread>& threads, std::size_t most,
                                    const GuestFrames& frames) {
  std::vector<Placed> all;
  for (std::size_t i = 0; i < threads.size(); ++i) Gather(*threads[i].log, i, all);
  std::sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.time, a.order) < std::pair(b.time, b.order);
  });
  const std::size_t window = all.size() - std::min(most, all.size());
  std::vector<bool> kept(all.size());
  std::vector<bool> seen(threads.size());
  std::size_t left_out = 0;
  for (std::size_t i = all.size(); i-- > 0;) {
    const bool is_newest = !seen[all[i].thread];
    seen[all[i].thread] = true;
    kept[i] = i >= window || is_newest ||
              (EventLog::IsLeftOut(all[i].event) && ++left_out <= kMostLeftOut);
  }
  EventTexts texts(frames);
  for (const Placed& placed : all) texts.Learn(placed.event);
  std::vector<TimelineEvent> timeline;
  bool gap = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Placed& placed = all[i];
    if (!kept[i]) {
      gap = !timeline.empty();
      continue;
    }
    if (std::exchange(gap, false)) timeline.push_back({.thread = "...", .text = ""});
    const LoggedThread& thread = threads[placed.thread];
    timeline.push_back({.thread = thread.name, .text = texts.Of(placed.event, thread.operations)});
  }
  return timeline;
}

}  // namespace racewalk
