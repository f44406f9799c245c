// Page faults, as far as all MMUs agree: from a guest access that failed to
// the moment when it may be mapped (KVM: kvm_tdp_page_fault, user_mem_abort;
// PROTOCOL 1.5, 2.5, 3.2).
#ifndef RACEWALK_CORE_VM_FAULT_H_
#define RACEWALK_CORE_VM_FAULT_H_

#include <optional>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/vm/state.h"

namespace racewalk {

// What the host has for a fault.
struct FaultPage {
  HostPage page;
  int level = 1;  // of the host's mapping when it was asked for, if the MMU wants to know so early
};

// Mapper derives from it, so that a fault has one pointer to begin with. It is what
// differs between MMUs; `state_` is theirs, and in a section of the slots:
//   optional<FaultResult> Early(vcpu, slot, fault)        what needs no page of the host; if
//                                                         nothing, it takes more than that
//   int SizeAtLookup(slot, gfn)                           the level of the host's mapping, asked
//                                                         for before the page
//   bool RootIsStale(vcpu)                                with the MMU lock
//   optional<FaultResult> Map(vcpu, slot, fault, found, shared)  with the MMU lock; nothing: it
//                                                         takes the exclusive one
//   bool MarksAtFault()                                   the host learns of writes when a page is
//                                                         made writable
template <Platform P, typename Mapper>
class FaultPath {
 protected:
  using Slot = MemorySlot<P>;

  // On the vCPU's own thread, outside of guest mode, with a root loaded.
  FaultResult HandleFault(Vcpu<P>& vcpu, const GuestFault& fault) {
    // Handed on: the mapper's own would be loaded again after each acquire.
    VmState<P>& state = self().state_;
    state.slots.BeginReading();
    const FaultResult result = HandleInSection(state, vcpu, fault);
    state.slots.EndReading();
    return result;
  }

 private:
  [[gnu::always_inline]] FaultResult HandleInSection(VmState<P>& state, Vcpu<P>& vcpu,
                                                     const GuestFault& fault) {
    const Slot* slot = state.slots.Find(fault.gfn);
    while (slot != nullptr && slot->invalid && P::keeps(point::fault_checks_slot)) [[unlikely]] {
      // Outside of the section the slot may go; inside, that waits for us.
      if (!fault.prefetch || P::keeps(point::prefetch_gives_up)) return FaultResult::kRetry;
      P::Pause();
      slot = state.slots.Find(fault.gfn);
    }
    if (slot == nullptr) [[unlikely]] {
      return FaultResult::kNoMemorySlot;
    }
    const std::optional<FaultResult> fast = self().Early(vcpu, *slot, fault);
    if (fast.has_value()) return *fast;
    if (fault.prefetch && state.v14()) [[unlikely]] {
      return MapAhead(vcpu, *slot, fault);
    }
    return HandleLocked(state, vcpu, *slot, fault);
  }

  [[gnu::always_inline]] FaultResult HandleLocked(VmState<P>& state, Vcpu<P>& vcpu,
                                                  const Slot& slot, const GuestFault& fault) {
    // The snapshot comes before the host is asked: an invalidation that ends
    // in between must be noticed.
    uint64_t snapshot = 0;
    FaultPage found;
    const bool before_size = P::keeps(point::snapshot_before_size);
    if (!before_size) found.level = self().SizeAtLookup(slot, fault.gfn);
    const bool in_order = P::keeps(point::snapshot_before_lookup);
    if (in_order) snapshot = state.invalidation.Snapshot();
    if (before_size) found.level = self().SizeAtLookup(slot, fault.gfn);
    found.page = state.environment.FaultIn(slot.AddressOf(fault.gfn), fault.write);
    if (found.page.pfn == kNoPfn) [[unlikely]] {
      return FaultResult::kNoMemory;
    }
    if (!in_order) snapshot = state.invalidation.Snapshot();

    const std::optional<FaultResult> result =
        MapLocked(state, vcpu, slot, fault, found, snapshot, true);
    if (result.has_value()) [[likely]] {
      return *result;
    }
    // By a copy: a page that nothing else refers to is in registers.
    return MapExclusive(vcpu, slot, fault, FaultPage(found), snapshot);
  }
  [[gnu::cold, gnu::noinline]] FaultResult MapExclusive(Vcpu<P>& vcpu, const Slot& slot,
                                                        const GuestFault& fault,
                                                        const FaultPage& found, uint64_t snapshot) {
    return *MapLocked(state(), vcpu, slot, fault, found, snapshot, /*shared=*/false);
  }

  [[gnu::always_inline]] std::optional<FaultResult> MapLocked(VmState<P>& state, Vcpu<P>& vcpu,
                                                              const Slot& slot,
                                                              const GuestFault& fault,
                                                              const FaultPage& found,
                                                              uint64_t snapshot, bool shared) {
    state.Lock(shared);
    std::optional<FaultResult> result = FaultResult::kFixed;
    // What the fault has looked up may have been taken back since, or its root
    // has been given up.
    if (!self().RootIsStale(vcpu) && !state.MustRetry(snapshot, fault.gfn)) [[likely]] {
      result = self().Map(vcpu, slot, fault, found, shared);
    } else if (P::keeps(point::retry_is_no_success)) {
      result = FaultResult::kRetry;
    }
    // Under the lock: after it, the notifier may let the host write the page
    // back and free it, and a mark would come too late.
    const bool in_time = P::keeps(point::release_under_lock);
    if (result.has_value() && in_time) Release(state, found.page, *result);
    state.Unlock(shared);
    if (result.has_value() && !in_time) Release(state, found.page, *result);
    return result;
  }

  // --- v14: mapping ahead by a guess (kernel of 2008: mmu_guess_page_from_pte_write
  // and mmu_pte_write_new_pte; PROTOCOL 3.3). The lock is taken by the one function
  // and given up after the other, with the page in the vCPU's stash between them. ---

  [[gnu::cold, gnu::noinline]] FaultResult MapAhead(Vcpu<P>& vcpu, const Slot& slot,
                                                    const GuestFault& fault) {
    Guess(vcpu, slot, fault.gfn);
    const std::optional<PageStash> guess = vcpu.stash;
    const FaultResult result = UseGuess(vcpu, slot, fault);
    // As in MapLocked.
    const bool in_time = P::keeps(point::release_under_lock);
    if (guess.has_value() && in_time) DropGuess(vcpu, *guess, result);
    state().Unlock(/*shared=*/true);
    if (guess.has_value() && !in_time) DropGuess(vcpu, *guess, result);
    return result;
  }

  // Returns with the MMU lock, whether or not the stash has something now.
  void Guess(Vcpu<P>& vcpu, const Slot& slot, Gfn gfn) {
    PageStash guess{.gfn = gfn, .page = {}, .sequence = 0};
    const bool in_order = P::keeps(point::snapshot_before_lookup);
    if (in_order) guess.sequence = state().invalidation.Snapshot();
    guess.page = state().environment.FaultIn(slot.AddressOf(gfn), /*write=*/false);
    if (!in_order) guess.sequence = state().invalidation.Snapshot();
    const bool found = guess.page.pfn != kNoPfn;
    if (found || P::keeps(point::guess_always_locks)) state().Lock(/*shared=*/true);
    if (!found) return;
    P::Check(!vcpu.stash.has_value(), ViolationKind::kAssertion, "N2",
             "{thread} guesses a page before its last guess has been used");
    vcpu.stash = guess;
  }

  FaultResult UseGuess(Vcpu<P>& vcpu, const Slot& slot, const GuestFault& fault) {
    if (!vcpu.stash.has_value()) return FaultResult::kNoMemory;
    const PageStash& guess = *vcpu.stash;
    const bool stale = self().RootIsStale(vcpu) || (P::keeps(point::guess_is_checked) &&
                                                    state().MustRetry(guess.sequence, guess.gfn));
    if (stale) return FaultResult::kRetry;
    const FaultPage found{.page = guess.page, .level = 1};
    return self().Map(vcpu, slot, fault, found, /*shared=*/true).value_or(FaultResult::kRetry);
  }

  // Used or not: the next guess finds the stash empty.
  void DropGuess(Vcpu<P>& vcpu, const PageStash& guess, FaultResult result) {
    if (result == FaultResult::kRetry && !P::keeps(point::stash_emptied)) return;
    Release(state(), guess.page, result);
    vcpu.stash.reset();
  }

  void Release(VmState<P>& state, const HostPage& page, FaultResult result) {
    const bool mapped = result == FaultResult::kFixed || result == FaultResult::kSpurious;
    state.ReleasePage(page, mapped && page.writable && self().MarksAtFault());
  }

  Mapper& self() { return static_cast<Mapper&>(*this); }
  VmState<P>& state() { return self().state_; }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_FAULT_H_
