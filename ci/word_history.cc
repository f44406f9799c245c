#include "ci/word_history.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/decode.h"
#include "ci/event_text.h"

namespace racewalk {
namespace {

bool HasValue(EventKind kind) {
  switch (kind) {
    case EventKind::kLoad:
    case EventKind::kCompareFailed:
    case EventKind::kHardwareLoad:
    case EventKind::kPlainLoad:
    case EventKind::kPlainStore:
      return true;
    default:
      return MakesStore(kind);
  }
}

}  // namespace

WordHistory::WordHistory(const std::vector<Event>& events) {
  using Key = std::tuple<std::string, uint32_t, uint32_t>;
  const auto key = [](const WordName& word) { return Key{word.what, word.owner, word.index}; };
  std::map<Key, std::size_t> index;
  for (const Event& event : events) {
    if (HasValue(event.kind) && *event.word.what != '\0') index.emplace(key(event.word), 0);
  }
  std::size_t number = 0;
  for (auto& [name, at] : index) at = number++;

  words.resize(index.size());
  word_of.assign(events.size(), kNoWord);
  std::vector<bool> met(index.size(), false);
  std::vector<uint64_t> now(index.size(), 0);
  bool begun = false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    begun = begun || event.kind == EventKind::kBegin;
    if (!HasValue(event.kind) || *event.word.what == '\0') continue;
    const std::size_t at = index.at(key(event.word));
    word_of[i] = at;
    HistoryWord& word = words[at];
    word.name = event.word;
    const bool stores = MakesStore(event.kind);
    // A load that is not of the newest store says nothing of what is there now.
    const bool newest = event.kind != EventKind::kLoad || event.store == event.newest;
    const uint64_t found = stores ? event.previous : event.value;
    if (!met[at] && newest) {
      met[at] = true;
      word.known = event.kind != EventKind::kPlainStore;
      word.initial = word.known ? found : 0;
      now[at] = word.initial;
    }
    if (!newest) continue;
    // A page or object that is used anew has been set up without an event.
    if (event.value != now[at]) {
      word.changes = word.changes || begun;
      changes.push_back({i, at, stores ? found : now[at], event.value});
      now[at] = event.value;
    }
  }
}

std::vector<uint64_t> WordHistory::At(std::size_t events) const {
  std::vector<uint64_t> values;
  values.reserve(words.size());
  for (const HistoryWord& word : words) values.push_back(word.initial);
  for (const HistoryChange& change : changes) {
    if (change.event < events) values[change.word] = change.to;
  }
  return values;
}

bool IsTableEntry(const WordName& word) { return absl::string_view(word.what) == "entry"; }

std::string StateText(const std::vector<Event>& events, std::size_t count) {
  const WordHistory history(events);
  const WordNames names(events);
  const std::vector<uint64_t> values = history.At(count);
  std::string tables;
  std::string others;
  uint32_t table = 0;
  for (std::size_t i = 0; i < history.words.size(); ++i) {
    const WordName& word = history.words[i].name;
    const std::string value = DecodeValue(word.type, values[i]);
    if (IsTableEntry(word)) {
      if (tables.empty() || word.owner != table) {
        absl::StrAppend(&tables, tables.empty() ? "" : "\n", "  table ", word.owner, " ");
      }
      table = word.owner;
      absl::StrAppend(&tables, " [", word.index, "] ", value);
    } else if (history.words[i].changes) {
      absl::StrAppend(&others, "  ", names.Text(word), " = ", value, "\n");
    }
  }
  return absl::StrCat("page tables:\n", tables.empty() ? "  none was used" : tables,
                      "\nother words that change:\n", others.empty() ? "  none\n" : others);
}

}  // namespace racewalk
