// Whether a page or object is in use, as a word that every software access
// reads and that allocation and free write. An access that nothing orders
// after the allocation or before the free is then a data race that any race
// detector sees, even if the moment happens to be harmless.
#ifndef RACEWALK_CORE_TABLES_LIFE_H_
#define RACEWALK_CORE_TABLES_LIFE_H_

#include <cstdint>
#include <source_location>

#include "core/platform/platform.h"

namespace racewalk {

struct LifeState {
  uint32_t generation = 0;  // how often it has been allocated
  uint32_t alive = 0;       // 0 or 1; no bool, since a Plain has no padding

  uint64_t bits() const { return uint64_t{generation} << 1 | alive; }
  // Of an access to `newest` that leaves `next`, the same for a read.
  static Violation Race(const LifeState& newest, const LifeState& next) {
    if (newest.alive != 0 && next.alive != 0) {
      return {.kind = ViolationKind::kDataRace,
              .invariant = "L1",
              .what =
                  "{thread} uses a page or object that {other} has set up, and nothing "
                  "orders the two"};
    }
    return {.kind = ViolationKind::kUseAfterFree,
            .invariant = "L1",
            .what =
                "of {thread} and {other} one uses and one frees the same page or object, and "
                "nothing orders the two"};
  }
};

// Thread safety: as the page's own; Begin and End by its allocator.
template <Platform P>
class LifeWord {
 public:
  using Location = std::source_location;

  explicit LifeWord(WordName name)
      : state_(LifeState{}, {name.what, name.owner, name.index, ValueType::kLife}) {}

  void Begin(Location loc = Location::current()) { state_.store({generation() + 1, 1}, loc); }
  void End(Location loc = Location::current()) {
    P::Check(state_.load(loc).alive != 0, ViolationKind::kDoubleFree, "L4",
             "{thread} frees a page that is already free", loc);
    state_.store({generation(), 0}, loc);
  }
  // By each software access.
  void Check(Location loc = Location::current()) const {
    if constexpr (!P::kChecks) return;
    P::Check(state_.load(loc).alive != 0, ViolationKind::kUseAfterFree, "L1",
             "{thread} uses a page that has been freed", loc);
  }

  // For ghosts and oracles: the newest state, unordered.
  uint32_t generation() const { return state_.peek().generation; }
  bool alive() const { return state_.peek().alive != 0; }

 private:
  typename P::template Plain<LifeState> state_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_LIFE_H_
