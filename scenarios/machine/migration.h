// Live migration as an oracle: what the destination has must be what the
// source has when the guest has stopped and the last harvest is copied (D1).
#ifndef RACEWALK_SCENARIOS_MACHINE_MIGRATION_H_
#define RACEWALK_SCENARIOS_MACHINE_MIGRATION_H_

#include <cstdint>
#include <vector>

#include "core/geometry.h"
#include "core/platform/relacy/world.h"
#include "scenarios/machine/host_memory.h"

namespace racewalk {

// By host address. Plain memory: orders nothing.
template <typename P>
class Migration {
 public:
  Migration(const HostMemory<P>& host, uint32_t addresses)
      : host_(host), contents_(addresses, 0), discards_(addresses, 0) {}

  void Copy(Hva address) {
    contents_[address] = host_.ContentsOf(address);
    discards_[address] = host_.discards(address);
  }

  // What was discarded since it was copied has no contents to lose.
  void Compare(Gfn gfn, Hva address) const {
    if (host_.discards(address) != discards_[address]) return;
    if (host_.ContentsOf(address) == contents_[address]) return;
    World::Get().Fail({.kind = ViolationKind::kLostDirty,
                       .invariant = "D1",
                       .what = "the guest's last write to guest frame {gfn} was reported by no "
                               "harvest: the destination of a migration has older contents",
                       .gfn = gfn});
  }

 private:
  const HostMemory<P>& host_;
  std::vector<uint64_t> contents_;
  std::vector<uint64_t> discards_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_MIGRATION_H_
