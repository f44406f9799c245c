// Which guest page may lead to which host address (R7), as an oracle that many
// threads ask while slots change.
#ifndef RACEWALK_SANITIZERS_STRESS_SLOTS_H_
#define RACEWALK_SANITIZERS_STRESS_SLOTS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/geometry.h"
#include "sanitizers/stress_platform.h"
#include "scenarios/machine/oracle_word.h"
#include "scenarios/scenario.h"

namespace racewalk {

// Thread-safe. A slot that goes is let go when the array without it is about to
// be published: by then nothing of it may be mapped.
class StressSlots {
 public:
  struct Slot {
    Gfn first;
    Gfn last;
    Hva address;
    Hva AddressOf(Gfn gfn) const { return address + (gfn - first); }
  };

  // Guest frames are counted from `first_gfn`, and are less than 2^20 from it.
  explicit StressSlots(Gfn first_gfn) : first_gfn_(first_gfn) {}

  // With the lock under which slots change; `slots` are about to be current.
  template <typename Slots>
  void Replace(const Slots& slots) {
    std::array<uint64_t, kMaxSlots> next{};
    for (const auto& slot : slots) {
      next[slot.id] = kPresent | (slot.first - first_gfn_) | (slot.last - first_gfn_) << kBits |
                      slot.address << 2 * kBits;
    }
    for (uint32_t id = 0; id < kMaxSlots; ++id) words_[id] = next[id];
  }

  std::optional<Slot> Find(uint32_t id) const {
    const uint64_t word = words_[id];
    if ((word & kPresent) == 0) return std::nullopt;
    return Slot{.first = first_gfn_ + (word & kMask),
                .last = first_gfn_ + (word >> kBits & kMask),
                .address = word >> 2 * kBits & kMask};
  }
  // At rest: whether a slot has gfn, and at which address.
  std::optional<Hva> AddressOf(Gfn gfn) const {
    for (uint32_t id = 0; id < kMaxSlots; ++id) {
      const std::optional<Slot> slot = Find(id);
      if (slot && slot->first <= gfn && gfn <= slot->last) return slot->AddressOf(gfn);
    }
    return std::nullopt;
  }
  // Any slot will do: while they are replaced, two of them may have gfn.
  bool Allows(Gfn gfn, Hva address) const {
    for (uint32_t id = 0; id < kMaxSlots; ++id) {
      const std::optional<Slot> slot = Find(id);
      if (slot && slot->first <= gfn && gfn <= slot->last && slot->AddressOf(gfn) == address) {
        return true;
      }
    }
    return false;
  }

 private:
  // A slot in one word, so that nobody sees half of a change.
  static constexpr int kBits = 20;
  static constexpr uint64_t kMask = (uint64_t{1} << kBits) - 1;
  static constexpr uint64_t kPresent = uint64_t{1} << 3 * kBits;

  Gfn first_gfn_;
  std::array<OracleWord<StressPlatform, uint64_t>, kMaxSlots> words_;
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_SLOTS_H_
