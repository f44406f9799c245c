#include "ci/synchronization.h"

#include <algorithm>
#include <atomic>
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
#include "ci/timeline_rows.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

using WordKey = std::tuple<std::string, uint32_t, uint32_t>;

WordKey KeyOf(const Event& event) { return {event.word.what, event.word.owner, event.word.index}; }

bool Acquires(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}

bool Releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

// The order that the operation has when nothing is weakened.
std::memory_order StrongOrder(const Event& event) {
  if (!IsWeakened(event) || Info(event.at).kind != PointKind::kOrder) return event.order;
  const std::memory_order strong = Info(event.at).strong;
  if (strong == std::memory_order_seq_cst || strong == std::memory_order_acq_rel) return strong;
  // Of two points the other half stays as it is.
  const bool acquires = Acquires(strong) || Acquires(event.order);
  const bool releases = Releases(strong) || Releases(event.order);
  if (acquires && releases) return std::memory_order_acq_rel;
  return strong;
}

// Where the threads have been joined: what follows the end of the last operation,
// when none is under way.
std::size_t RestBegin(const std::vector<Event>& events) {
  int under_way = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind == EventKind::kBegin) ++under_way;
    if (events[i].kind != EventKind::kEnd) continue;
    --under_way;
    begin = i + 1;
  }
  return under_way == 0 && begin > 0 ? begin : events.size();
}

// The ordinal of the store that the event has read; 0: it reads none.
uint32_t StoreRead(const Event& event) {
  if (event.kind == EventKind::kLoad || event.kind == EventKind::kCompareFailed) {
    return event.store;
  }
  // The hardware's walkers read as if they were relaxed.
  return ReadsAndStores(event.kind) && event.kind != EventKind::kHardwareUpdate ? event.store - 1
                                                                                : 0;
}

class EdgeFinder {
 public:
  explicit EdgeFinder(const Recording& recording)
      : recording_(recording), events_(recording.events) {}

  std::vector<SyncEdge> Find() {
    bool begun = false;
    // Joining the threads orders all that they have done.
    const std::size_t rest = RestBegin(events_);
    for (std::size_t i = 0; i < rest; ++i) {
      const Event& event = events_[i];
      begun = begun || event.kind == EventKind::kBegin;
      if (!begun) continue;
      if (StoreRead(event) != 0) Load(i);
      if (MakesStore(event.kind)) stores_[KeyOf(event)][event.store] = i;
    }
    MarkMissing();
    return std::move(edges_);
  }

 private:
  using Stores = std::map<uint32_t, std::size_t>;  // event by the store's ordinal

  void Load(std::size_t load) {
    const auto word = stores_.find(KeyOf(events_[load]));
    if (word == stores_.end()) return;
    ReadsFrom(word->second, load);
    // What it would have seen had it been later in the order of all.
    const Event& event = events_[load];
    if (event.kind != EventKind::kLoad || event.store >= event.newest) return;
    const auto missed = word->second.find(event.newest);
    if (missed == word->second.end()) return;
    const Event& store = events_[missed->second];
    if (store.thread == event.thread) return;
    const point weakened = IsWeakened(event)   ? event.at
                           : IsWeakened(store) ? store.at
                                               : point::none;
    // Any other order lets a load see an older value, weakened or not.
    if (weakened == point::none || Info(weakened).strong != std::memory_order_seq_cst) return;
    edges_.push_back({SyncEdge::Kind::kUnseen, missed->second, load, weakened});
  }

  void ReadsFrom(const Stores& stores, std::size_t load) {
    const Event& event = events_[load];
    if (!Acquires(StrongOrder(event))) return;
    // A read-modify-write carries on what it read: look for a release behind it.
    for (uint32_t ordinal = StoreRead(event);; --ordinal) {
      const auto at = stores.find(ordinal);
      if (at == stores.end()) return;
      const Event& store = events_[at->second];
      if (Releases(StrongOrder(store)) && store.thread != event.thread) {
        SyncEdge edge{SyncEdge::Kind::kOrdered, at->second, load};
        if (!Releases(store.order)) edge.weakened = store.at;
        if (!Acquires(event.order)) edge.weakened = event.at;
        if (edge.weakened != point::none) edge.kind = SyncEdge::Kind::kUnordered;
        edges_.push_back(edge);
        return;
      }
      if (!ReadsAndStores(store.kind)) return;
    }
  }

  // The latest before the violation; rather one between its two threads, rather
  // one that ends in the thread that saw it.
  void MarkMissing() {
    const Violation& violation = recording_.violation;
    if (violation.kind == ViolationKind::kNone) return;
    const MarkedEvents marked = FindMarkedEvents(recording_);
    SyncEdge* best = nullptr;
    int best_rank = -1;
    for (SyncEdge& edge : edges_) {
      if (edge.kind == SyncEdge::Kind::kOrdered) continue;
      if (marked.victim != kNoEvent && edge.load > marked.victim) continue;
      int rank = 0;
      if (events_[edge.load].thread == violation.thread) {
        rank = events_[edge.store].thread == violation.other ? 2 : 1;
      }
      if (rank < best_rank) continue;
      best = &edge;
      best_rank = rank;
    }
    if (best != nullptr) best->missing = true;
  }

  const Recording& recording_;
  const std::vector<Event>& events_;
  std::map<WordKey, Stores> stores_{};
  std::vector<SyncEdge> edges_{};
};

class Explainer {
 public:
  Explainer(const Recording& recording, const std::vector<std::string>& threads)
      : recording_(recording), threads_(threads), words_(recording.events) {}

  std::string Text() const {
    if (recording_.violation.kind == ViolationKind::kNone) return "";
    for (const SyncEdge& edge : SyncEdges(recording_)) {
      if (edge.missing) return MissingOrder(edge);
    }
    std::string text = LeftOut();
    return text.empty() ? RacingPair() : text;
  }

 private:
  static constexpr int kByCause = 1;
  static constexpr int kByVictim = 2;
  static constexpr int kOverwrites = 3;

  std::string Who(const Event& event) const {
    const auto thread = static_cast<std::size_t>(event.thread);
    const std::string place = PlaceText(event.where);
    return absl::StrCat(thread < threads_.size() ? threads_[thread] : "?",
                        place.empty() ? "" : " (", place, place.empty() ? "" : ")");
  }

  std::string MissingOrder(const SyncEdge& edge) const {
    const Event& store = recording_.events[edge.store];
    const Event& load = recording_.events[edge.load];
    const PointInfo& info = Info(edge.weakened);
    const bool seen = edge.kind == SyncEdge::Kind::kUnordered;
    return absl::StrCat("at step ", load.step, " ", Who(load),
                        seen ? " read the value of " : " missed the value of ",
                        words_.Text(load.word), " that ", Who(store), " stored at step ",
                        store.step, seen ? ", and the pair does not order the two: " : ": ",
                        Text(info.name), " was ", OrderName(info.weak), ", not ",
                        OrderName(info.strong), "; ", Text(info.why), ".");
  }

  // The step left out that explains most: the last one after which its thread
  // has overwritten what it had not seen; else the last of the thread that saw the
  // violation, in the same operation; else of the one that caused it, until then;
  // else of any.
  std::string LeftOut() const {
    const MarkedEvents marked = FindMarkedEvents(recording_);
    const std::vector<Event>& events = recording_.events;
    const Event* best = nullptr;
    int best_rank = 0;
    for (std::size_t i = 0; i < events.size() && i <= marked.victim; ++i) {
      const Event& event = events[i];
      const bool by_victim = event.thread == recording_.violation.thread;
      // What an earlier operation left out is no better than what others did.
      if (by_victim && event.kind == EventKind::kBegin && best_rank == kByVictim) best_rank = 0;
      if (!IsWeakened(event) || Info(event.at).kind == PointKind::kOrder) continue;
      const bool by_cause = marked.cause != kNoEvent && i <= marked.cause &&
                            event.thread == events[marked.cause].thread;
      int rank = by_victim ? kByVictim : by_cause ? kByCause : 0;
      if (OverwritesUnseen(i, marked.victim)) rank = kOverwrites;
      if (rank < best_rank) continue;
      best = &event;
      best_rank = rank;
    }
    if (best == nullptr) return "";
    const PointInfo& info = Info(best->at);
    return absl::StrCat(
        "at step ", best->step, " ", Who(*best),
        info.kind == PointKind::kAlternative ? " took the wrong design " : " left out ",
        Text(info.name), "; ", Text(info.why), ".");
  }

  // Whether the first store of the thread after event `from`, until `last`,
  // replaced another value than the thread had last seen or stored there.
  bool OverwritesUnseen(std::size_t from, std::size_t last) const {
    const std::vector<Event>& events = recording_.events;
    std::size_t store = from + 1;
    for (;; ++store) {
      if (store >= events.size() || store > last) return false;
      if (events[store].thread != events[from].thread) continue;
      if (events[store].kind == EventKind::kBegin) return false;
      if (MakesStore(events[store].kind)) break;
    }
    if (events[store].kind != EventKind::kStore) return false;
    for (std::size_t i = store; i-- > 0;) {
      const Event& event = events[i];
      if (event.thread != events[store].thread || KeyOf(event) != KeyOf(events[store])) continue;
      if (MakesStore(event.kind) || StoreRead(event) != 0) {
        return event.value != events[store].previous;
      }
    }
    return false;
  }

  std::string RacingPair() const {
    const MarkedEvents marked = FindMarkedEvents(recording_);
    if (marked.cause == kNoEvent || marked.victim == kNoEvent) return "";
    return absl::StrCat("the racing pair: ", Believed(marked.cause), "; ", Believed(marked.victim),
                        ".");
  }

  // What the thread of an event had last read when it did it.
  std::string Believed(std::size_t index) const {
    const Event& done = recording_.events[index];
    for (std::size_t i = index + 1; i-- > 0;) {
      const Event& event = recording_.events[i];
      if (event.thread != done.thread) continue;
      if (event.kind == EventKind::kBegin) break;
      const bool reads = event.kind == EventKind::kHardwareLoad || StoreRead(event) != 0;
      if (!reads) continue;
      const uint64_t value = ReadsAndStores(event.kind) ? event.previous : event.value;
      const uint32_t store = ReadsAndStores(event.kind) ? event.store - 1 : event.store;
      return absl::StrCat(Who(done), " at step ", done.step, " believed ", words_.Text(event.word),
                          " was ", DecodeValue(event.word.type, value), " (its store ", store,
                          i == index ? "" : absl::StrCat(", read at step ", event.step), ")");
    }
    return absl::StrCat(Who(done), " at step ", done.step, " had read nothing before");
  }

  static absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

  const Recording& recording_;
  const std::vector<std::string>& threads_;
  WordNames words_;
};

}  // namespace

std::vector<SyncEdge> SyncEdges(const Recording& recording) { return EdgeFinder(recording).Find(); }

std::string Explanation(const Recording& recording, const std::vector<std::string>& threads) {
  return Explainer(recording, threads).Text();
}

}  // namespace racewalk
