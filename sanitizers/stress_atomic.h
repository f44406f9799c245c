// P::Atomic and P::Plain of a round: the native ones, with a log and noise, and
// a plain word that oracles may peek at while it changes.
#ifndef RACEWALK_SANITIZERS_STRESS_ATOMIC_H_
#define RACEWALK_SANITIZERS_STRESS_ATOMIC_H_

#include <atomic>
#include <cstdint>
#include <source_location>

#include "core/platform/native/atomic.h"
#include "sanitizers/relaxed_store.h"
#include "sanitizers/stress_thread.h"

namespace racewalk {

// The name of a word, where there are few enough of them to keep one each: a
// table has hundreds of entries, whose addresses tell them apart.
template <typename T>
class StressName {
 public:
  explicit StressName(WordName name) : what_(name.what), owner_(name.owner), index_(name.index) {}
  void Set(WordName name) { *this = StressName(name); }
  const char* what() const { return what_; }
  uint64_t owner() const { return uint64_t{owner_} << 32 | index_; }

 private:
  const char* what_;
  uint32_t owner_;
  uint32_t index_;
};
template <typename T>
  requires(T::kValueType == ValueType::kSpte || T::kValueType == ValueType::kPte)
class StressName<T> {
 public:
  explicit StressName(WordName /*name*/) {}
  void Set(WordName /*name*/) {}
  const char* what() const { return "entry"; }
  uint64_t owner() const { return reinterpret_cast<uint64_t>(this) / sizeof(uint64_t); }
};

// Orders are known at run time only. clang then branches; g++ takes each for
// seq_cst, so that what is weakened shows in builds of clang.
template <typename T>
class StressAtomic {
 public:
  using Location = std::source_location;

  explicit StressAtomic(WordName name = {}) : name_(name) {}
  explicit StressAtomic(T value, WordName name = {}) : word_(value), name_(name) {}

  void set_name(WordName name) { name_.Set(name); }
  void initialize(T value) { word_.initialize(value); }

  T load(Order order, Location loc = Location::current()) const {
    StressThread::AtPoint();
    const T value = word_.load(order);
    Log(EventKind::kLoad, order, value, loc);
    return value;
  }
  // Two loads with noise between them.
  T reload(T /*seen*/, Order order, Location loc = Location::current()) const {
    return load(order, loc);
  }
  void store(T value, Order order, Location loc = Location::current()) {
    StressThread::AtPoint();
    Log(EventKind::kStore, order, value, loc);
    if (order.value == std::memory_order_relaxed) {
      RelaxedStore::Make([&] { static_cast<void>(word_.load(order)); },
                         [&](std::memory_order as) { word_.store(value, as); });
    } else {
      word_.store(value, order);
    }
    StressThread::AtPoint();  // what comes next may come late
  }
  T exchange(T value, Order order, Location loc = Location::current()) {
    StressThread::AtPoint();
    const T old = word_.exchange(value, order);
    Log(EventKind::kExchange, order, value, loc);
    return old;
  }
  bool compare_exchange(T& expected, T desired, Order order, Location loc = Location::current()) {
    StressThread::AtPoint();
    const bool done = word_.compare_exchange(expected, desired, order);
    Log(done ? EventKind::kCompareExchange : EventKind::kCompareFailed, order,
        done ? desired : expected, loc);
    return done;
  }
  T fetch_add(T value, Order order, Location loc = Location::current()) {
    StressThread::AtPoint();
    const T old = word_.fetch_add(value, order);
    Log(EventKind::kFetchAdd, order, old, loc);
    return old;
  }
  T fetch_or(T value, Order order, Location loc = Location::current()) {
    StressThread::AtPoint();
    const T old = word_.fetch_or(value, order);
    Log(EventKind::kFetchOr, order, old, loc);
    return old;
  }
  T fetch_and(T value, Order order, Location loc = Location::current()) {
    StressThread::AtPoint();
    const T old = word_.fetch_and(value, order);
    Log(EventKind::kFetchAnd, order, old, loc);
    return old;
  }

  T hardware_load(Location loc = Location::current()) const {
    const T value = word_.hardware_load();
    Log(EventKind::kHardwareLoad, std::memory_order_relaxed, value, loc);
    return value;
  }
  bool hardware_compare_exchange(T& expected, T desired, Location loc = Location::current()) {
    const bool done = word_.hardware_compare_exchange(expected, desired);
    if (done) Log(EventKind::kHardwareUpdate, std::memory_order_relaxed, desired, loc);
    return done;
  }
  T peek() const { return word_.peek(); }

 private:
  static uint64_t ToBits(const T& value) {
    if constexpr (requires { value.bits(); }) {
      return value.bits();
    } else {
      return static_cast<uint64_t>(value);
    }
  }
  void Log(EventKind kind, const Order& order, const T& value, Location loc) const {
    const bool second = order.publishes != point::none && StressWorld::Weakened(order.publishes);
    StressThread::Log({.kind = kind,
                       .at = second ? order.publishes : order.at,
                       .weakened = second || StressWorld::Weakened(order.at),
                       .word = name_.what(),
                       .owner = name_.owner(),
                       .value = ToBits(value),
                       .where = loc});
  }

  NativeAtomic<T> word_;
  [[no_unique_address]] StressName<T> name_;
};

// The value is what race detectors see; beside it a copy for oracles.
template <typename T>
class StressPlain {
 public:
  using Location = std::source_location;

  explicit StressPlain(WordName /*name*/ = {}) : copy_(T{}) {}
  explicit StressPlain(T value, WordName /*name*/ = {}) : value_(value), copy_(value) {}
  StressPlain(const StressPlain&) = delete;
  StressPlain& operator=(const StressPlain&) = delete;

  void set_name(WordName /*name*/) {}
  T load(Location /*loc*/ = Location::current()) const { return value_.load(); }
  void store(T value, Location /*loc*/ = Location::current()) {
    value_.store(value);
    copy_.store(value, std::memory_order_relaxed);
  }
  T peek() const { return copy_.load(std::memory_order_relaxed); }

 private:
  NativePlain<T> value_;
  std::atomic<T> copy_;
  static_assert(std::atomic<T>::is_always_lock_free);
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_ATOMIC_H_
