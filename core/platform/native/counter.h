// P::Counter of real threads.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_COUNTER_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_COUNTER_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "core/platform/event.h"
#include "core/platform/native/presence.h"

namespace racewalk {

// Thread-safe. The first threads each count for themselves, in a word that no
// other writes, so that adding needs no read-modify-write; the rest share one.
class NativeCounter {
 public:
  using Location = std::source_location;

  explicit NativeCounter(WordName /*name*/ = {}) {}
  NativeCounter(const NativeCounter&) = delete;
  NativeCounter& operator=(const NativeCounter&) = delete;

  void set_name(WordName /*name*/) {}
  [[gnu::always_inline]] void add(int64_t amount, Location /*loc*/ = Location::current()) {
    const std::size_t thread = Presence::KnownNumber();
    if (thread >= kAlone) [[unlikely]] {
      return AddSlowly(amount);
    }
    // relaxed, everywhere: a statistic.
    std::atomic<int64_t>& sum = parts_[thread].sum;
    sum.store(sum.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  int64_t peek() const {
    int64_t sum = 0;
    for (const Part& part : parts_) sum += part.sum.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr std::size_t kAlone = 15;  // threads

  // Of a thread's first time, and of those that share.
  [[gnu::cold, gnu::noinline]] void AddSlowly(int64_t amount) {
    const std::size_t thread = std::min(Presence::ThreadNumber(), kAlone);
    parts_[thread].sum.fetch_add(amount, std::memory_order_relaxed);
  }

  struct alignas(64) Part {
    std::atomic<int64_t> sum{0};
  };
  std::array<Part, kAlone + 1> parts_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_COUNTER_H_
