// An event of an execution as a line of text.
#ifndef RACEWALK_CI_EVENT_TEXT_H_
#define RACEWALK_CI_EVENT_TEXT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/platform/event.h"

namespace racewalk {

// The event has made a store: `store` is its ordinal.
bool MakesStore(EventKind kind);
// It has done so by replacing what it read, the store before.
bool ReadsAndStores(EventKind kind);
// Its protocol point is weakened in this execution: its order is the weaker
// one, or the step was left out.
bool IsWeakened(const Event& event);

// "acquire"; "relaxed".
absl::string_view OrderName(std::memory_order order);

// The text of operation `ordinal` of `thread`: Explorer::OperationText.
using OperationNames = std::function<std::string(int thread, uint64_t ordinal)>;

// How a word's numbers are written depends on all words of its name: "root_list"
// is the only one of its kind, "mode[0]" has brothers, "entry[5.0]" has a table.
class WordNames {
 public:
  explicit WordNames(const std::vector<Event>& events);

  std::string Text(const WordName& word) const;

 private:
  struct Numbers {
    bool owner = false;
    bool index = false;
  };
  std::map<std::string, Numbers> numbers_{};
};

// Thread-compatible. What it is given must outlive it.
class EventWriter {
 public:
  EventWriter(const WordNames& words, const OperationNames& operations)
      : words_(words), operations_(operations) {}

  // "load(acquire) entry[5.1] -> table 3"; of kBegin the operation.
  std::string Text(const Event& event) const;

 private:
  std::string Write(const Event& event, absl::string_view verb) const;
  std::string Read(const Event& event, absl::string_view verb) const;
  // Those without a value.
  std::string Other(const Event& event) const;

  const WordNames& words_;
  const OperationNames& operations_;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_EVENT_TEXT_H_
