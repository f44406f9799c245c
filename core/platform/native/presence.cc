#include "core/platform/native/presence.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/platform/native/fail.h"

namespace racewalk {
namespace {

// How often somebody has left while somebody else slept for it. Of all objects:
// who leaves must not touch the object any more.
constinit std::atomic<int> wakes{0};

}  // namespace

// Gives the record back when its thread ends. What uses it later still, in
// destructors of other thread-local objects, takes one that is never given back.
struct Presence::Owner {
  ~Owner() {
    Record* record = mine;
    mine = nullptr;
    quick = nullptr;
    known = kUnknown;
    if (record == nullptr) return;
    record->DropFree();
    // A thread that ends inside of something is waited for for ever.
    // release: what it did, for the next owner; pairs with TakeRecord.
    if (record->last == record->places.data()) {
      record->taken.store(false, std::memory_order_release);
    }
  }
};

void Presence::TakeRecord() {
  static thread_local const Owner kOwner;
  static_cast<void>(kOwner);
  // acquire: pairs with the compare-exchange below.
  for (Record* record = records.load(std::memory_order_acquire); record != nullptr;
       record = record->next) {
    // acquire: pairs with ~Owner.
    if (!record->taken.exchange(true, std::memory_order_acquire)) {
      Use(record);
      return;
    }
  }
  auto* record = new Record;
  // relaxed: nobody knows it yet. No object is at a record's own address.
  record->places.back().object.store(record, std::memory_order_relaxed);
  record->taken.store(true, std::memory_order_relaxed);  // relaxed: nobody knows it yet
  // acquire: those that were there before are reached through this one.
  record->next = records.load(std::memory_order_acquire);
  do {
    record->number = record->next == nullptr ? 0 : record->next->number + 1;
    // release: pairs with whoever goes through the records; acquire: as above.
  } while (!records.compare_exchange_weak(record->next, record, std::memory_order_acq_rel,
                                          std::memory_order_acquire));
  Use(record);
}

void Presence::Use(Record* record) {
  mine = record;
  quick = AsymmetricFence::IsCheap() && record->inners == 0 ? record : nullptr;
  known = record->number;
}

void Presence::EnterSlowly(const void* object, Location loc) {
  Record& record = Mine();
  record.DropFree();
  if (record.last[1].IsFree()) {
    record.Take(record.last + 1, object);
  } else if (Place* place = Find(record, object); place != nullptr) {
    // In a lower place it would pass for the outermost.
    AddInner(record, place, 1);
  } else {
    Record::Fill(PlaceBetween(record, loc), object);
  }
  AsymmetricFence::Light();
}

void Presence::LeaveSlowly(const void* object, Location loc) {
  Record& record = Mine();
  Place* place = Find(record, object);
  if (place == nullptr) {
    NativeFail(ViolationKind::kLockDiscipline, "P3",
               "{thread} leaves a read section that it is not in", loc);
  }
  if (std::size_t& inner = record.InnerOf(place); inner != 0) {
    --inner;
    --record.inners;
    Use(&record);
    return;
  }
  TellTsanOfOutermost(record, place);
  place->Empty();
  record.DropFree();
  AsymmetricFence::Light();
  WakeSleepers();
}

void Presence::AddInner(Record& record, Place* place, std::size_t visits) {
  record.InnerOf(place) += visits;
  record.inners += visits;
  Use(&record);
}

Presence::Place* Presence::Find(Record& record, const void* object) {
  for (Place* place = record.last; place != record.places.data(); --place) {
    // relaxed: the thread's own
    if (place->object.load(std::memory_order_relaxed) == object) return place;
  }
  return nullptr;
}

void Presence::ReleaseIfOutermost(Record& record, const Place* place) {
  // relaxed: the thread's own
  const void* const object = place->object.load(std::memory_order_relaxed);
  // relaxed: the thread's own
  const auto visits = std::count_if(
      record.places.begin(), record.places.end(),
      [&](const Place& other) { return other.object.load(std::memory_order_relaxed) == object; });
  if (visits != 1) return;
  TsanRelease(object);
  // relaxed: the thread's own
  TsanRelease(place->TsanAddress(place->visits.load(std::memory_order_relaxed)));
}

bool Presence::IsInsideAny() {
  Record& record = Mine();
  record.DropFree();
  return record.last != record.places.data();
}

bool Presence::AnyInside(const void* object) {
  AsymmetricFence::Heavy();
  bool any = false;
  ForEachVisit(object, [&](const Visit&) { any = true; });
  if (!any) AcquireLeft(object);
  return any;
}

// Visits are short as a rule. The loop misses no end of one: by the fences
// either the thread that leaves sees `sleepers`, or this one sees that it left;
// and if the former, `wakes` differs from what was loaded before the look.
void Presence::Await(const Visit& visit) {
  constexpr int kSpins = 200;
  for (int i = 0; i < kSpins; ++i) {
    if (visit.IsOver()) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  sleepers.fetch_add(1, std::memory_order_relaxed);  // relaxed: the fence orders it
  AsymmetricFence::Heavy();
  for (;;) {
    // relaxed: the fence keeps it before the look, and orders nothing else.
    const int before = wakes.load(std::memory_order_relaxed);
    AsymmetricFence::Full();
    if (visit.IsOver()) break;
    wakes.wait(before, std::memory_order_relaxed);  // relaxed: it is looked at again above
  }
  sleepers.fetch_sub(1, std::memory_order_relaxed);  // relaxed: who still sees it wakes nobody
}

void Presence::Wake() {
  // release: keeps it after the store in Leave; pairs with the fence in Await.
  wakes.fetch_add(1, std::memory_order_release);
  wakes.notify_all();
}

// One that was left while later ones were not, or of an inner visit, which goes to
// its object's place below. Not for an object that has a place.
Presence::Place& Presence::PlaceBetween(Record& record, Location loc) {
  for (std::size_t i = 1; i <= kMost; ++i) {
    if (record.places[i].IsFree()) return record.places[i];
  }
  for (std::size_t i = kMost; i > 1; --i) {
    for (std::size_t below = i - 1; below > 0; --below) {
      Place& place = record.places[i];
      // relaxed, both: the thread's own
      if (place.object.load(std::memory_order_relaxed) !=
          record.places[below].object.load(std::memory_order_relaxed)) {
        continue;
      }
      AddInner(record, &record.places[below], 1 + std::exchange(record.inner[i], 0));
      return place;
    }
  }
  NativeFail(ViolationKind::kLockDiscipline, "P3",
             "{thread} is inside of more locks and sections than are kept account of", loc);
}

}  // namespace racewalk
