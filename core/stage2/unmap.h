// Taking mappings away, under the exclusive lock: nobody else walks, so that
// tables are freed at once (kernel: stage2_unmap_walker, stage2_apply_range,
// kvm_pgtable_stage2_set_owner, kvm_pgtable_stage2_destroy; PROTOCOL 2.6).
#ifndef RACEWALK_CORE_STAGE2_UNMAP_H_
#define RACEWALK_CORE_STAGE2_UNMAP_H_

#include "core/platform/platform.h"
#include "core/stage2/blocks.h"
#include "core/stage2/state.h"
#include "core/stage2/update.h"
#include "core/stage2/walker.h"

namespace racewalk {

// All of these: with the exclusive MMU lock.
template <Platform P, typename G>
class Stage2Unmap {
 public:
  using Context = typename Stage2Walker<P, G>::Context;

  Stage2Unmap(Stage2State<P, G>& state, Stage2Walker<P, G>& walker, Stage2Update<P, G>& update,
              Stage2Blocks<P, G>& blocks)
      : state_(state), walker_(walker), update_(update), blocks_(blocks) {}

  // Unmaps [first, last] and frees the tables that this empties; may give up the
  // lock on the way if `may_yield`. What was given away stays so. Flushed when it returns,
  // and whenever the lock is free.
  void Range(Gfn first, Gfn last, bool may_yield) {
    blocks_.Chunks(first, last, /*shared=*/false, may_yield, [&](Gfn from, Gfn to) {
      bool pages = false;
      walker_.Walk(from, to, kVisitLeaf | kVisitTableAfter, [&](const Context& at, Visit when) {
        if (when == Visit::kTableAfter) {
          RemoveIfEmpty(at);
        } else if (at.old.leaf()) {
          update_.Clear(at);
          // A block may reach beyond the piece.
          if (at.level > 1) update_.FlushEntry(at);
          pages = pages || at.level == 1;
        }
        return WalkResult::kDone;
      });
      // One flush for all pages, before the lock is given up.
      if (pages && P::keeps(point::unmap_flushes)) state_.FlushMany(from, to);
    });
  }

  void Donate(Gfn first, Gfn last) {
    walker_.Walk(first, last, kVisitLeaf, [&](const Context& at, Visit) {
      if (at.level > 1) {
        if (at.old.leaf()) return blocks_.SplitOne(at);
        update_.Link(at);
        return WalkResult::kDone;
      }
      if (update_.TryBreak(at)) update_.Make(at, Pte<P>::Donated());
      return WalkResult::kDone;
    });
  }
  void Reclaim(Gfn first, Gfn last) {
    walker_.Walk(first, last, kVisitLeaf, [&](const Context& at, Visit) {
      if (at.old.donated()) update_.Clear(at);
      return WalkResult::kDone;
    });
  }

  // With the VM: the root too. No vCPU has it loaded.
  void TearDown() {
    walker_.Walk(0, G::kFrames - 1, kVisitLeaf | kVisitTableAfter,
                 [&](const Context& at, Visit when) {
                   if (!at.old.counted()) return WalkResult::kDone;
                   update_.Clear(at);
                   if (when == Visit::kTableAfter) state_.PutLast(at.old.pfn());
                   return WalkResult::kDone;
                 });
    state_.PutLast(state_.root);
  }

 private:
  // No counted entry is left: what remains is the reference of the link.
  void RemoveIfEmpty(const Context& at) {
    const Pfn child = at.old.pfn();
    // relaxed: only holders of the lock change it
    if (state_.tables.At(child).references.load(std::memory_order_relaxed) != 1) return;
    update_.Clear(at);
    // At once: the page goes now, and pointers to it may be cached.
    if (P::keeps(point::unmap_flushes_table)) update_.FlushEntry(at);
    state_.PutLast(child);
  }

  Stage2State<P, G>& state_;
  Stage2Walker<P, G>& walker_;
  Stage2Update<P, G>& update_;
  Stage2Blocks<P, G>& blocks_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_STAGE2_UNMAP_H_
