// Sleepable RCU of real threads.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_SRCU_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_SRCU_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <source_location>

#include "core/platform/native/fail.h"

namespace racewalk {

// Thread-safe. Readers may block inside of a section; a section ends on the
// thread that began it. Readers are wait-free. A wait ends when the sections
// that were open at its start have, however many others keep coming.
//
// Each section is counted twice, when it begins and when it ends, under the
// phase that it found. For each section and each wait, one of these holds:
// 1. The section happens-before the end of the wait: it was counted before the
//    wait looked, which then went on looking until it was over.
// 2. What precedes the wait happens-before the section: it was counted after
//    the wait had looked, by a read-modify-write that follows the wait's own.
// This is so for any choice of phases. That new sections go to the other one is
// only there for the wait to end.
//
// Sections do not order each other. More than promised is ordered only between
// waits of the same domain, which take turns, and by a section that has to wake
// a wait. The domain may go as soon as a wait has returned and nobody can begin
// another section: its readers touch nothing of it after their last count.
class NativeSrcu {
 public:
  using Location = std::source_location;
  // Sections are counted apart by threads; this many do not disturb each other.
  static constexpr std::size_t kStripes = 16;

  explicit NativeSrcu(const char* /*name*/ = "srcu") {}
  ~NativeSrcu();
  NativeSrcu(const NativeSrcu&) = delete;
  NativeSrcu& operator=(const NativeSrcu&) = delete;

  void read_lock(Location loc = Location::current()) {
    Section* section = Find(this);
    if (section == nullptr) {
      section = Find(nullptr);
      if (section == nullptr) [[unlikely]] {
        NativeFail(ViolationKind::kLockDiscipline, "P3",
                   "{thread} is in sections of more domains than are kept account of", loc);
      }
      *section = {.domain = this, .counts = &Enter(), .depth = 0};
    }
    ++section->depth;
  }
  void read_unlock(Location loc = Location::current()) {
    Section* section = Find(this);
    if (section == nullptr) [[unlikely]] {
      NativeFail(ViolationKind::kLockDiscipline, "P3",
                 "{thread} leaves a read section that it is not in", loc);
    }
    if (--section->depth > 0) return;
    section->domain = nullptr;
    // release: acquired by the wait that finds this section over (IsOver).
    if ((section->counts->ended.fetch_add(kOne, std::memory_order_release) & kAwaited) != 0) {
      Wake();
    }
  }
  bool held() const { return Find(this) != nullptr; }
  // Whether the running thread is in a section of any domain.
  static bool AnyHeld() {
    return std::any_of(sections.begin(), sections.end(),
                       [](const Section& section) { return section.domain != nullptr; });
  }
  void synchronize(Location loc = Location::current());

 private:
  // Sections of one phase, by threads that share a stripe.
  struct Counts {
    std::atomic<uint64_t> begun{0};
    std::atomic<uint64_t> ended{0};  // in units of kOne; the bit below says that a wait sleeps
  };
  static constexpr uint64_t kAwaited = 1;
  static constexpr uint64_t kOne = 2;

  // Threads on different stripes do not share a cache line.
  struct alignas(64) Stripe {
    std::array<Counts, 2> phases;
  };

  // What the running thread is in.
  struct Section {
    const NativeSrcu* domain;  // nullptr: a free place
    Counts* counts;            // which it was counted in
    int depth;
  };
  static constexpr std::size_t kMostDomains = 8;

  static Section* Find(const NativeSrcu* domain) {
    for (Section& section : sections) {
      if (section.domain == domain) return &section;
    }
    return nullptr;
  }

  Counts& Enter() {
    if (stripe == kStripes) [[unlikely]] {
      ChooseStripe();
    }
    // relaxed: either phase is waited for, an old one is only waited for longer.
    Counts& counts = stripes_[stripe].phases[phase_.load(std::memory_order_relaxed)];
    // acquire: of what preceded each wait that has looked before (IsOver).
    counts.begun.fetch_add(1, std::memory_order_acquire);
    return counts;
  }

  static void ChooseStripe();
  static void Wake();
  static bool IsOver(Counts& counts, uint64_t ended);
  static void Drain(Counts& counts);
  void DrainPhase(std::size_t phase);

  static inline constinit thread_local std::array<Section, kMostDomains> sections{};
  static inline constinit thread_local std::size_t stripe = kStripes;

  std::array<Stripe, kStripes> stripes_{};
  std::atomic<std::size_t> phase_{0};  // of sections that begin now
  std::mutex waits_;                   // one at a time
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_SRCU_H_
