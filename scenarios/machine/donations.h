// Which frames the guest must not reach, because they have been given away (A6).
#ifndef RACEWALK_SCENARIOS_MACHINE_DONATIONS_H_
#define RACEWALK_SCENARIOS_MACHINE_DONATIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/platform/platform.h"
#include "scenarios/machine/oracle_word.h"

namespace racewalk {

// By page, from 0. Of operations that overlap nobody can say which came first,
// so a page counts only if its donation has returned and no reclaim of it has
// been under way since the donation began.
template <Platform P>
class Donations {
 public:
  explicit Donations(uint64_t pages) : pages_(pages) {}

  // Of an operation that begins now.
  uint64_t Begin() { return ++clock_; }
  void Donated(uint64_t page, uint64_t begun) {
    pages_[page].Update([begun](uint64_t old) {
      const bool away = ReclaimsOf(old) == 0 && ReclaimedOf(old) < begun;
      return away ? old | kAway : old & ~kAway;
    });
  }
  void ReclaimBegins(uint64_t page) {
    pages_[page].Update([](uint64_t old) { return (old & ~kAway) + kOneReclaim; });
  }
  void ReclaimEnds(uint64_t page) {
    const uint64_t now = ++clock_;
    pages_[page].Update(
        [now](uint64_t old) { return (now << kClockShift) | ((old & ~kClockMask) - kOneReclaim); });
  }
  bool Away(uint64_t page) const { return (pages_[page] & kAway) != 0; }

 private:
  // A page in one word: whether it is away, how many reclaims are under way,
  // and when the last one ended.
  static constexpr uint64_t kAway = 1;
  static constexpr uint64_t kOneReclaim = 2;
  static constexpr int kClockShift = 16;
  static constexpr uint64_t kClockMask = ~uint64_t{0} << kClockShift;
  static uint64_t ReclaimsOf(uint64_t word) { return (word & ~kClockMask) / kOneReclaim; }
  static uint64_t ReclaimedOf(uint64_t word) { return word >> kClockShift; }

  std::vector<OracleWord<P, uint64_t>> pages_;
  OracleWord<P, uint64_t> clock_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_DONATIONS_H_
