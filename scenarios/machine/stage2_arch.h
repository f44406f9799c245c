// The arm64 stage-2 MMU, as the machine sees it.
#ifndef RACEWALK_SCENARIOS_MACHINE_STAGE2_ARCH_H_
#define RACEWALK_SCENARIOS_MACHINE_STAGE2_ARCH_H_

#include <utility>
#include <vector>

#include "core/stage2/view.h"
#include "scenarios/machine/processor.h"
#include "scenarios/machine/recount.h"
#include "scenarios/machine/shape.h"

namespace racewalk {

template <Platform PlatformT, typename GeometryT>
struct Stage2Arch : Stage2View<PlatformT, GeometryT> {
  using P = PlatformT;
  using G = GeometryT;
  using typename Stage2View<P, G>::Mmu;
  using typename Stage2View<P, G>::Tables;
  using typename Stage2View<P, G>::Entry;

  // Pieces of a long operation: it offers to yield between any two.
  static constexpr uint32_t kMaxVisitsWhileOthersWait = 1;
  static constexpr bool kReplacesRoots = false;
  // Frames can be given away.
  static constexpr bool kDonates = true;
  // Instruction fetches do not see what is in a data cache.
  static constexpr bool kFetchesPastCaches = true;

  static Mmu* Make(Environment& environment, Tables& tables, typename P::Rcu& rcu,
                   std::vector<Vcpu<P>*> vcpus, const MachineShape& shape) {
    return P::template New<Mmu>(environment, tables, rcu, std::move(vcpus), shape.stage2_variant,
                                shape.stage2_options);
  }
  static ProcessorKind Hardware(const MachineShape& shape) {
    return {.notes = shape.stage2_options.hardware_af,
            .drops_on_fault = false,
            .conflicts = !shape.stage2_variant.bbm2};
  }

  static bool Accessed(Mmu& /*mmu*/, const Entry& leaf) { return leaf.accessed(); }
  static bool MayBeWritten(const Entry& leaf) { return leaf.writable(); }
  static bool IsSound(const Entry& /*leaf*/) { return true; }

  static void CheckLoaded(Mmu& /*mmu*/, const Vcpu<P>& /*vcpu*/) {}
  // Late walkers may leave anything in a subtree that nobody can reach; what
  // they leave is freed with it, or L3 says so.
  static void CheckFreed(Mmu& /*mmu*/, const typename Tables::Table& /*table*/) {}

  // A1: a table page has one reference and one for each counted entry in it.
  static void CheckAtRest(Mmu& /*mmu*/, Tables& tables, const Recount<G>& /*recount*/,
                          const std::vector<const Vcpu<P>*>& /*vcpus*/) {
    for (Pfn pfn = tables.first(); pfn < tables.end(); ++pfn) {
      const auto* table = tables.Peek(pfn);
      if (table == nullptr || !table->life.alive()) continue;
      if (table->IsCountedRight()) continue;
      P::Fail({.kind = ViolationKind::kRefcount,
               .invariant = "A1",
               .what = "table page {pfn} is left with {value} references, which is not "
                       "one more than it has entries in use",
               .pfn = pfn,
               .value = static_cast<uint64_t>(table->references.peek())});
    }
  }
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_STAGE2_ARCH_H_
