#include "ci/event_text.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/decode.h"

namespace racewalk {
namespace {

// A relaxed order goes without saying.
std::string OrderText(std::memory_order order) {
  return order == std::memory_order_relaxed ? "" : absl::StrCat("(", OrderName(order), ")");
}

}  // namespace

absl::string_view OrderName(std::memory_order order) {
  switch (order) {
    case std::memory_order_acquire:
    case std::memory_order_consume:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
    case std::memory_order_relaxed:
      break;
  }
  return "relaxed";
}

bool MakesStore(EventKind kind) { return kind == EventKind::kStore || ReadsAndStores(kind); }

bool ReadsAndStores(EventKind kind) {
  switch (kind) {
    case EventKind::kExchange:
    case EventKind::kCompareExchange:
    case EventKind::kFetchAdd:
    case EventKind::kFetchOr:
    case EventKind::kFetchAnd:
    case EventKind::kHardwareUpdate:
      return true;
    default:
      return false;
  }
}

bool IsWeakened(const Event& event) {
  if (event.weakened) return true;
  if (event.at == point::none) return false;
  const PointInfo& info = Info(event.at);
  // The only trace that bears a point is that of World::Keeps.
  if (info.kind != PointKind::kOrder) return event.kind == EventKind::kTrace;
  return info.weak != info.strong && event.order == info.weak;
}

WordNames::WordNames(const std::vector<Event>& events) {
  for (const Event& event : events) {
    Numbers& numbers = numbers_[event.word.what];
    // An entry has its table and slot, even where all slots are the first.
    const bool entry = event.word.type == ValueType::kSpte || event.word.type == ValueType::kPte;
    numbers.owner = numbers.owner || event.word.owner != 0;
    numbers.index = numbers.index || event.word.index != 0 || entry;
  }
}

std::string WordNames::Text(const WordName& word) const {
  const auto numbers = numbers_.find(word.what);
  if (numbers == numbers_.end()) return word.what;
  if (numbers->second.index) {
    return absl::StrCat(word.what, "[", word.owner, ".", word.index, "]");
  }
  return numbers->second.owner ? absl::StrCat(word.what, "[", word.owner, "]")
                               : std::string(word.what);
}

std::string EventWriter::Text(const Event& event) const {
  switch (event.kind) {
    case EventKind::kLoad:
      return Read(event, "load");
    case EventKind::kStore:
      return Write(event, "store");
    case EventKind::kExchange:
      return Write(event, "exchange");
    case EventKind::kCompareExchange:
      return Write(event, "compare_exchange");
    case EventKind::kCompareFailed:
      return absl::StrCat("compare_exchange ", words_.Text(event.word), " failed, found ",
                          DecodeValue(event.word.type, event.value));
    case EventKind::kFetchAdd:
      return Write(event, "fetch_add");
    case EventKind::kFetchOr:
      return Write(event, "fetch_or");
    case EventKind::kFetchAnd:
      return Write(event, "fetch_and");
    case EventKind::kHardwareLoad:
      return Read(event, "hardware reads");
    case EventKind::kHardwareUpdate:
      return Write(event, "hardware sets");
    case EventKind::kPlainLoad:
      return Read(event, "read");
    case EventKind::kPlainStore:
      return absl::StrCat("write ", words_.Text(event.word),
                          " := ", DecodeValue(event.word.type, event.value));
    case EventKind::kTrace:
      return event.trace;
    case EventKind::kBegin:
      return operations_(event.thread, event.value);
    default:
      return Other(event);
  }
}

std::string EventWriter::Write(const Event& event, absl::string_view verb) const {
  return absl::StrCat(verb, OrderText(event.order), " ", words_.Text(event.word),
                      " := ", DecodeValue(event.word.type, event.value), " (was ",
                      DecodeValue(event.word.type, event.previous), ")");
}

std::string EventWriter::Read(const Event& event, absl::string_view verb) const {
  return absl::StrCat(verb, OrderText(event.order), " ", words_.Text(event.word), " -> ",
                      DecodeValue(event.word.type, event.value));
}

std::string EventWriter::Other(const Event& event) const {
  const std::string word = words_.Text(event.word);
  switch (event.kind) {
    case EventKind::kLock:
      return absl::StrCat("lock ", word);
    case EventKind::kUnlock:
      return absl::StrCat("unlock ", word);
    case EventKind::kLockShared:
      return absl::StrCat("lock shared ", word);
    case EventKind::kUnlockShared:
      return absl::StrCat("unlock shared ", word);
    case EventKind::kRcuEnter:
      return absl::StrCat("enter read section of ", word);
    case EventKind::kRcuExit:
      return absl::StrCat("leave read section of ", word);
    case EventKind::kRcuCall:
      return absl::StrCat("queue callback on ", word);
    case EventKind::kRcuStart:
      return absl::StrCat("grace period of ", word, " starts");
    case EventKind::kRcuCallback:
      return absl::StrCat("callback of ", word, " runs");
    case EventKind::kRcuWaited:
      return absl::StrCat("waited for ", word);
    case EventKind::kPause:
      return "pause";
    case EventKind::kYield:
      return "yield the lock";
    case EventKind::kWaited:
      return absl::StrCat("waited", word.empty() ? "" : " for ", word);
    case EventKind::kEnd:
      return "done";
    default:
      return "?";
  }
}

}  // namespace racewalk
