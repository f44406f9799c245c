// What the parts of one VM's stage-2 MMU share beside what those of any do.
#ifndef RACEWALK_CORE_STAGE2_STATE_H_
#define RACEWALK_CORE_STAGE2_STATE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/platform/platform.h"
#include "core/stage2/table.h"
#include "core/vcpu/vcpu.h"
#include "core/vm/state.h"

namespace racewalk {

// What becomes of a subtree that was taken out under the shared lock; the
// designs of the debate of 2022, see core/stage2/README.md.
enum class SubtreeDesign : uint8_t {
  kDeferToCallback,  // left alone until its grace period has ended
  kLockSubtree,      // every entry of it is locked by whoever took it out
  kRwlock,           // taken out under the exclusive lock only: no RCU
};

struct Stage2Variant {
  SubtreeDesign design = SubtreeDesign::kDeferToCallback;
  bool bbm2 = false;  // FEAT_BBM level 2: block and table change places without a break
  NotifierDesign notifier = NotifierDesign::kCurrent;
};

// What the processors offer and what the hypervisor was told to do.
struct Stage2Options {
  bool hardware_af = true;   // the processors set the access flag (FEAT_HAFDBS)
  bool eager_split = true;   // blocks are split when logging begins, not by the first write
  bool range_flush = false;  // FEAT_TLBIRANGE; without it many pages are flushed by the whole VM
};

template <Platform P, typename G>
struct Stage2State : VmState<P> {
  // Blocks are mapped below the root only.
  static constexpr int kMaxLeafLevel = G::kLevels - 1;
  // Long operations offer to yield between pieces of this size, the largest block
  // (stage2_apply_range).
  static constexpr Gfn kChunk = G::Span(G::kLevels - 1);

  Stage2State(typename P::Environment& env, Stage2Tables<P, G>& pool, typename P::Rcu& domain,
              std::vector<Vcpu<P>*> cpus, Stage2Variant v, Stage2Options o)
      : VmState<P>(env, domain, std::move(cpus), v.notifier), tables(pool), variant(v), options(o) {
    root = NewTable(G::kLevels, 0);
  }

  Stage2Tables<P, G>& tables;
  const Stage2Variant variant;
  const Stage2Options options;
  Pfn root = kNoPfn;  // from the beginning to the end of the VM

  // An empty table, known to nobody, with the reference of whoever will link it.
  Pfn NewTable(int level, Gfn base) {
    const Pfn pfn = tables.Allocate(level, base, this);
    tables.At(pfn).references.initialize(1);
    return pfn;
  }

  // No reference of its own guards the page: the caller has one that outlives
  // this, or the lock.
  void Get(Pfn table, int32_t count = 1) { Get(tables.At(table), count); }
  void Get(Stage2Table<P, G>& table, int32_t count = 1) {
    // relaxed: whoever puts the last one is ordered after all by RCU or the lock
    table.references.fetch_add(count, std::memory_order_relaxed);
  }
  // Says whether that was the last one.
  bool Put(Pfn table) {
    // relaxed: as above
    const int32_t before = tables.At(table).references.fetch_add(-1, std::memory_order_relaxed);
    P::Check(before > 0, ViolationKind::kRefcount, "A1",
             "{thread} drops a reference to a table page that has none left");
    return before == 1;
  }
  // The last reference to an emptied table, which nobody can reach: frees it.
  void PutLast(Pfn table) {
    const bool last = Put(table);
    P::Check(last, ViolationKind::kRefcount, "A4",
             "a table page is let go while something still refers to it");
    tables.Free(table);
  }

  // Returns when no vCPU can use what was cached for [first, last] before,
  // pointers to tables included. The hardware broadcasts it: no interrupt.
  void Flush(Gfn first, Gfn last) {
    Flush(first, last, first == last ? FlushScope::kPage : FlushScope::kRange);
  }
  void FlushVm() { Flush(0, G::kFrames - 1, FlushScope::kVm); }
  void Flush(Gfn first, Gfn last, FlushScope scope) {
    P::Trace(TraceKind::kFlush, static_cast<uint64_t>(scope));
    const bool wait_for_walks = P::keeps(point::flush_waits);
    for (Vcpu<P>* vcpu : this->vcpus) {
      this->environment.FlushRange(vcpu->index(), first, last, wait_for_walks);
    }
  }
  // Many pages at once.
  void FlushMany(Gfn first, Gfn last) {
    if (options.range_flush || first == last) return Flush(first, last);
    FlushVm();
  }
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_STATE_H_
