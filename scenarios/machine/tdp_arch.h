// The x86 TDP MMU, as the machine sees it.
#ifndef RACEWALK_SCENARIOS_MACHINE_TDP_ARCH_H_
#define RACEWALK_SCENARIOS_MACHINE_TDP_ARCH_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/tdp/view.h"
#include "scenarios/machine/processor.h"
#include "scenarios/machine/recount.h"
#include "scenarios/machine/shape.h"

namespace racewalk {

template <Platform PlatformT, typename GeometryT>
struct TdpArch : TdpView<PlatformT, GeometryT> {
  using P = PlatformT;
  using G = GeometryT;
  using typename TdpView<P, G>::Mmu;
  using typename TdpView<P, G>::Tables;
  using typename TdpView<P, G>::Entry;

  // A walk that may yield does so before it has kept others waiting for this
  // many entries: down all levels and one to the side is the most it needs.
  static constexpr uint32_t kMaxVisitsWhileOthersWait = G::kLevels + 1;
  static constexpr bool kFetchesPastCaches = false;
  // Giving everything up makes new roots (R7).
  static constexpr bool kReplacesRoots = true;
  static constexpr bool kDonates = false;

  static Mmu* Make(Environment& environment, Tables& tables, typename P::Rcu& rcu,
                   std::vector<Vcpu<P>*> vcpus, const MachineShape& shape) {
    return P::template New<Mmu>(environment, tables, rcu, std::move(vcpus), shape.tdp_variant,
                                shape.tdp_options);
  }
  static ProcessorKind Hardware(const MachineShape& shape) {
    return {.notes = shape.tdp_options.ad_bits, .logs = shape.tdp_options.dirty_bit_logging};
  }

  static bool Accessed(Mmu& mmu, const Entry& leaf) { return mmu.state().Accessed(leaf); }
  // It is writable, or becomes so without anybody asking whether it may.
  static bool MayBeWritten(const Entry& leaf) { return leaf.writable() || leaf.mmu_writable(); }
  static bool IsSound(const Entry& leaf) { return !leaf.writable() || leaf.mmu_writable(); }

  static void CheckLoaded(Mmu& mmu, const Vcpu<P>& vcpu) {
    const auto* root = mmu.roots().Peek(vcpu.root);
    P::Check(root != nullptr && root->role.peek() == vcpu.role, ViolationKind::kRootLifecycle, "R2",
             "{thread} has loaded a root of another role than its own");
  }
  // L6, S1: what was removed stayed frozen, and what was never used empty, until
  // the page goes; anything else was put there by somebody who came too late.
  static void CheckFreed(Mmu& /*mmu*/, const typename Tables::Table& table) {
    for (const auto& word : table.entries) {
      const Entry entry = word.peek();
      if (entry.raw == 0 || entry.frozen()) continue;
      P::Fail({.kind = entry.present() ? ViolationKind::kLeak : ViolationKind::kAssertion,
               .invariant = entry.present() ? "L6" : "S1",
               .what = entry.present()
                           ? "table page {pfn} is freed with something still mapped in it"
                           : "an entry of removed table page {pfn} was changed although "
                             "it was frozen",
               .pfn = table.pfn});
    }
  }

  // S4; and R1, R2: each root has one reference of each vCPU on it and, where it
  // owns its roots, the MMU's; and a role has one valid root.
  static void CheckAtRest(Mmu& mmu, Tables& /*tables*/, const Recount<G>& recount,
                          const std::vector<const Vcpu<P>*>& vcpus) {
    auto& state = mmu.state();
    for (std::size_t level = 0; level < state.mapped_pages.size(); ++level) {
      P::Check(state.mapped_pages[level].peek() == recount.leaves[level], ViolationKind::kRefcount,
               "S4", "the number of mapped pages or blocks differs from a recount");
    }
    P::Check(state.table_pages.peek() == recount.links, ViolationKind::kRefcount, "S4",
             "the number of table pages differs from a recount");
    std::vector<uint32_t> roles;
    mmu.roots().PeekEach([&](TdpRoot<P, G>& root) {
      const auto users = std::count_if(vcpus.begin(), vcpus.end(),
                                       [&](const auto* vcpu) { return vcpu->root == root.slot; });
      const bool owned = state.variant.last_put_zaps
                             ? root.scheduled.peek()
                             : !root.invalid.peek() || root.scheduled.peek();
      if (root.references.peek() != users + (owned ? 1 : 0)) {
        P::Fail({.kind = ViolationKind::kRefcount,
                 .invariant = "R1",
                 .what = "a root is left with {value} references, which is not the number of its "
                         "users",
                 .value = static_cast<uint64_t>(root.references.peek())});
      }
      if (root.invalid.peek()) return;
      P::Check(std::find(roles.begin(), roles.end(), root.role.peek()) == roles.end(),
               ViolationKind::kRootLifecycle, "R2", "two valid roots have the same role");
      roles.push_back(root.role.peek());
    });
  }
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_TDP_ARCH_H_
