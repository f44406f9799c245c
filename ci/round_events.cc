#include "ci/round_events.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/sentences.h"
#include "core/platform/event.h"
#include "core/platform/platform.h"
#include "core/protocol.h"
#include "scenarios/printer.h"

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
      return {"fetch_add", " by "};
    case EventKind::kFetchOr:
      return {"fetch_or", " with "};
    case EventKind::kFetchAnd:
      return {"fetch_and", " with "};
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
      return "set an entry, table and slot ";
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

std::string WhatText(const StressEvent& event, const std::vector<Operation>& operations) {
  switch (event.kind) {
    case EventKind::kBegin:
      return absl::StrCat("begin ", OperationText(event, operations));
    case EventKind::kEnd:
      return absl::StrCat("done with ", OperationText(event, operations));
    case EventKind::kTrace: {
      if (event.at != point::none) return "left out";
      const absl::string_view text = TraceText(event.trace);
      return absl::StrCat(text, text.back() == ' ' ? Number(event.value) : "");
    }
    default:
      break;
  }
  const Phrase verb = PhraseOf(event.kind);
  std::string text(verb.text);
  if (event.word[0] != '\0') absl::StrAppend(&text, " ", event.word);
  if (event.owner != 0) absl::StrAppend(&text, "[", Number(event.owner), "]");
  if (!verb.value.empty()) absl::StrAppend(&text, verb.value, Number(event.value));
  return text;
}

}  // namespace

std::string EventText(const StressEvent& event, const std::vector<Operation>& operations) {
  std::string text = WhatText(event, operations);
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

std::vector<std::string> LastEvents(const EventLog& log, std::size_t most,
                                    const std::vector<Operation>& operations) {
  std::vector<std::string> texts;
  for (const StressEvent& event : log.Last(most)) texts.push_back(EventText(event, operations));
  return texts;
}

}  // namespace racewalk
