// The faults that need no lock: an entry that only lost its write access to
// logging, or all access to ageing, gets it back (KVM: fast_page_fault).
#ifndef RACEWALK_CORE_TDP_FAST_FAULT_H_
#define RACEWALK_CORE_TDP_FAST_FAULT_H_

#include <optional>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/tdp/iterator.h"
#include "core/tdp/roots.h"
#include "core/tdp/state.h"

namespace racewalk {

template <Platform P, typename G>
class TdpFastFault {
 public:
  TdpFastFault(TdpState<P, G>& state, TdpRoots<P, G>& roots) : state_(state), roots_(roots) {}

  // On the vCPU's own thread, in a section of the slots; nothing if the fault
  // takes more than this.
  std::optional<FaultResult> Handle(Vcpu<P>& vcpu, const MemorySlot<P>& slot,
                                    const GuestFault& fault) {
    // Without A/D bits any fault may be one of ageing's making.
    if (state_.options.ad_bits && !(fault.present && fault.write)) [[likely]] {
      return std::nullopt;
    }
    return Try(vcpu, slot, fault);
  }

 private:
  static constexpr int kAttempts = 4;

  [[gnu::noinline]] std::optional<FaultResult> Try(Vcpu<P>& vcpu, const MemorySlot<P>& slot,
                                                   const GuestFault& fault) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      std::optional<FaultResult> result;
      bool lost = false;
      state_.rcu.read_lock();
      TdpIterator<P, G> iter(state_.tables, state_.rcu, roots_.At(vcpu.root).table.load(), 1,
                             fault.gfn, fault.gfn + 1);
      while (iter.valid() && !iter.old.leaf()) iter.Next();
      if (iter.valid()) result = Fix(iter, slot, fault, lost);
      state_.rcu.read_unlock();
      if (!lost) return result;
      P::Pause();
    }
    return std::nullopt;
  }

  std::optional<FaultResult> Fix(TdpIterator<P, G>& iter, const MemorySlot<P>& slot,
                                 const GuestFault& fault, bool& lost) {
    const Spte<P> before = iter.old;
    const bool writes = fault.write && !before.writable();
    if (!before.tracked() && !writes) return Done(fault, FaultResult::kSpurious);
    Spte<P> desired = before.tracked() ? before.Restore() : before;
    if (writes) {
      if (!before.mmu_writable()) return std::nullopt;
      // A block would be written as a whole.
      if (iter.level > 1 && slot.logging() && P::keeps(point::fast_fault_spares_blocks)) {
        return std::nullopt;
      }
      desired = desired.with(spte_bits::kWrite);
    }
    const bool marks = writes && slot.logging() && P::keeps(point::fast_fault_marks);
    const bool marks_last = P::keeps(point::fast_fault_marks_last);
    if (marks && !marks_last) slot.MarkDirty(fault.gfn);
    // relaxed: the same page by the same entry; what follows the table is known
    lost = !iter.word().compare_exchange(iter.old, desired, std::memory_order_relaxed);
    if (lost) return std::nullopt;
    // After the change: a harvest that takes the mark then finds the entry writable.
    if (marks && marks_last) slot.MarkDirty(fault.gfn);
    return Done(fault, FaultResult::kFixed);
  }

  static FaultResult Done(const GuestFault& fault, FaultResult result) {
    P::Trace(TraceKind::kMapped, fault.gfn);
    return result;
  }

  TdpState<P, G>& state_;
  TdpRoots<P, G>& roots_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_FAST_FAULT_H_
