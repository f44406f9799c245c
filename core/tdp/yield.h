// How a long walk lets others have the MMU lock.
#ifndef RACEWALK_CORE_TDP_YIELD_H_
#define RACEWALK_CORE_TDP_YIELD_H_

#include "core/platform/platform.h"
#include "core/tdp/iterator.h"
#include "core/tdp/state.h"

namespace racewalk {

// Gives up the locks if somebody wants them and the walk has come further
// since it did so last; true if it did, and then the entry must be left alone.
// A flush that is owed is paid before. Inside a read section, with the MMU lock
// held as `shared` says, and again when it returns.
template <Platform P, typename G>
bool MaybeYield(TdpState<P, G>& state, TdpIterator<P, G>& iter, bool& flush, bool shared,
                point where) {
  if (!iter.HasProgressed() && P::keeps(point::yield_needs_progress)) return false;
  if (!P::ShouldYield(state.mmu_lock, where)) return false;
  // What was unmapped must be gone everywhere before others see the lock free.
  if (flush && P::keeps(point::flush_before_yield)) {
    state.FlushRemoteTlbs();
    flush = false;
  }
  state.rcu.read_unlock();
  state.Unlock(shared);
  P::Trace(TraceKind::kYielded, iter.next_gfn());
  state.Lock(shared);
  state.rcu.read_lock();
  iter.yielded = true;
  return true;
}

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_YIELD_H_
