// Live migration as an oracle: what the destination has must be what the
// source has when the guest has stopped and the last harvest is copied (D1).
#ifndef RACEWALK_SCENARIOS_MACHINE_MIGRATION_H_
#define RACEWALK_SCENARIOS_MACHINE_MIGRATION_H_

#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "scenarios/machine/host_memory.h"
#include "scenarios/machine/oracle_word.h"

namespace racewalk {

// By host address.
template <typename P>
class Migration {
 public:
  Migration(const HostMemory<P>& host, uint32_t addresses) : host_(host), copies_(addresses) {}

  void Copy(Hva address) {
    if constexpr (P::kExplored) {
      copies_[address] = Now(address);
    } else {
      // Of two who copy at once the older copy may come last.
      copies_[address].Raise(Now(address));
    }
  }

  // What was discarded since it was copied has no contents to lose.
  void Compare(Gfn gfn, Hva address) const {
    const uint64_t copy = copies_[address];
    if (host_.discards(address) != copy >> kDiscardsShift || Now(address) == copy) return;
    P::Fail({.kind = ViolationKind::kLostDirty,
             .invariant = "D1",
             .what = "the guest's last write to guest frame {gfn} was reported by no "
                     "harvest: the destination of a migration has older contents",
             .gfn = gfn});
  }

 private:
  // What there is and how often it has been discarded, in one word that only grows.
  static constexpr int kDiscardsShift = 40;
  uint64_t Now(Hva address) const {
    for (;;) {
      const uint64_t discards = host_.discards(address);
      const uint64_t contents = host_.ContentsOf(address);
      if (host_.discards(address) == discards) return discards << kDiscardsShift | contents;
    }
  }

  const HostMemory<P>& host_;
  std::vector<OracleWord<P, uint64_t>> copies_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_MIGRATION_H_
