// The machine's oracles: what must hold whatever the interleaving. Part of machine.h.
#ifndef RACEWALK_SCENARIOS_MACHINE_ORACLES_H_
#define RACEWALK_SCENARIOS_MACHINE_ORACLES_H_

#include <cstdint>
#include <vector>

#include "scenarios/machine/machine.h"

namespace racewalk {

// When the notifier's start has returned: R4 (nothing maps the range, not even
// in a root that is on its way out) and T1 (no vCPU can still translate it).
template <Platform P, typename G>
void Machine<P, G>::CheckUnmapped(Gfn first, Gfn last) {
  World& world = World::Get();
  ForEachLeaf([&](TdpRoot<P, G>& root, Gfn gfn, int level, const Spte<P>& leaf) {
    if (gfn + G::Span(level) <= first || gfn > last) return;
    world.Fail({.kind = ViolationKind::kBadMapping,
                .invariant = "R4",
                .what = root.invalid.peek()
                            ? "guest frame {gfn} is still mapped, in an invalid root, after the "
                              "host's invalidation of it has returned"
                            : "guest frame {gfn} is still mapped after the host's invalidation of "
                              "it has returned",
                .gfn = gfn,
                .pfn = leaf.pfn()});
  });
  ForEachCached(first, last, [&](const Seat& seat, Gfn gfn) {
    world.Fail({.kind = ViolationKind::kStaleTranslation,
                .invariant = "T1",
                .what = "vCPU {value} can still translate guest frame {gfn} from its TLB after "
                        "the host's invalidation of it has returned",
                .gfn = gfn,
                .value = static_cast<uint64_t>(seat.vcpu.index())});
  });
}

// T1: whenever the exclusive lock becomes free, whoever may use a cached
// translation would still find it in its root's tables.
template <Platform P, typename G>
void Machine<P, G>::CheckNoDebt() {
  if (destroyed_) return;
  ForEachCached(0, shape_.guest_frames - 1, [&](const Seat& seat, Gfn gfn) {
    bool found = false;
    PeekTable(seat.processor.root().pfn, G::kLevels, 0, [&](Gfn at, int, const Spte<P>& entry) {
      found |= entry.leaf() && at == gfn && entry.pfn() == seat.processor.CachedPfn(gfn);
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

template <Platform P, typename G>
void Machine<P, G>::OnTrace(TraceKind kind, uint64_t a, uint64_t /*b*/,
                            std::source_location where) {
  switch (kind) {
    case TraceKind::kUnlocked:
      return CheckNoDebt();
    case TraceKind::kWalk:
      progress_[Self()] = {};
      return;
    case TraceKind::kVisit:
      return OnVisit(a);
    case TraceKind::kYielded:
      return OnYield(a, where);
    case TraceKind::kTableFreed: {
      const auto pfn = static_cast<Pfn>(a);
      CheckNothingLost(pfn);
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
      PeekTable(static_cast<Pfn>(a), G::kLevels, 0,
                [](Gfn gfn, int /*level*/, const Spte<P>& entry) {
                  if (!entry.present()) return;
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

// L6, S1: what was removed stayed frozen, and what was never used empty, until
// the page goes; anything else was put there by somebody who came too late.
template <Platform P, typename G>
void Machine<P, G>::CheckNothingLost(Pfn pfn) const {
  for (const auto& word : tables_.Peek(pfn)->entries) {
    const Spte<P> entry = word.peek();
    if (entry.raw == 0 || entry.frozen()) continue;
    World::Get().Fail({.kind = entry.present() ? ViolationKind::kLeak : ViolationKind::kAssertion,
                       .invariant = entry.present() ? "L6" : "S1",
                       .what = entry.present()
                                   ? "table page {pfn} is freed with something still mapped in it"
                                   : "an entry of removed table page {pfn} was changed although it "
                                     "was frozen",
                       .pfn = pfn});
  }
}

template <Platform P, typename G>
void Machine<P, G>::OnVisit(Gfn next) {
  if (destroyed_) return;
  const auto& lock = mmu_->state().mmu_lock;
  Progress& mine = progress_[Self()];
  if (next != mine.yielded_at) mine.moved = true;
  if (!lock.HeldBy(static_cast<int>(Self()))) return;  // nobody waits for this walk
  const uint32_t hold = lock.HoldOf(static_cast<int>(Self()));
  if (hold != mine.hold || !lock.contended()) mine.visits = 0;
  mine.hold = hold;
  if (!lock.contended() || may_not_sleep_[Self()]) return;
  if (++mine.visits <= kMaxVisitsWhileOthersWait) return;
  World::Get().Fail({.kind = ViolationKind::kLivelock,
                     .invariant = "P1",
                     .what = "{thread} goes on through {value} entries with the MMU lock held "
                             "while others wait for it, and does not offer to yield",
                     .value = mine.visits});
}

template <Platform P, typename G>
void Machine<P, G>::OnYield(Gfn next, std::source_location where) {
  Progress& mine = progress_[Self()];
  P::Check(!may_not_sleep_[Self()], ViolationKind::kLockDiscipline, "P3",
           "{thread} gives up the MMU lock in a context that must not sleep", where);
  P::Check(!rcu_.held(), ViolationKind::kLockDiscipline, "P3",
           "{thread} gives up the MMU lock inside a read section, which must not sleep", where);
  P::Check(mine.moved || mine.yielded_at != next, ViolationKind::kLivelock, "P1",
           "{thread} yields a second time at the same entry: two such walks never end", where);
  mine.yielded_at = next;
  mine.moved = false;
}

template <Platform P, typename G>
void Machine<P, G>::CheckAtRest() {
  World& world = World::Get();
  rcu_.barrier();  // what `after` has queued: the callback thread is gone
  host_.CheckAtRest();
  if (destroyed_) return;
  auto& state = mmu_->state();
  P::Check(state.invalidation.in_progress() == 0, ViolationKind::kRefcount, "N1",
           "an invalidation is still in progress at rest");

  // N2: what is mapped is what the host maps.
  int64_t leaves = 0;
  ForEachLeaf([&](TdpRoot<P, G>&, Gfn gfn, int, const Spte<P>& leaf) {
    ++leaves;
    if (host_.Maps(gfn, leaf.pfn())) return;
    world.Fail({.kind = ViolationKind::kBadMapping,
                .invariant = "N2",
                .what = "guest frame {gfn} maps to page {pfn}, which the host does not have there",
                .gfn = gfn,
                .pfn = leaf.pfn()});
  });

  // S1, S4, L3: no entry is left frozen, the statistics are a recount, and
  // every table page that is allocated can be reached.
  std::vector<uint32_t> reached(tables_.end(), 0);
  int64_t links = 0;
  mmu_->roots().PeekEach([&](TdpRoot<P, G>& root) {
    ++reached[root.table.peek()];
    PeekTable(root.table.peek(), G::kLevels, 0, [&](Gfn gfn, int, const Spte<P>& entry) {
      if (entry.frozen()) {
        world.Fail({.kind = ViolationKind::kAssertion,
                    .invariant = "S1",
                    .what = "the entry for guest frame {gfn} is left frozen",
                    .gfn = gfn});
      }
      if (entry.table()) {
        ++links;
        ++reached[entry.pfn()];
      }
    });
  });
  P::Check(state.mapped_pages.peek() == leaves, ViolationKind::kRefcount, "S4",
           "the number of mapped pages differs from a recount");
  P::Check(state.table_pages.peek() == links, ViolationKind::kRefcount, "S4",
           "the number of table pages differs from a recount");
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

  // R1, R2: each root has one reference of each vCPU on it and, where it owns
  // its roots, the MMU's; and a role has one valid root.
  std::vector<uint32_t> roles;
  mmu_->roots().PeekEach([&](TdpRoot<P, G>& root) {
    int32_t users = 0;
    for (const auto& seat : seats_) users += seat->vcpu.root == root.slot ? 1 : 0;
    const bool owned = state.variant.last_put_zaps ? root.scheduled.peek()
                                                   : !root.invalid.peek() || root.scheduled.peek();
    if (root.references.peek() != users + (owned ? 1 : 0)) {
      world.Fail({.kind = ViolationKind::kRefcount,
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

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_ORACLES_H_
