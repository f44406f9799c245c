// P::Atomic and P::Plain of real threads: std::atomic, and the value itself.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_ATOMIC_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_ATOMIC_H_

#include <atomic>
#include <bit>
#include <cstdint>
#include <source_location>
#include <type_traits>

#include "core/platform/native/tsan.h"
#include "core/platform/platform.h"

namespace racewalk {

// A class is kept as the integer it looks like, so that fetch_and and fetch_or
// work on entries and the compiler emits one instruction.
template <typename T>
struct NativeWord {
  using Bits = T;
};
template <typename T>
  requires std::is_enum_v<T>
struct NativeWord<T> {
  using Bits = std::underlying_type_t<T>;
};
template <typename T>
  requires std::is_class_v<T>
struct NativeWord<T> {
  static_assert(sizeof(T) == sizeof(uint64_t), "only structs of one machine word");
  using Bits = uint64_t;
  // Padding would make equal values compare different; it is no constant.
  static_assert((static_cast<void>(std::bit_cast<Bits>(T{})), true), "no padding");
};

// Zero-initialised: full-size tables live in pages that are zero already.
// `Location` arguments are only there for the explored world.
template <typename T>
class NativeAtomic {
  static_assert(std::is_trivially_copyable_v<T>);
  using Bits = NativeWord<T>::Bits;

 public:
  using Location = std::source_location;

  explicit NativeAtomic(WordName /*name*/ = {}) : bits_(Bits{}) {}
  explicit NativeAtomic(T value, WordName /*name*/ = {}) : bits_(ToBits(value)) {}
  NativeAtomic(const NativeAtomic&) = delete;
  NativeAtomic& operator=(const NativeAtomic&) = delete;

  void set_name(WordName /*name*/) {}
  void initialize(T value) { bits_.store(ToBits(value), std::memory_order_relaxed); }

  T load(Order order, Location /*loc*/ = Location::current()) const {
    return FromBits(bits_.load(order.value));
  }
  // Two loads in a row may become one, since the second may come at once after
  // the first. ThreadSanitizer does not see the fence, which on x86 is none, and
  // has the second.
  T reload([[maybe_unused]] T seen, Order order, Location loc = Location::current()) const {
    if constexpr (kTsan) return load(order, loc);
    std::atomic_thread_fence(FailureOrder(order.value));
    return seen;
  }
  void store(T value, Order order, Location /*loc*/ = Location::current()) {
    bits_.store(ToBits(value), order.value);
  }
  T exchange(T value, Order order, Location /*loc*/ = Location::current()) {
    return FromBits(bits_.exchange(ToBits(value), order.value));
  }
  // Compares all bits, whatever operator== of T ignores.
  [[gnu::always_inline]] bool compare_exchange(T& expected, T desired, Order order,
                                               Location /*loc*/ = Location::current()) {
    Bits found = ToBits(expected);
    if (bits_.compare_exchange_strong(found, ToBits(desired), order.value,
                                      FailureOrder(order.value))) {
      return true;
    }
    expected = FromBits(found);
    return false;
  }
  T fetch_add(T value, Order order, Location /*loc*/ = Location::current()) {
    return FromBits(bits_.fetch_add(ToBits(value), order.value));
  }
  T fetch_or(T value, Order order, Location /*loc*/ = Location::current()) {
    return FromBits(bits_.fetch_or(ToBits(value), order.value));
  }
  T fetch_and(T value, Order order, Location /*loc*/ = Location::current()) {
    return FromBits(bits_.fetch_and(ToBits(value), order.value));
  }

  // Relaxed, because a walker of the hardware publishes nothing to software
  // and must not hide a missing order from ThreadSanitizer.
  T hardware_load(Location /*loc*/ = Location::current()) const { return peek(); }
  bool hardware_compare_exchange(T& expected, T desired, Location /*loc*/ = Location::current()) {
    return compare_exchange(expected, desired, std::memory_order_relaxed);
  }
  T peek() const { return FromBits(bits_.load(std::memory_order_relaxed)); }

 private:
  static constexpr Bits ToBits(T value) { return std::bit_cast<Bits>(value); }
  static constexpr T FromBits(Bits bits) { return std::bit_cast<T>(bits); }

  std::atomic<Bits> bits_;
  static_assert(std::atomic<Bits>::is_always_lock_free);
};

// Kept as an integer too: clang writes a struct without its padding, five bytes
// of eight for instance, and ThreadSanitizer does not see writes of such sizes.
template <typename T>
class NativePlain {
  using Bits = NativeWord<T>::Bits;

 public:
  using Location = std::source_location;

  explicit NativePlain(WordName /*name*/ = {}) : bits_{} {}
  explicit NativePlain(T value, WordName /*name*/ = {}) : bits_(std::bit_cast<Bits>(value)) {}
  NativePlain(const NativePlain&) = delete;
  NativePlain& operator=(const NativePlain&) = delete;

  void set_name(WordName /*name*/) {}
  T load(Location /*loc*/ = Location::current()) const { return std::bit_cast<T>(bits_); }
  void store(T value, Location /*loc*/ = Location::current()) {
    bits_ = std::bit_cast<Bits>(value);
  }
  // For oracles at rest; a race on it is one of the oracle's.
  T peek() const { return load(); }

 private:
  Bits bits_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_ATOMIC_H_
