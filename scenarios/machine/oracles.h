// The machine's oracles: what must hold whatever the interleaving. Part of machine.h.
#ifndef RACEWALK_SCENARIOS_MACHINE_ORACLES_H_
#define RACEWALK_SCENARIOS_MACHINE_ORACLES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scenarios/machine/machine.h"

namespace racewalk {

// When the notifier's start has returned: R4 (nothing maps the host's [first,
// last], not even in a root that is on its way out) and T1 (no vCPU can still
// translate to it).
template <typename Arch>
void Machine<Arch>::CheckUnmapped(Hva first, Hva last) {
  World& world = World::Get();
  const auto taken = [&](Pfn pfn) {
    const Hva address = host_.AddressOf(pfn);
    return first <= address && address <= last && host_.Maps(address, pfn);
  };
  ForEachLeaf([&](bool valid, Gfn gfn, int level, const Entry& leaf) {
    for (Gfn page = 0; page < G::Span(level); ++page) {
      if (!taken(leaf.Part(page).pfn())) continue;
      world.Fail(
          {.kind = ViolationKind::kBadMapping,
           .invariant = "R4",
           .what = !valid ? "guest frame {gfn} is still mapped, in an invalid root, after the "
                            "host's invalidation of its page has returned"
                          : "guest frame {gfn} is still mapped after the host's invalidation of "
                            "its page has returned",
           .gfn = gfn + page,
           .pfn = leaf.Part(page).pfn()});
    }
  });
  ForEachCached([&](const Seat& seat, Gfn gfn, Pfn pfn) {
    if (!taken(pfn)) return;
    world.Fail({.kind = ViolationKind::kStaleTranslation,
                .invariant = "T1",
                .what = "vCPU {value} can still translate guest frame {gfn} from its TLB after "
                        "the host's invalidation of its page has returned",
                .gfn = gfn,
                .pfn = pfn,
                .value = static_cast<uint64_t>(seat.vcpu.index())});
  });
}

// At a guest access: R7 and S6.
template <typename Arch>
void Machine<Arch>::CheckAllowed(Gfn gfn, Pfn pfn, bool write) const {
  const Hva address = host_.AddressOf(pfn);
  if (address != ~Hva{0} && !slot_oracle_->Allows(gfn, address)) {
    World::Get().Fail({.kind = ViolationKind::kStaleTranslation,
                       .invariant = "R7",
                       .what = "{thread} reaches page {pfn} through guest frame {gfn}, although "
                               "the memory slot that had it there is gone",
                       .gfn = gfn,
                       .pfn = pfn});
  }
  if (donations_.Away(gfn)) {
    World::Get().Fail({.kind = ViolationKind::kPermission,
                       .invariant = "A6",
                       .what = "{thread} reaches guest frame {gfn} after it has been given away",
                       .gfn = gfn,
                       .pfn = pfn});
  }
  if (write && protected_.contains(gfn)) {
    World::Get().Fail({.kind = ViolationKind::kPermission,
                       .invariant = "S6",
                       .what = "{thread} writes guest frame {gfn} itself after its write "
                               "protection has returned",
                       .gfn = gfn,
                       .pfn = pfn});
  }
}

// R7: when the last update of slots has returned, nothing maps what they do not have.
template <typename Arch>
void Machine<Arch>::CheckSlots() const {
  if (destroyed_) return;
  World& world = World::Get();
  const auto gone = [&](Gfn gfn, Pfn pfn) {
    const Hva address = host_.AddressOf(pfn);
    return address != ~Hva{0} && !slot_oracle_->Allows(gfn, address);
  };
  ForEachLeaf([&](bool, Gfn gfn, int level, const Entry& leaf) {
    for (Gfn page = 0; page < G::Span(level); ++page) {
      if (!gone(gfn + page, leaf.Part(page).pfn())) continue;
      world.Fail({.kind = ViolationKind::kBadMapping,
                  .invariant = "R7",
                  .what = "guest frame {gfn} is still mapped after the memory slot that had it "
                          "has been deleted or moved",
                  .gfn = gfn + page,
                  .pfn = leaf.Part(page).pfn()});
    }
  });
  ForEachCached([&](const Seat& seat, Gfn gfn, Pfn pfn) {
    if (!gone(gfn, pfn)) return;
    world.Fail({.kind = ViolationKind::kStaleTranslation,
                .invariant = "R7",
                .what = "vCPU {value} can still translate guest frame {gfn} after the memory slot "
                        "that had it has been deleted or moved",
                .gfn = gfn,
                .pfn = pfn,
                .value = static_cast<uint64_t>(seat.vcpu.index())});
  });
}

template <typename Arch>
void Machine<Arch>::FinishMigration() {
  if (destroyed_) return;
  std::vector<uint32_t> logged;
  for (const auto& slot : mmu_->state().slots.Peek()) {
    if (slot.logging()) logged.push_back(slot.id);
  }
  for (const uint32_t id : logged) {
    Harvest(id);
    const MemorySlot<P>& slot = *SlotNow(id);
    for (Gfn gfn = slot.first; gfn <= slot.last; ++gfn) {
      migration_.Compare(gfn, slot.AddressOf(gfn));
    }
  }
}

// T1: whenever the exclusive lock becomes free, whoever may use a cached
// translation would still find it in its root's tables.
template <typename Arch>
void Machine<Arch>::CheckNoDebt() {
  if (destroyed_) return;
  ForEachCached([&](const Seat& seat, Gfn gfn, Pfn pfn) {
    bool found = false;
    PeekEntries<G>(tables_, seat.processor.root().pfn, [&](Gfn at, int level, const Entry& entry) {
      if (!entry.leaf() || gfn < at || gfn - at >= G::Span(level)) return;
      found |= entry.Part(gfn - at).pfn() == pfn;
    });
    if (found) return;
    World::Get().Fail({.kind = ViolationKind::kStaleTranslation,
                       .invariant = "T1",
                       .what = "{thread} gives up the MMU lock while vCPU {value} can still "
                               "translate guest frame {gfn}, which was unmapped under it",
                       .gfn = gfn,
                       .value = static_cast<uint64_t>(seat.vcpu.index())});
  });
}

template <typename Arch>
void Machine<Arch>::OnTrace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) {
  switch (kind) {
    case TraceKind::kUnlocked:
      // Others than the MMU lock may be given up while there is a debt.
      if (destroyed_ || !mmu_->state().mmu_lock.HeldBy(static_cast<int>(Self()))) return;
      metering_.Count([](Meter& meter, int self) { meter.Unlocked(self); });
      return CheckNoDebt();
    case TraceKind::kWalk:
      progress_[Self()] = WalkProgress(/*bounded=*/b != 0);
      return;
    case TraceKind::kVisit:
      if (destroyed_) return;
      return progress_[Self()].Visited(
          mmu_->state().mmu_lock, static_cast<int>(Self()), a,
          may_not_sleep_[Self()] ? kNoLimit : Arch::kMaxVisitsWhileOthersWait);
    case TraceKind::kYielded:
      return OnYield(a, where);
    case TraceKind::kMapped:
      mapped_[Self()] = true;
      return;
    case TraceKind::kEntrySet:
      return history_.Set(static_cast<Pfn>(a >> 16), static_cast<uint32_t>(a & 0xFFFF),
                          Entry{b, {}});
    case TraceKind::kSlotsReplaced:
      if (slot_oracle_.has_value()) slot_oracle_->Remember();
      return;
    case TraceKind::kFlush:
      return metering_.Count(
          [a](Meter& meter, int self) { meter.Flushed(self, static_cast<FlushScope>(a)); });
    case TraceKind::kCollapsed:
      return metering_.Count([](Meter& meter, int self) { meter.Collapsed(self); });
    case TraceKind::kTableFreed: {
      const auto pfn = static_cast<Pfn>(a);
      metering_.Count([](Meter& meter, int self) { meter.Freed(self); });
      Arch::CheckFreed(*mmu_, *tables_.Peek(pfn));
      history_.Forget(pfn);
      const uint32_t generation = tables_.Peek(pfn)->life.generation();
      for (const auto& seat : seats_) {
        if (Exempt(*seat) || !seat->processor.CachesTable(pfn, generation)) continue;
        World::Get().Fail({.kind = ViolationKind::kUseAfterFree,
                           .invariant = "T2",
                           .what = "vCPU {value} can still walk through table page {pfn}, which "
                                   "{thread} is freeing",
                           .pfn = pfn,
                           .value = static_cast<uint64_t>(seat->vcpu.index())});
      }
      return;
    }
    case TraceKind::kRootZapped: {
      // R5: nothing is mapped in a root when its owner lets go of it.
      PeekEntries<G>(tables_, static_cast<Pfn>(a), [](Gfn gfn, int /*level*/, const Entry& entry) {
        if (!entry.leaf() && !entry.table()) return;
        World::Get().Fail({.kind = ViolationKind::kRootLifecycle,
                           .invariant = "R6",
                           .what = "a root is let go although guest frame {gfn} was not "
                                   "zapped in it",
                           .gfn = gfn});
      });
      return;
    }
  }
}

template <typename Arch>
void Machine<Arch>::OnYield(Gfn next, std::source_location where) {
  P::Check(!may_not_sleep_[Self()], ViolationKind::kLockDiscipline, "P3",
           "{thread} gives up the MMU lock in a context that must not sleep", where);
  P::Check(!rcu_.held(), ViolationKind::kLockDiscipline, "P3",
           "{thread} gives up the MMU lock inside a read section, which must not sleep", where);
  progress_[Self()].Yielded(next, where);
}

template <typename Arch>
void Machine<Arch>::CheckAtRest() {
  World& world = World::Get();
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

  // N2, S3, S6: what is mapped is what the host maps, and no more than it may.
  Recount<G> recount;
  ForEachLeaf([&](bool valid, Gfn gfn, int level, const Entry& leaf) {
    ++recount.leaves[Index(level) - 1];
    P::Check(Arch::IsSound(leaf) && (leaf.pfn() & (G::Span(level) - 1)) == 0,
             ViolationKind::kPermission, "S6",
             "an entry is writable that must not be, or maps a block that is not aligned");
    for (Gfn page = 0; page < G::Span(level); ++page) {
      if (!Justified(gfn + page, leaf.Part(page).pfn())) {
        world.Fail({.kind = ViolationKind::kBadMapping,
                    .invariant = "N2",
                    .what = "guest frame {gfn} maps to page {pfn}, which the host does not have "
                            "there",
                    .gfn = gfn + page,
                    .pfn = leaf.Part(page).pfn()});
      }
      if (valid && Arch::MayBeWritten(leaf) && protected_.contains(gfn + page)) {
        world.Fail({.kind = ViolationKind::kPermission,
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
        world.Fail({.kind = ViolationKind::kAssertion,
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
    world.Fail({.kind = alive ? ViolationKind::kLeak : ViolationKind::kUseAfterFree,
                .invariant = "L3",
                .what = alive ? "table page {pfn} is allocated, but no root reaches it"
                              : "table page {pfn} is free, but a root still reaches it",
                .pfn = pfn});
  }

  std::vector<const Vcpu<P>*> vcpus;
  for (const auto& seat : seats_) vcpus.push_back(&seat->vcpu);
  Arch::CheckAtRest(*mmu_, tables_, recount, vcpus);
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_ORACLES_H_
