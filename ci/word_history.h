// What the words of an execution held, and when, made up again from its events.
#ifndef RACEWALK_CI_WORD_HISTORY_H_
#define RACEWALK_CI_WORD_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/platform/event.h"

namespace racewalk {

// A word that some event reads or writes.
struct HistoryWord {
  WordName name{};
  uint64_t initial = 0;  // as the first event found it
  bool known = false;    // false: that was a plain store, which does not tell
  bool changes = false;  // after the first operation has begun
};

struct HistoryChange {
  std::size_t event = 0;  // that made it
  std::size_t word = 0;
  uint64_t from = 0;
  uint64_t to = 0;
};

// Values are the newest ones, whatever a stale load may see.
struct WordHistory {
  explicit WordHistory(const std::vector<Event>& events);

  std::vector<HistoryWord> words{};  // by name, owner and index
  std::vector<HistoryChange> changes{};
  // The index of the word of each event; kNoWord for an event without a value.
  static constexpr std::size_t kNoWord = ~std::size_t{0};
  std::vector<std::size_t> word_of{};

  // By word, after the first `events` events.
  std::vector<uint64_t> At(std::size_t events) const;
};

// Is a page-table entry of the guest.
bool IsTableEntry(const WordName& word);

// The state after the first `events` events, for a terminal: a line for each
// table page with its entries and for each other word that changes.
std::string StateText(const std::vector<Event>& events, std::size_t count);

}  // namespace racewalk

#endif  // RACEWALK_CI_WORD_HISTORY_H_
