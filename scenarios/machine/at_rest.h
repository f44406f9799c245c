// What must hold when nobody does anything, and at a guest access, in any world.
// Part of base.h.
#ifndef RACEWALK_SCENARIOS_MACHINE_AT_REST_H_
#define RACEWALK_SCENARIOS_MACHINE_AT_REST_H_

#include <cstdint>
#include <vector>

#include "scenarios/machine/base.h"

namespace racewalk {

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::CheckAllowed(Gfn gfn, Pfn pfn, bool write) const {
  const Hva address = host_.AddressOf(pfn);
  if (address != HostMemory<P>::kNoAddress && !slot_oracle_->Allows(gfn, address)) {
    P::Fail({.kind = ViolationKind::kStaleTranslation,
             .invariant = "R7",
             .what = "{thread} reaches page {pfn} through guest frame {gfn}, although "
                     "the memory slot that had it there is gone",
             .gfn = gfn,
             .pfn = pfn});
  }
  if (donations_.Away(PageOf(gfn))) {
    P::Fail({.kind = ViolationKind::kPermission,
             .invariant = "A6",
             .what = "{thread} reaches guest frame {gfn} after it has been given away",
             .gfn = gfn,
             .pfn = pfn});
  }
  if (write && protected_[PageOf(gfn)]) {
    P::Fail({.kind = ViolationKind::kPermission,
             .invariant = "S6",
             .what = "{thread} writes guest frame {gfn} itself after its write "
                     "protection has returned",
             .gfn = gfn,
             .pfn = pfn});
  }
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::CheckZapped(Pfn root) const {
  PeekEntries<G>(tables_, root, [](Gfn gfn, int /*level*/, const Entry& entry) {
    if (!entry.leaf() && !entry.table()) return;
    P::Fail({.kind = ViolationKind::kRootLifecycle,
             .invariant = "R6",
             .what = "a root is let go although guest frame {gfn} was not zapped in it",
             .gfn = gfn});
  });
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::FinishMigration() {
  if (destroyed_) return;
  std::vector<uint32_t> logged;
  for (const auto& slot : mmu_->state().slots.Peek()) {
    if (slot.logging()) logged.push_back(slot.id);
  }
  for (const uint32_t id : logged) {
    Harvest(id);
    const auto slot = self().SlotNow(id);
    for (Gfn gfn = slot->first; gfn <= slot->last; ++gfn) {
      migration_.Compare(gfn, slot->AddressOf(gfn));
    }
  }
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::CheckAtRest() {
  // What `after` has queued: the callback thread is gone.
  if (!destroyed_) Arch::Settle(*mmu_);
  rcu_.barrier();
  std::vector<Pfn> pinned;
  if (shape_.v14() && !destroyed_) {
    ForEachLeaf([&](bool, Gfn, int, const Entry& leaf) {
      if (!host_.IsDevice(leaf.pfn())) pinned.push_back(leaf.pfn());
    });
  }
  host_.CheckAtRest(pinned);
  if (destroyed_) return;
  auto& state = mmu_->state();

  P::Check(!registration_.linked() ||
               (state.invalidation.in_progress() == 0 && state.slots.invalidations() == 0),
           ViolationKind::kRefcount, "N1", "an invalidation is still in progress at rest");

  if (registration_.linked()) page_cache_->CheckValid();
  CheckTables();
}

// N2, S1, S3, S4, S6, L3: what there is in tables, and which there are.
template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::CheckTables() {
  // N2, S3, S6: what is mapped is what the host maps, and no more than it may.
  Recount<G> recount;
  ForEachLeaf([&](bool valid, Gfn gfn, int level, const Entry& leaf) {
    ++recount.leaves[Index(level) - 1];
    P::Check(Arch::IsSound(leaf) && (leaf.pfn() & (G::Span(level) - 1)) == 0,
             ViolationKind::kPermission, "S6",
             "an entry is writable that must not be, or maps a block that is not aligned");
    for (Gfn page = 0; page < G::Span(level); ++page) {
      if (!Justified(gfn + page, leaf.Part(page).pfn())) {
        P::Fail({.kind = ViolationKind::kBadMapping,
                 .invariant = "N2",
                 .what = "guest frame {gfn} maps to page {pfn}, which the host does not have "
                         "there",
                 .gfn = gfn + page,
                 .pfn = leaf.Part(page).pfn()});
      }
      if (valid && Arch::MayBeWritten(leaf) && protected_[PageOf(gfn + page)]) {
        P::Fail({.kind = ViolationKind::kPermission,
                 .invariant = "S6",
                 .what = "guest frame {gfn} is write-protected, and its entry may become "
                         "writable",
                 .gfn = gfn + page});
      }
    }
  });

  // S1, S4, L3: no entry is left frozen, the statistics are a recount, and
  // every table page that is allocated can be reached.
  std::vector<uint32_t> reached(tables_.end(), 0);
  Arch::ForEachRoot(*mmu_, [&](Pfn root, bool /*valid*/) {
    ++reached[root];
    PeekEntries<G>(tables_, root, [&](Gfn gfn, int, const Entry& entry) {
      if (Arch::Taken(entry)) {
        P::Fail({.kind = ViolationKind::kAssertion,
                 .invariant = "S1",
                 .what = "the entry for guest frame {gfn} is left to somebody who is gone",
                 .gfn = gfn});
      }
      if (entry.table()) {
        ++recount.links;
        ++reached[entry.pfn()];
      }
    });
  });
  for (Pfn pfn = tables_.first(); pfn < tables_.end(); ++pfn) {
    const auto* table = tables_.Peek(pfn);
    const bool alive = table != nullptr && table->life.alive();
    if (reached[pfn] == (alive ? 1U : 0U)) continue;
    P::Fail({.kind = alive ? ViolationKind::kLeak : ViolationKind::kUseAfterFree,
             .invariant = "L3",
             .what = alive ? "table page {pfn} is allocated, but no root reaches it"
                           : "table page {pfn} is free, but a root still reaches it",
             .pfn = pfn});
  }

  std::vector<const Vcpu<P>*> vcpus;
  for (const auto& seat : seats_) vcpus.push_back(&seat->vcpu);
  Arch::CheckAtRest(*mmu_, tables_, recount, vcpus);
}

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::TearDown() {
  if (!destroyed_) Destroy();
  rcu_.barrier();
  for (Pfn pfn = tables_.first(); pfn < tables_.end(); ++pfn) {
    const auto* table = tables_.Peek(pfn);
    P::Check(table == nullptr || !table->life.alive(), ViolationKind::kLeak, "L3",
             "a table page is still allocated after the VM is gone");
  }
  host_.CheckAtRest();
  page_cache_->CheckGone();
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_AT_REST_H_
