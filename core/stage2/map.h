// From what the host has to an entry that lets an access succeed (kernel:
// user_mem_abort, stage2_map_walker, kvm_pgtable_stage2_relax_perms,
// kvm_pgtable_stage2_mkyoung; PROTOCOL 2.5, 2.6).
#ifndef RACEWALK_CORE_STAGE2_MAP_H_
#define RACEWALK_CORE_STAGE2_MAP_H_

#include <algorithm>
#include <optional>
#include <utility>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/stage2/blocks.h"
#include "core/stage2/state.h"
#include "core/stage2/update.h"
#include "core/stage2/walker.h"
#include "core/vm/fault.h"
#include "core/vm/mapping_level.h"

namespace racewalk {

template <Platform P, typename G>
class Stage2Map : private FaultPath<P, Stage2Map<P, G>> {
 public:
  using Slot = MemorySlot<P>;
  using Context = typename Stage2Walker<P, G>::Context;

  Stage2Map(Stage2State<P, G>& state, Stage2Walker<P, G>& walker, Stage2Update<P, G>& update,
            Stage2Blocks<P, G>& blocks)
      : state_(state), walker_(walker), update_(update), blocks_(blocks) {}

  // On the vCPU's own thread, outside of guest mode.
  FaultResult Handle(Vcpu<P>& vcpu, const GuestFault& fault) {
    return this->HandleFault(vcpu, fault);
  }

 private:
  friend class FaultPath<P, Stage2Map>;

  // --- For FaultPath. ---

  std::optional<FaultResult> Early(Vcpu<P>& /*vcpu*/, const Slot& /*slot*/,
                                   const GuestFault& fault) {
    if (!fault.access_flag) return std::nullopt;
    return HandleAccessFault(fault.gfn);
  }
  // Asked for before the page, as the size of a VMA is; so it may be stale.
  int SizeAtLookup(const Slot& slot, Gfn gfn) const {
    return state_.environment.MappingLevel(slot.AddressOf(gfn));
  }
  static bool RootIsStale(const Vcpu<P>& /*vcpu*/) { return false; }
  static bool MarksAtFault() { return true; }

  [[gnu::always_inline]] std::optional<FaultResult> Map(Vcpu<P>& /*vcpu*/, const Slot& slot,
                                                        const GuestFault& fault,
                                                        const FaultPage& found, bool shared) {
    const bool writable = found.page.writable && !state_.tracked.Any(fault.gfn, fault.gfn);
    if (fault.write && !writable) return FaultResult::kEmulate;
    // Where writes are to show, a read maps for reading only.
    const bool grant = writable && (fault.write || !slot.logging());
    const Wish wish{
        .fault = fault,
        .level = GoalLevel(slot, fault.gfn, found.level),
        .leaf = Pte<P>::Leaf(found.page.pfn, grant, MakeGhost<P>(found.page.generation))};
    // By the level at which the hardware was stopped: by anything else, what is
    // relaxed may not be what stopped it, and it would be stopped again for ever.
    const bool relax = fault.present && (P::keeps(point::relax_by_level) ? fault.level == wish.level
                                                                         : !slot.logging());
    const std::optional<FaultResult> result = relax ? Relax(Wish(wish)) : Install(wish, shared);
    // Under the lock that a harvest takes exclusively, so that it sees both or none.
    if (slot.logging() && grant) [[unlikely]] {
      const bool mapped = result == FaultResult::kFixed || result == FaultResult::kSpurious;
      if (mapped && P::keeps(point::map_marks_dirty)) slot.MarkDirty(fault.gfn);
    }
    return result;
  }

  // --- The rest. ---

  enum class Outcome : uint8_t {
    kMissed,   // the walk has not come to where it is to be
    kMapped,   // now
    kKept,     // it was there
    kDonated,  // the frame was given away
    kRelax,    // it was there, and the hardware was stopped by its permissions
  };
  // What a fault is to find when the guest tries again.
  struct Wish {
    const GuestFault& fault;
    int level;
    Pte<P> leaf;  // of the faulting frame itself
    Outcome outcome = Outcome::kMissed;
  };

  // The hardware found everything in order but the access flag.
  [[gnu::noinline]] FaultResult HandleAccessFault(Gfn gfn) {
    bool there = false;
    state_.mmu_lock.lock_shared();
    const WalkResult result = walker_.Walk(
        gfn, gfn, kVisitLeaf | kWalkShared | kWalkForFault, [&](const Context& at, Visit) {
          if (!at.old.leaf()) return WalkResult::kAgain;
          there = at.old.accessed();
          if (!update_.TryAttributes(at, at.old.with(pte_bits::kAccessed))) {
            return WalkResult::kAgain;
          }
          P::Trace(TraceKind::kMapped, gfn);
          return WalkResult::kDone;
        });
    state_.mmu_lock.unlock_shared();
    if (result != WalkResult::kDone) return FaultResult::kRetry;
    return there ? FaultResult::kSpurious : FaultResult::kFixed;
  }

  [[gnu::always_inline]] int GoalLevel(const Slot& slot, Gfn gfn, int host_level) const {
    // The same as by what follows, without it.
    if constexpr (!P::kExplored) {
      if (host_level == 1) [[likely]] {
        return 1;
      }
    }
    if (slot.logging() && P::keeps(point::logging_maps_small)) return 1;
    if (host_level == 1) [[likely]] {
      return 1;
    }
    const int most = std::min(host_level, Stage2State<P, G>::kMaxLeafLevel);
    return LevelThatFits<G>(slot, gfn, most, &state_.tracked);
  }

  [[gnu::noinline]] std::optional<FaultResult> Relax(const Wish& wish) {
    const WalkResult result =
        walker_.Walk(wish.fault.gfn, wish.fault.gfn, kVisitLeaf | kWalkShared | kWalkForFault,
                     [&](const Context& at, Visit) {
                       if (!at.old.leaf()) return WalkResult::kAgain;
                       // What stopped the hardware may be a block by now, of
                       // which this fault may not make all writable.
                       if (at.level != wish.fault.level && P::keeps(point::relax_checks_level)) {
                         return WalkResult::kAgain;
                       }
                       const uint64_t grant = wish.leaf.writable() ? pte_bits::kWrite : 0;
                       return update_.TryAttributes(at, at.old.with(grant | pte_bits::kAccessed))
                                  ? WalkResult::kDone
                                  : WalkResult::kAgain;
                     });
    // Whatever came of it: a permission fault does not drop what it found.
    if (P::keeps(point::relax_flushes)) {
      const Gfn base = G::Align(wish.fault.gfn, wish.level);
      state_.FlushMany(base, base + G::Span(wish.level) - 1);
    }
    if (result != WalkResult::kDone) return FaultResult::kRetry;
    P::Trace(TraceKind::kMapped, wish.fault.gfn);
    return FaultResult::kFixed;
  }

  // Most faults map a page, under the shared lock: for those the level is a
  // constant all the way, and what is wished for is in registers. What is elsewhere
  // gets a copy.
  [[gnu::always_inline]] std::optional<FaultResult> Install(const Wish& wish, bool shared) {
    if (wish.level != 1 || !shared) [[unlikely]] {
      return InstallElsewhere(Wish(wish), shared);
    }
    Wish page{.fault = wish.fault, .level = 1, .leaf = wish.leaf};
    return InstallAt(page, /*shared=*/true);
  }
  [[gnu::cold, gnu::noinline]] std::optional<FaultResult> InstallElsewhere(Wish wish, bool shared) {
    return InstallAt(wish, shared);
  }
  [[gnu::always_inline]] std::optional<FaultResult> InstallAt(Wish& wish, bool shared) {
    const uint32_t flags = kVisitLeaf | kVisitTableBefore | kWalkForFault;
    const Gfn gfn = wish.fault.gfn;
    const WalkResult result =
        shared
            ? walker_.WalkToFrame(gfn, wish.level, flags | kWalkShared,
                                  [&](const Context& at, Visit)
                                      __attribute__((always_inline)) { return Visited(at, wish); })
            : walker_.Walk(gfn, gfn, flags,
                           [&](const Context& at, Visit) { return Visited(at, wish); });
    if (wish.outcome == Outcome::kMapped) [[likely]] {
      return FaultResult::kFixed;
    }
    return NotMapped(Wish(wish), result);
  }
  [[gnu::cold, gnu::noinline]] std::optional<FaultResult> NotMapped(const Wish& wish,
                                                                    WalkResult result) {
    if (result == WalkResult::kExclusive) return std::nullopt;
    switch (wish.outcome) {
      case Outcome::kKept:
        return FaultResult::kSpurious;
      case Outcome::kDonated:
        return FaultResult::kNoMemorySlot;
      case Outcome::kRelax:
        return Relax(wish);
      case Outcome::kMapped:  // not here
      case Outcome::kMissed:
        break;
    }
    // Somebody else was faster, or the path went while it was walked.
    return FaultResult::kRetry;
  }

  [[gnu::always_inline]] WalkResult Visited(const Context& at, Wish& wish) {
    // By copies: an entry that nothing else refers to is in registers.
    // A block would map what was given away.
    if (at.level == wish.level && at.old.table()) [[unlikely]] {
      if (blocks_.HasDonated(Context(at))) {
        --wish.level;
        return WalkResult::kDone;  // not kUntouched: other entries have been loaded since
      }
    }
    if (at.level > wish.level) {
      if (at.old.table()) [[likely]] {
        return WalkResult::kUntouched;
      }
      return update_.Link(Context(at));
    }
    if (at.level < wish.level) return WalkResult::kDone;
    const WalkResult result = AtGoal(at, wish);
    if (result != WalkResult::kDone) return result;
    if (wish.outcome != Outcome::kKept) wish.outcome = Outcome::kMapped;
    P::Trace(TraceKind::kMapped, wish.fault.gfn);
    return result;
  }

  [[gnu::always_inline]] WalkResult AtGoal(const Context& at, Wish& wish) {
    const Pte<P> leaf = wish.leaf.Whole(G::Span(at.level));
    // Most faults find nothing: with that known, nothing is left to decide.
    if (at.old.raw == 0) [[likely]] {
      return blocks_.Put(at, leaf);
    }
    const auto [result, outcome] = AtGoalBeside(Context(at), leaf, Wish(wish));
    wish.outcome = outcome;
    return result;
  }
  // Where something is there already.
  [[gnu::cold, gnu::noinline]] std::pair<WalkResult, Outcome> AtGoalBeside(const Context& at,
                                                                           Pte<P> leaf,
                                                                           const Wish& wish) {
    if (at.old.table()) return {blocks_.Coalesce(at, leaf), wish.outcome};
    if (at.old.leaf() && at.old.pfn() == leaf.pfn()) {
      // Only the permissions differ: that is Relax's business, now if they are what
      // stopped the hardware, else at the next fault.
      const bool kept = at.old.writable() || !wish.fault.write;
      const bool relax = P::keeps(point::relax_by_level) && !kept && wish.fault.present &&
                         wish.fault.level == at.level;
      if (kept) return {WalkResult::kDone, Outcome::kKept};
      return {WalkResult::kAgain, relax ? Outcome::kRelax : wish.outcome};
    }
    if (at.old.donated() && P::keeps(point::map_respects_owner)) {
      return {WalkResult::kAgain, Outcome::kDonated};
    }
    return {blocks_.Put(at, leaf), wish.outcome};
  }

  Stage2State<P, G>& state_;
  // Of references: copies are as good, and nearer.
  Stage2Walker<P, G> walker_;
  Stage2Update<P, G> update_;
  Stage2Blocks<P, G> blocks_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_MAP_H_
