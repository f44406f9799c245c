// The last things that one thread did: cheap enough to be always on.
#ifndef RACEWALK_SANITIZERS_EVENT_LOG_H_
#define RACEWALK_SANITIZERS_EVENT_LOG_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include "core/platform/event.h"
#include "core/platform/platform.h"
#include "core/protocol.h"

namespace racewalk {

// One thing that a thread did, or was about to do: locks and waits are noted
// before they block, so that of a stuck thread the last event says where.
struct StressEvent {
  EventKind kind = EventKind::kLoad;
  point at = point::none;
  bool weakened = false;                   // the point is
  TraceKind trace = TraceKind::kUnlocked;  // of kTrace without a point
  const char* word = "";                   // a literal: the name of the word or lock
  // Whose and which one, 32 bits each. Of a table's entry, which has no name, its address / 8.
  uint64_t owner = 0;
  uint64_t value = 0;  // read, written, or of the trace
  uint64_t time = 0;   // in ticks that all threads share, or nearly
  std::source_location where{};
};

// A ring, and a small one of its own for steps that weakened points left out:
// they explain what comes much later. One thread writes; anybody may read at any
// time, and then the oldest events may be torn. No locks, no order. Lies in
// memory that is shared between processes of which one was forked from the
// other, which have the same literals; memory that is all zero is an empty log.
class EventLog {
 public:
  // That are kept of each, powers of two.
  static constexpr std::size_t kEvents = 256;
  static constexpr std::size_t kLeftOut = 8;

  void Add(const StressEvent& event) {
    AddTo(slots_, written_, event);
    if (IsLeftOut(event)) AddTo(left_out_slots_, left_out_, event);
  }
  // Whether it is a step that a weakened point left out.
  static bool IsLeftOut(const StressEvent& event) {
    return event.kind == EventKind::kTrace && event.at != point::none;
  }
  // How many there have been, older ones included.
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  // The last `most` of those that are kept, the oldest first.
  std::vector<StressEvent> Last(std::size_t most) const { return Read(slots_, written_, most); }
  // The last steps that were left out, however long ago, the oldest first.
  std::vector<StressEvent> LeftOut() const { return Read(left_out_slots_, left_out_, kLeftOut); }
  // By the thread that writes, or when there is none.
  void Clear() {
    Put(written_, 0);
    Put(left_out_, 0);
  }

 private:
  using Word = std::atomic<uint64_t>;
  using Slot = std::array<Word, 6>;
  static constexpr uint64_t kWeakened = uint64_t{1} << 40;

  static void Put(Word& word, uint64_t value) { word.store(value, std::memory_order_relaxed); }
  static uint64_t Get(const Word& word) { return word.load(std::memory_order_relaxed); }
  template <std::size_t n>
  static void AddTo(std::array<Slot, n>& slots, Word& written, const StressEvent& event) {
    const uint64_t count = Get(written);
    Slot& slot = slots[count % n];
    Put(slot[0], static_cast<uint64_t>(event.kind) | static_cast<uint64_t>(event.trace) << 8 |
                     static_cast<uint64_t>(event.at) << 16 | (event.weakened ? kWeakened : 0));
    Put(slot[1], reinterpret_cast<uint64_t>(event.word));
    Put(slot[2], event.owner);
    Put(slot[3], event.value);
    Put(slot[4], event.time);
    Put(slot[5], std::bit_cast<uint64_t>(event.where));
    // After what it counts, for readers of another process.
    std::atomic_signal_fence(std::memory_order_release);
    Put(written, count + 1);
  }
  template <std::size_t n>
  static std::vector<StressEvent> Read(const std::array<Slot, n>& slots, const Word& written,
                                       std::size_t most) {
    const uint64_t end = Get(written);
    const uint64_t count = std::min<uint64_t>({end, most, n});
    std::vector<StressEvent> events;
    for (uint64_t i = end - count; i < end; ++i) events.push_back(Decode(slots[i % n]));
    return events;
  }
  static StressEvent Decode(const Slot& slot) {
    const uint64_t bits = Get(slot[0]);
    const auto* word = reinterpret_cast<const char*>(Get(slot[1]));
    return {.kind = static_cast<EventKind>(bits & 0xFF),
            .at = static_cast<point>(bits >> 16 & 0xFFFF),
            .weakened = (bits & kWeakened) != 0,
            .trace = static_cast<TraceKind>(bits >> 8 & 0xFF),
            .word = word == nullptr ? "" : word,
            .owner = Get(slot[2]),
            .value = Get(slot[3]),
            .time = Get(slot[4]),
            .where = std::bit_cast<std::source_location>(Get(slot[5]))};
  }

  std::array<Slot, kEvents> slots_{};
  Word written_{0};
  std::array<Slot, kLeftOut> left_out_slots_{};
  Word left_out_{0};
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_EVENT_LOG_H_
