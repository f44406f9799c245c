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
  this->ForEachLeaf([&](bool valid, Gfn gfn, int level, const Entry& leaf) {
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

// R7: when the last update of slots has returned, nothing maps what they do not have.
template <typename Arch>
void Machine<Arch>::CheckSlots() const {
  if (destroyed_) return;
  World& world = World::Get();
  const auto gone = [&](Gfn gfn, Pfn pfn) {
    const Hva address = host_.AddressOf(pfn);
    return address != ~Hva{0} && !slot_oracle_->Allows(gfn, address);
  };
  this->ForEachLeaf([&](bool, Gfn gfn, int level, const Entry& leaf) {
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
    case TraceKind::kRootZapped:
      // Nothing is mapped in a root when its owner lets go of it.
      return this->CheckZapped(static_cast<Pfn>(a));
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

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_ORACLES_H_
