// P::Atomic of the explored world, on Relacy's memory model.
//
// Relacy keeps what orders stores and loads; the values, and the number of the
// store that a load saw, are kept here, so that any small struct can be a word
// and a timeline can say what a stale read saw.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_ATOMIC_H_
#define RACEWALK_CORE_PLATFORM_RELACY_ATOMIC_H_

#include <array>
#include <source_location>
#include <type_traits>

#include "core/platform/relacy/relacy.h"
#include "core/platform/relacy/world.h"

namespace racewalk {

template <typename T>
constexpr uint64_t ToBits(const T& value) {
  if constexpr (requires { value.bits(); }) {
    return value.bits();
  } else {
    return static_cast<uint64_t>(value);
  }
}

// Says whether the heap object that it is part of is alive; checked on every use.
class Pulse {
 public:
  Pulse() : object_(World::Get().ObjectOf(this)) {}
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;
  void Check(std::source_location loc) const {
    if (!World::Get().ObjectAlive(object_)) Fail(loc);
  }

 private:
  [[noreturn]] static void Fail(std::source_location loc) {
    World::Get().Fail({.kind = ViolationKind::kUseAfterFree,
                       .invariant = "L7",
                       .what = "{thread} uses an object that has been freed",
                       .where = loc});
  }
  uint32_t object_;
};

template <typename T>
class RelacyAtomic {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using Location = std::source_location;

  // Not initialised: a load that sees no store is a violation.
  explicit RelacyAtomic(WordName name = {})
      : data_(World::Get().engine().NewAtomic()),
        location_(World::Get().NewLocation()),
        name_(name) {}
  explicit RelacyAtomic(T value, WordName name = {}) : RelacyAtomic(name) { initialize(value); }
  ~RelacyAtomic() { World::Get().engine().FreeAtomic(data_); }
  RelacyAtomic(const RelacyAtomic&) = delete;
  RelacyAtomic& operator=(const RelacyAtomic&) = delete;

  void set_name(WordName name) { name_ = name; }

  void initialize(T value) {
    Put(World::Get().engine().Store(data_, std::memory_order_relaxed), value);
  }

  T load(Order order, Location loc = Location::current()) const {
    World::Get().Step(OpKind::kLoad, location_, order.at);
    pulse_.Check(loc);
    rl::thread_info_base& self = *rl::ctx().threadx_;
    unsigned slot = 0;
    switch (order.value) {
      case std::memory_order_relaxed:
        slot = self.atomic_load_relaxed(data_);
        break;
      case std::memory_order_seq_cst:
        slot = self.atomic_load_seq_cst(data_);
        break;
      default:
        slot = self.atomic_load_acquire(data_);
        break;
    }
    if (slot == kNoStore) FailUninitialized(loc);
    const T value = ring_[slot];
    Report(EventKind::kLoad, order, loc, ToBits(value), 0, numbers_[slot]);
    return value;
  }
  // Never what was seen for that alone: another store may have come in between.
  T reload(T /*seen*/, Order order, Location loc = Location::current()) const {
    return load(order, loc);
  }

  void store(T value, Order order, Location loc = Location::current()) {
    World::Get().Step(OpKind::kStore, location_, order.at);
    pulse_.Check(loc);
    const uint64_t previous = stores_ == 0 ? 0 : ToBits(ring_[newest_]);
    Put(World::Get().engine().Store(data_, order.value), value);
    Report(EventKind::kStore, order, loc, ToBits(value), previous, stores_);
  }

  T exchange(T value, Order order, Location loc = Location::current()) {
    return Modify(EventKind::kExchange, order, loc, [&](T) { return value; });
  }

  // Strong. On failure `expected` is what was found.
  bool compare_exchange(T& expected, T desired, Order order, Location loc = Location::current()) {
    World::Get().Step(OpKind::kRmw, location_, order.at);
    pulse_.Check(loc);
    if (stores_ == 0) FailUninitialized(loc);
    const T current = ring_[newest_];
    if (!(current == expected)) {
      LoadNewest(FailureOrder(order.value));
      expected = current;
      Report(EventKind::kCompareFailed, order, loc, ToBits(current), ToBits(current), stores_);
      return false;
    }
    Put(ModifyHistory(order.value), Renewed(expected, desired, current));
    expected = current;
    Report(EventKind::kCompareExchange, order, loc, ToBits(desired), ToBits(current), stores_);
    return true;
  }

  T fetch_add(T value, Order order, Location loc = Location::current()) {
    return Modify(EventKind::kFetchAdd, order, loc,
                  [&](T old) { return static_cast<T>(old + value); });
  }
  T fetch_or(T value, Order order, Location loc = Location::current()) {
    return Modify(EventKind::kFetchOr, order, loc,
                  [&](T old) { return static_cast<T>(old | value); });
  }
  T fetch_and(T value, Order order, Location loc = Location::current()) {
    return Modify(EventKind::kFetchAnd, order, loc,
                  [&](T old) { return static_cast<T>(old & value); });
  }

  // A page walker's read: newest value, and no trace of it in this thread's clock.
  T hardware_load(Location loc = Location::current()) const {
    World::Get().Step(OpKind::kHardware, location_, point::none);
    pulse_.Check(loc);
    if (stores_ == 0) FailUninitialized(loc);
    const T value = ring_[newest_];
    Report(EventKind::kHardwareLoad, std::memory_order_relaxed, loc, ToBits(value), 0, stores_);
    return value;
  }
  // A page walker's update of A or D.
  bool hardware_compare_exchange(T& expected, T desired, Location loc = Location::current()) {
    World::Get().Step(OpKind::kHardware, location_, point::none);
    pulse_.Check(loc);
    const T current = ring_[newest_];
    if (!(current == expected)) {
      expected = current;
      return false;
    }
    Put(ModifyHistory(std::memory_order_relaxed), Renewed(expected, desired, current));
    expected = current;
    Report(EventKind::kHardwareUpdate, std::memory_order_relaxed, loc, ToBits(desired),
           ToBits(current), stores_);
    return true;
  }

  // For oracles. A word that was never written reads as T{}.
  T peek() const { return stores_ == 0 ? T{} : ring_[newest_]; }

 private:
  static constexpr unsigned kNoStore = ~0U;

  [[noreturn]] void FailUninitialized(Location loc) const {
    World::Get().Fail({.kind = ViolationKind::kUninitializedRead,
                       .invariant = "L1",
                       .what = "{thread} reads a word before anything was written to it",
                       .where = loc});
  }

  // What a compare-exchange stores that was made from what it expected: if the
  // word has meanwhile been given an equal value that means something newer, the
  // hardware does not notice, and what is stored means the newer thing.
  static T Renewed([[maybe_unused]] const T& expected, T desired,
                   [[maybe_unused]] const T& current) {
    if constexpr (requires { desired.ghost.generation; }) {
      if (desired.ghost.generation == expected.ghost.generation) desired.ghost = current.ghost;
    }
    return desired;
  }

  void Put(unsigned slot, T value) {
    newest_ = slot;
    ring_[slot] = value;
    numbers_[slot] = ++stores_;
  }

  void LoadNewest(std::memory_order order) const {
    rl::thread_info_base& self = *rl::ctx().threadx_;
    switch (order) {
      case std::memory_order_relaxed:
        self.atomic_load_relaxed_rmw(data_);
        break;
      case std::memory_order_seq_cst:
        self.atomic_load_seq_cst_rmw(data_);
        break;
      default:
        self.atomic_load_acquire_rmw(data_);
        break;
    }
  }

  unsigned ModifyHistory(std::memory_order order) {
    rl::thread_info_base& self = *rl::ctx().threadx_;
    bool aba = false;
    switch (order) {
      case std::memory_order_relaxed:
        return self.atomic_rmw_relaxed(data_, aba);
      case std::memory_order_acquire:
        return self.atomic_rmw_acquire(data_, aba);
      case std::memory_order_release:
        return self.atomic_rmw_release(data_, aba);
      case std::memory_order_acq_rel:
        return self.atomic_rmw_acq_rel(data_, aba);
      default:
        return self.atomic_rmw_seq_cst(data_, aba);
    }
  }

  template <typename F>
  T Modify(EventKind kind, Order order, Location loc, F change) {
    World::Get().Step(OpKind::kRmw, location_, order.at);
    pulse_.Check(loc);
    if (stores_ == 0) FailUninitialized(loc);
    const T previous = ring_[newest_];
    const T value = change(previous);
    Put(ModifyHistory(order.value), value);
    Report(kind, order, loc, ToBits(value), ToBits(previous), stores_);
    return previous;
  }

  void Report(EventKind kind, Order order, Location loc, uint64_t value, uint64_t previous,
              uint32_t store) const {
    World& world = World::Get();
    world.Note(location_, kind, store, value);
    if (value != previous && kind != EventKind::kLoad && kind != EventKind::kHardwareLoad) {
      world.Change(location_, previous, value);
    }
    if (world.recording()) {
      const bool second = order.publishes != point::none && world.weakened(order.publishes);
      const bool first = order.publishes != point::none && world.weakened(order.at);
      world.Record({.kind = kind,
                    .order = order.value,
                    .at = second ? order.publishes : order.at,
                    .weakened = first || second,
                    .word = name_,
                    .value = value,
                    .previous = previous,
                    .store = store,
                    .newest = stores_,
                    .where = loc});
    }
  }

  rl::atomic_data* data_;
  uint32_t location_;
  uint32_t stores_ = 0;  // number of the newest store, from 1
  unsigned newest_ = 0;  // where it is in the ring
  std::array<T, rl::atomic_history_size> ring_{};
  std::array<uint32_t, rl::atomic_history_size> numbers_{};
  WordName name_;
  Pulse pulse_;
};

// P::Counter: one word.
class RelacyCounter : private RelacyAtomic<int64_t> {
 public:
  using Location = std::source_location;

  explicit RelacyCounter(WordName name = {}) : RelacyAtomic(0, name) {}

  using RelacyAtomic::peek;
  using RelacyAtomic::set_name;
  void add(int64_t amount, Location loc = Location::current()) {
    fetch_add(amount, std::memory_order_relaxed, loc);  // a statistic
  }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_ATOMIC_H_
