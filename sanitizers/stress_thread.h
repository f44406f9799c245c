// What a thread of a round carries with it: its log, its noise, what it is in
// the middle of. Nothing of it is shared, so that it orders nothing.
#ifndef RACEWALK_SANITIZERS_STRESS_THREAD_H_
#define RACEWALK_SANITIZERS_STRESS_THREAD_H_

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/platform/native/fail.h"
#include "core/platform/platform.h"
#include "core/protocol.h"
#include "sanitizers/event_log.h"
#include "sanitizers/round.h"
#include "scenarios/rng.h"
#include "scenarios/scenario.h"

namespace racewalk {

// Told what the core traces, on the tracing thread, by several threads at once.
class StressObserver {
 public:
  virtual ~StressObserver() = default;
  virtual void OnTrace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) = 0;
};

// What all threads of a round know; written before they start.
struct StressWorld {
  static inline std::array<bool, kPointCount> weakened{};
  static inline StressObserver* observer = nullptr;
  static inline Noise noise{};
  static inline uint64_t seed = 0;
  static inline EventLog* callback_log = nullptr;  // of the thread that runs callbacks

  static bool Weakened(point p) { return weakened[static_cast<std::size_t>(p)]; }
};

// Made on the thread's own stack; the thread is known by it until it goes.
class StressThread {
 public:
  using Location = std::source_location;
  static constexpr std::size_t kSystemName = 15;  // bytes of a thread's name that Linux keeps

  // `index`: from 0, another one for each thread of a round. `log` is borrowed; may be null.
  StressThread(std::string its_name, uint32_t its_index, EventLog* its_log)
      : name(std::move(its_name)),
        index(its_index),
        log(its_log),
        rng(StressWorld::seed + Mix64(its_index)),
        previous_(current) {
    current = this;
    SetNativeThreadName(name.c_str());
    // For debuggers and ThreadSanitizer's reports; the other threads are not ours to name.
    if (index < kMaxScenarioThreads) {
      pthread_setname_np(pthread_self(), name.substr(0, kSystemName).c_str());
    }
  }
  ~StressThread() {
    current = previous_;
    SetNativeThreadName(previous_ == nullptr ? "this thread" : previous_->name.c_str());
  }
  StressThread(const StressThread&) = delete;
  StressThread& operator=(const StressThread&) = delete;

  // Null: a thread that is none of a round's, as in tests of parts.
  static StressThread* Current() { return current; }

  static void Log(StressEvent event) {
    if (current == nullptr || current->log == nullptr) return;
    event.time = Now();
    current->log->Add(event);
  }
  // At a protocol point or an atomic access: perhaps a pause.
  static void AtPoint() {
    if (current != nullptr && --current->until_noise_ == 0) current->MakeNoise();
  }
  // As rarely as noise comes: says yes.
  static bool Chance() {
    if (current == nullptr || --current->until_chance_ != 0) return false;
    current->until_chance_ = current->DrawDistance();
    return true;
  }
  // An operation of the scenario begins: noise is as loud as ever. One that lags
  // may sleep first, while others do several of theirs.
  void BeginOperation() {
    pauses_ = 0;
    if (lags_ == 0) return;
    --lags_;
    const uint32_t most = 1U << rng.Below(std::bit_width(kLongestLag));
    std::this_thread::sleep_for(std::chrono::microseconds(rng.Below(most) + 1));
  }

  const std::string name;
  const uint32_t index;
  EventLog* const log;
  Rng rng;
  bool mapped = false;         // N7: a fault has mapped something
  bool may_not_sleep = false;  // P3: in a callback that must not
  std::vector<bool> outer;     // what that was before each invalidation that goes on

 private:
  // About as long as a fault takes, or many times that.
  static constexpr uint32_t kMostSpins = 2048;

  // Some operations go through whole tables: the more it has paused in one, the
  // rarer a thread does.
  static constexpr uint64_t kLoudPauses = 16;

  static constexpr uint32_t kLagging = 2;        // one of so many threads lags
  static constexpr uint32_t kMostLags = 16;      // times
  static constexpr uint32_t kLongestLag = 2048;  // microseconds

  uint32_t DrawLags() {
    if (StressWorld::noise.kind == NoiseKind::kNone || index >= kMaxScenarioThreads) return 0;
    return rng.Below(kLagging) == 0 ? kMostLags : 0;
  }
  // Points to the next pause, the last one included. Nobody is disturbed by the
  // thread that sets up and looks at what is at rest.
  uint64_t DrawDistance() {
    const bool silent = StressWorld::noise.kind == NoiseKind::kNone ||
                        StressWorld::noise.per_mille == 0 || index == kMaxScenarioThreads;
    if (silent) return 0;
    const uint32_t mean = std::max(1U, 1000 / StressWorld::noise.per_mille);
    return 1 + rng.Below(2 * mean - 1) * (kLoudPauses + pauses_) / kLoudPauses;
  }
  void MakeNoise() {
    ++pauses_;
    until_noise_ = DrawDistance();
    if (StressWorld::noise.kind == NoiseKind::kYield) return std::this_thread::yield();
    const uint32_t most = 1U << rng.Below(std::bit_width(kMostSpins));
    for (uint32_t spins = rng.Below(most) + 1; spins > 0; --spins) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#else
      std::atomic_signal_fence(std::memory_order_seq_cst);  // keeps the loop
#endif
    }
  }
  static uint64_t Now() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }

  static inline constinit thread_local StressThread* current = nullptr;

  StressThread* const previous_;
  uint64_t pauses_ = 0;
  uint32_t lags_ = DrawLags();  // how often it may yet sleep between operations
  // Points; 0 is as good as never.
  uint64_t until_noise_ = DrawDistance();
  uint64_t until_chance_ = DrawDistance();
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_THREAD_H_
