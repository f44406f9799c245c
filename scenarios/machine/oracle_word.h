// What an oracle remembers: it must order nothing, in any world.
#ifndef RACEWALK_SCENARIOS_MACHINE_ORACLE_WORD_H_
#define RACEWALK_SCENARIOS_MACHINE_ORACLE_WORD_H_

#include <atomic>
#include <type_traits>

#include "core/platform/platform.h"

namespace racewalk {

// Plain memory when explored, where it is one thread's at any moment; natively
// relaxed, which orders nothing that a race detector sees. T: a number or bool.
template <Platform P, typename T>
class OracleWord {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for its value.
  OracleWord(T value = T{}) : value_(value) {}
  OracleWord(const OracleWord&) = delete;
  OracleWord& operator=(const OracleWord& other) { return *this = static_cast<T>(other); }
  OracleWord& operator=(T value) {
    if constexpr (P::kExplored) {
      value_ = value;
    } else {
      value_.store(value, std::memory_order_relaxed);
    }
    return *this;
  }
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for its value.
  operator T() const {
    if constexpr (P::kExplored) {
      return value_;
    } else {
      return value_.load(std::memory_order_relaxed);
    }
  }

  // In one indivisible moment: the value becomes change(value), which is returned.
  template <typename F>
  T Update(F change) {
    T old = *this;
    T next = change(old);
    if constexpr (P::kExplored) {
      value_ = next;
    } else {
      while (!value_.compare_exchange_weak(old, next, std::memory_order_relaxed)) {
        next = change(old);
      }
    }
    return next;
  }
  T operator++() {
    return Update([](T old) { return static_cast<T>(old + 1); });
  }
  // Never goes back: of what several threads note at once the newest stays.
  void Raise(T value) {
    Update([value](T old) { return old < value ? value : old; });
  }

 private:
  std::conditional_t<P::kExplored, T, std::atomic<T>> value_;
};

// What this thread has noted and read before stays before what it does next. An
// order of the processor's only: no happens-before edge for a race detector.
template <Platform P>
void KeepOracleOrder() {
  if constexpr (!P::kExplored) std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_ORACLE_WORD_H_
