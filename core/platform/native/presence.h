// Which objects each thread is inside of: a reader's side of locks and of
// sleepable RCU that writes no cache line that another thread writes.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include "core/platform/native/asymmetric_fence.h"
#include "core/platform/native/tsan.h"

namespace racewalk {

// A thread enters an object, any number of times, and leaves it as often. Who
// has made sure that whoever enters from now on stays harmless calls AwaitLeft,
// which returns when all that had entered before have left.
//
// Of each Enter and each AwaitLeft one of these holds:
// 1. AwaitLeft has seen the thread inside, or a later state, and what the thread
//    did before it left happens-before the end of the wait.
// 2. What its caller stored before the wait is seen by what the thread loads
//    after Enter. There is no happens-before edge: that is the caller's business.
// Enter and Leave are wait-free, and cost no read-modify-write and no fence.
// A wait ends when those inside have left, however often they come back.
// After Leave begins its thread touches nothing of the object.
//
// An object is an address, of which nothing else is made use of: there
// ThreadSanitizer is told of the edge from Leave to AwaitLeft, if that finds nobody
// inside any more; else at an address of the visit. It sees no other: who waits
// looks at the places of all threads, and what they say of other objects orders
// nothing.
class Presence {
 public:
  using Location = std::source_location;
  static constexpr std::size_t kMost = 16;  // different objects a thread may be inside of at once

  // By the running thread about itself.
  [[gnu::always_inline]] static void Enter(const void* object, Location loc) {
    Record* record = quick;
    if (record == nullptr || !record->last[1].IsFree()) [[unlikely]] {
      return EnterSlowly(object, loc);
    }
    record->Take(record->last + 1, object);
    AsymmetricFence::LightIfCheap();
  }
  [[gnu::always_inline]] static void Leave(const void* object, Location loc) {
    Record* record = quick;
    // relaxed: the thread's own
    if (record == nullptr || record->last->object.load(std::memory_order_relaxed) != object)
        [[unlikely]] {
      return LeaveSlowly(object, loc);
    }
    Place* place = record->last;
    TellTsanOfOutermost(*record, place);
    place->Empty();
    record->last = place - 1;
    AsymmetricFence::LightIfCheap();
    WakeSleepers();
  }
  static bool IsInside(const void* object) { return Find(Mine(), object) != nullptr; }
  static bool IsInsideAny();

  // A number that no other thread has at the same time, from 0 and as small as
  // can be. What its last owner did happens-before what this one does.
  static std::size_t ThreadNumber() { return Mine().number; }
  // The same once it has been asked for, else the largest number there is.
  static std::size_t KnownNumber() { return known; }

  // Of all other threads. `before_sleep` is called once if it has to wait at all.
  template <typename F>
  static void AwaitLeft(const void* object, F before_sleep) {
    AsymmetricFence::Heavy();
    std::vector<Visit> visits;
    ForEachVisit(object, [&](const Visit& visit) { visits.push_back(visit); });
    // At once: of who enters later nothing follows.
    AcquireLeft(object);
    if (visits.empty()) return;
    before_sleep();
    for (const Visit& visit : visits) {
      Await(visit);
      TsanAcquire(visit.TsanAddress());
    }
    AsymmetricFence::Full();  // makes the loads in IsOver acquires
  }
  // Whether a thread is inside that had entered before the call.
  static bool AnyInside(const void* object);

 private:
  // Changed by its thread only. An object is in the place while that is inside;
  // `visits` tells one visit from the next. Who is inside twice has two places, or
  // one and a count if there is no room. The lowest is the outermost visit's, and
  // emptied last: who waits for that must not miss a part of it.
  struct Place {
    std::atomic<const void*> object{nullptr};
    std::atomic<uint64_t> visits{0};

    // Of a visit and every seventh after it, so that who is late acquires little of
    // what came later. Neither word is at it, each of which has an edge of its own.
    const void* TsanAddress(uint64_t visit) const {
      return reinterpret_cast<const char*>(this) + 1 + visit % 7;
    }
    // relaxed: the thread's own
    bool IsFree() const { return object.load(std::memory_order_relaxed) == nullptr; }
    [[gnu::always_inline]] void Empty() {
      // release: acquired by the fence at the end of AwaitLeft.
      object.store(nullptr, std::memory_order_release);
    }
  };
  // Of a thread. Stays when the thread has gone, for another one.
  struct alignas(128) Record {
    // A stack, since as a rule what was entered last is left first. The first
    // place is never taken, so that there is one below each that is, and the last
    // one always.
    std::array<Place, kMost + 2> places;
    Place* last = places.data();  // no place after it is taken, and most before it are
    std::size_t number = 0;
    std::atomic<bool> taken{false};  // by a thread
    Record* next = nullptr;          // all that were ever made
    // Visits that have no place of their own, by the place of their object, and all.
    std::array<std::size_t, kMost + 2> inner{};
    std::size_t inners = 0;

    // The last place, by now.
    [[gnu::always_inline]] void Take(Place* place, const void* object) {
      last = place;
      Fill(*place, object);
    }
    [[gnu::always_inline]] static void Fill(Place& place, const void* object) {
      // release: as in Empty, for a wait that misses the state in between.
      // relaxed: no other thread writes it.
      place.visits.store(place.visits.load(std::memory_order_relaxed) + 1,
                         std::memory_order_release);
      place.object.store(object, std::memory_order_release);  // release: as above
    }
    // Of what is inside of the place's object.
    std::size_t& InnerOf(const Place* place) {
      return inner[static_cast<std::size_t>(place - places.data())];
    }
    // Of places that were left out of order.
    void DropFree() {
      while (last != places.data() && last->IsFree()) --last;
    }
  };
  struct Visit {
    const Place* place;
    const void* object;
    uint64_t number;

    const void* TsanAddress() const { return place->TsanAddress(number); }
    // relaxed, both: the fence at the end of AwaitLeft makes them acquires.
    bool IsOver() const {
      return place->object.load(std::memory_order_relaxed) != object ||
             place->visits.load(std::memory_order_relaxed) != number;
    }
  };
  struct Owner;

  static Record& Mine() {
    if (mine == nullptr) [[unlikely]] {
      TakeRecord();
    }
    return *mine;
  }
  // The highest: never the outermost visit's while there are others.
  static Place* Find(Record& record, const void* object);
  // Who leaves the inner one of two visits has not left: that orders nothing.
  static void TellTsanOfOutermost(Record& record, const Place* place) {
    if constexpr (kTsan) ReleaseIfOutermost(record, place);
  }
  static void ReleaseIfOutermost(Record& record, const Place* place);
  // The first of a thread, one without cheap fences, and what is out of order or of
  // a thread that has inner visits without a place.
  [[gnu::cold, gnu::noinline]] static void EnterSlowly(const void* object, Location loc);
  [[gnu::cold, gnu::noinline]] static void LeaveSlowly(const void* object, Location loc);
  // After a fence.
  [[gnu::always_inline]] static void WakeSleepers() {
    // relaxed: a hint; the fence orders it after the store that has left.
    if (sleepers.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      Wake();
    }
  }

  template <typename F>
  static void ForEachVisit(const void* object, F body) {
    // acquire: pairs with TakeRecord.
    for (const Record* record = records.load(std::memory_order_acquire); record != nullptr;
         record = record->next) {
      for (const Place& place : record->places) {
        // relaxed, both: as in IsOver, if it has left; the second may be of the next visit.
        if (place.object.load(std::memory_order_relaxed) != object) continue;
        const Visit visit{&place, object, place.visits.load(std::memory_order_relaxed)};
        // If it is over, that is for AcquireLeft, and the next one may be of another object.
        if (!visit.IsOver()) body(visit);
      }
    }
  }
  static void Await(const Visit& visit);
  // Pairs with the releases in Enter and Leave that were read.
  static void AcquireLeft(const void* object) {
    AsymmetricFence::Full();
    TsanAcquire(object);
  }
  [[gnu::cold]] static void Wake();
  [[gnu::cold]] static void TakeRecord();
  static void Use(Record* record);
  static Place& PlaceBetween(Record& record, Location loc);
  // Visits that get no place, to a place of their object.
  static void AddInner(Record& record, Place* place, std::size_t visits);

  static constexpr std::size_t kUnknown = ~std::size_t{0};

  static inline constinit thread_local Record* mine = nullptr;
  // The same where fences are cheap and no visit is without a place, else null: what
  // is done most asks once.
  static inline constinit thread_local Record* quick = nullptr;
  static inline constinit thread_local std::size_t known = kUnknown;
  static inline constinit std::atomic<Record*> records{nullptr};
  // How many wait for a visit to end, asleep or about to be.
  static inline constinit std::atomic<int> sleepers{0};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_H_
