// Which objects each thread is inside of: a reader's side of locks and of
// sleepable RCU that writes no cache line that another thread writes.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

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
// ThreadSanitizer is told of the edge from Leave to AwaitLeft. It sees no other:
// who waits looks at the places of all threads, and what they say of other
// objects orders nothing.
class Presence {
 public:
  using Location = std::source_location;
  static constexpr std::size_t kMost = 16;  // objects that a thread may be inside of at once

  // By the running thread about itself. Whether it was outside before.
  [[gnu::always_inline]] static bool Enter(const void* object, Location loc) {
    Record& record = Mine();
    Place* place = Find(record, object);
    const bool was_outside = place == nullptr;
    if (was_outside) {
      place = FreePlace(record, loc);
      // release: as in Leave, for a wait that misses the state in between.
      // relaxed: no other thread writes it.
      place->visits.store(place->visits.load(std::memory_order_relaxed) + 1,
                          std::memory_order_release);
      place->object.store(object, std::memory_order_release);  // release: as above
      AsymmetricFence::Light();
    }
    ++place->depth;
    return was_outside;
  }
  [[gnu::always_inline]] static void Leave(const void* object, Location loc) {
    Record& record = Mine();
    Place* place = Find(record, object);
    if (place == nullptr) [[unlikely]] {
      FailToLeave(loc);
    }
    if (--place->depth > 0) return;
    TsanRelease(object);
    // By a copy: the store could change it for all that the compiler knows.
    std::size_t used = record.used;
    // release: acquired by the fence at the end of AwaitLeft.
    place->object.store(nullptr, std::memory_order_release);
    if (place == &record.places[used - 1]) [[likely]] {
      do {
        --used;
      } while (used > 0 && IsFree(record.places[used - 1]));
      record.used = used;
    }
    AsymmetricFence::Light();
    // relaxed: a hint; the fence orders it after the store.
    if (sleepers.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      Wake();
    }
  }
  static bool IsInside(const void* object) { return Find(Mine(), object) != nullptr; }
  static bool IsInsideAny() {
    const Record& record = Mine();
    for (std::size_t i = 0; i < record.used; ++i) {
      if (!IsFree(record.places[i])) return true;
    }
    return false;
  }

  // A number that no other thread has at the same time, from 0 and as small as
  // can be. What its last owner did happens-before what this one does.
  static std::size_t ThreadNumber() { return Mine().number; }

  // Of all other threads. `before_sleep` is called once if it has to wait at all.
  template <typename F>
  static void AwaitLeft(const void* object, F before_sleep) {
    AsymmetricFence::Heavy();
    bool waits = false;
    ForEachVisit(object, [&](const Visit& visit) {
      if (!waits) before_sleep();
      waits = true;
      Await(visit);
    });
    AcquireLeft(object);
  }
  // Whether a thread is inside that had entered before the call.
  static bool AnyInside(const void* object);

 private:
  // Changed by its thread only. An object is in the place while that is inside;
  // `visits` tells one visit from the next.
  struct Place {
    std::atomic<const void*> object{nullptr};
    std::atomic<uint64_t> visits{0};
    int depth = 0;  // of the thread itself
  };
  // Of a thread. Stays when the thread has gone, for another one.
  struct alignas(128) Record {
    std::array<Place, kMost> places;
    std::size_t used = 0;  // no place from here on is taken
    std::size_t number = 0;
    std::atomic<bool> taken{false};  // by a thread
    Record* next = nullptr;          // all that were ever made
  };
  struct Visit {
    const Place* place;
    const void* object;
    uint64_t number;

    // relaxed, both: the fence in AcquireLeft makes them acquires.
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
  // As a rule the last place, by which the others need not be inlined.
  [[gnu::always_inline]] static Place* Find(Record& record, const void* object) {
    if (record.used == 0) return nullptr;
    Place& last = record.places[record.used - 1];
    // relaxed: the thread's own
    if (last.object.load(std::memory_order_relaxed) == object) [[likely]] {
      return &last;
    }
    return record.used == 1 ? nullptr : FindBelow(record, object);
  }
  [[gnu::noinline]] static Place* FindBelow(Record& record, const void* object) {
    for (std::size_t i = record.used - 1; i > 0; --i) {
      Place& place = record.places[i - 1];
      // relaxed: the thread's own
      if (place.object.load(std::memory_order_relaxed) == object) return &place;
    }
    return nullptr;
  }
  // relaxed: the thread's own
  static bool IsFree(const Place& place) {
    return place.object.load(std::memory_order_relaxed) == nullptr;
  }
  static Place* FreePlace(Record& record, Location loc) {
    if (record.used == kMost) [[unlikely]] {
      return PlaceBetween(record, loc);
    }
    return &record.places[record.used++];
  }
  // One that was left while later ones were not.
  static Place* PlaceBetween(Record& record, Location loc);

  template <typename F>
  static void ForEachVisit(const void* object, F body) {
    // acquire: pairs with TakeRecord.
    for (const Record* record = records.load(std::memory_order_acquire); record != nullptr;
         record = record->next) {
      for (const Place& place : record->places) {
        // relaxed, both: as in IsOver, if it has left; the second may be of the next visit.
        if (place.object.load(std::memory_order_relaxed) != object) continue;
        body(Visit{&place, object, place.visits.load(std::memory_order_relaxed)});
      }
    }
  }
  static void Await(const Visit& visit);
  // Pairs with the releases in Enter and Leave that were read.
  static void AcquireLeft(const void* object) {
    AsymmetricFence::Full();
    TsanAcquire(object);
  }
  static void Wake();
  static void TakeRecord();
  [[noreturn]] static void FailToLeave(Location loc);

  static inline constinit thread_local Record* mine = nullptr;
  static inline constinit std::atomic<Record*> records{nullptr};
  // How many wait for a visit to end, asleep or about to be.
  static inline constinit std::atomic<int> sleepers{0};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_H_
