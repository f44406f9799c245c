// Historical bugs of the arm64 stage-2 MMU.
#include <vector>

#include "core/violation.h"
#include "scenarios/bug_lists.h"
#include "scenarios/bugs.h"

namespace racewalk {

std::vector<Bug> Stage2Bugs() {
  return {
      {.name = "A01",
       .long_name = "LATE_INSTALL_IN_UNLINKED_SUBTREE",
       .title = "KVM: arm64: Tear down unlinked page tables in parallel walk (RFC 09/17, as it was "
                "discussed)",
       .story = "Whoever has taken a subtree out locks the entries in use and leaves empty ones "
                "alone. A walker that is already inside installs a table in one of those, and "
                "nobody ever finds it again.",
       .points = {"lock_covers_empty"},
       .mmu = "stage2",
       .variant = "lock_subtree",
       .scenario = "late_install_vs_collapse",
       .kinds = {ViolationKind::kLeak, ViolationKind::kRefcount, ViolationKind::kUseAfterFree},
       .invariant = "A4"},
      {.name = "A02",
       .long_name = "SUBTREE_FREED_WITHOUT_GRACE_PERIOD",
       .title = "KVM: arm64: Free removed stage-2 tables in RCU callback",
       .story = "A fault takes a table out and frees what was below it at once, with the lock only "
                "shared. Another fault that is still walking there uses freed pages.",
       .points = {"subtree_freed_by_rcu"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "late_install_vs_collapse",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kUseAfterFree, ViolationKind::kDataRace,
                 ViolationKind::kDoubleFree, ViolationKind::kUninitializedRead},
       .invariant = "A4"},
      {.name = "A03",
       .long_name = "FREE_REMOVED_FORGETS_LAST_PUT",
       .title = "KVM: arm64: Drop last page ref in kvm_pgtable_stage2_free_removed()",
       .story =
           "The callback drops a reference for every entry of the removed subtree, and none for "
           "the link that it hung by. One table page is lost with each table that becomes a block.",
       .points = {"subtree_last_put"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "coalesce_vs_coalesce",
       .kinds = {ViolationKind::kLeak},
       .invariant = "L3"},
      {.name = "A04",
       .long_name = "FREE_UNLINKED_DOUBLE_PUT",
       .title = "KVM: arm64: Fix double-free following kvm_pgtable_stage2_free_unlinked()",
       .story = "A split loses the race for its block and frees the table that it has built. The "
                "helper has dropped the last reference already, and the caller drops it once more.",
       .points = {"unused_put_once"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "split_vs_split",
       .kinds = {ViolationKind::kUseAfterFree, ViolationKind::kDoubleFree,
                 ViolationKind::kRefcount},
       .invariant = "L1"},
      {.name = "A05",
       .long_name = "FREE_REMOVED_WRONG_GRANULE",
       .title = "KVM: arm64: Free removed stage-2 tables in RCU callback (v4, found in review)",
       .story = "The subtree is walked by the size of the entries in it and not by that of the "
                "entry that linked it. All but its first part is never visited and leaks.",
       .points = {"subtree_is_whole"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "late_install_vs_collapse",
       .kinds = {ViolationKind::kLeak, ViolationKind::kRefcount},
       .invariant = "A4"},
      {.name = "A07",
       .long_name = "RCU_BARRIER_AFTER_FREE",
       .title = "KVM: arm64: Free removed stage-2 tables in RCU callback (v5, where the barrier "
                "belongs)",
       .story = "The VM tears its tables down and frees itself, and only then waits for the "
                "callbacks. One that runs in between uses what has been freed.",
       .points = {"barrier_before_teardown"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "destroy_vs_collapse_callbacks",
       .kinds = {ViolationKind::kUseAfterFree, ViolationKind::kLeak, ViolationKind::kDoubleFree},
       .invariant = "L1"},
      {.name = "A08",
       .long_name = "RCU_NEVER_UNLOCKED",
       .title = "KVM: arm64: Protect page table traversal with RCU (RFC 04/17, found in review)",
       .story = "The walk returns before it leaves its read section. No grace period ends any "
                "more, and removed tables are never freed.",
       .points = {"walk_ends_section"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "late_install_vs_collapse",
       .kinds = {ViolationKind::kLockDiscipline, ViolationKind::kDeadlock, ViolationKind::kLeak},
       .invariant = "P3"},
      {.name = "A10",
       .long_name = "SHARED_FLAG_ON_EXCLUSIVE_WALK",
       .title = "KVM: arm64: Handle stage-2 faults in parallel (v2, found in review; the dangerous "
                "direction)",
       .story = "A fault changes entries by plain stores although others walk at the same time. Of "
                "two that install at one entry one is lost, with its table.",
       .points = {"shared_walk_compares"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "fault_vs_fault",
       .kinds = {ViolationKind::kLeak, ViolationKind::kRefcount, ViolationKind::kAssertion,
                 ViolationKind::kBreakBeforeMake, ViolationKind::kUseAfterFree,
                 ViolationKind::kBadMapping, ViolationKind::kLivelock},
       .invariant = "A2"},
      {.name = "A11",
       .long_name = "REFCOUNT_ON_VALID_UPDATE",
       .title = "KVM: arm64: Fix memory leak on stage2 update of a valid PTE",
       .story = "A valid entry is replaced by another one. The new one is counted and the old one "
                "is not taken off, so that the table is never empty again and never freed.",
       .points = {"break_puts_leaf"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "split_vs_fault",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kLeak},
       .invariant = "A1"},
      {.name = "A13",
       .long_name = "PERM_FAULT_ENDLESS",
       .title = "KVM: arm64: Add usage of stage 2 fault lookup level in user_mem_abort()",
       .story = "While writes are logged one meets a read-only page. The handler goes by the "
                "logging and maps instead of relaxing, finds the page there already and lets the "
                "guest fault again, for ever.",
       .points = {"relax_by_level"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "permission_after_logging",
       .kinds = {ViolationKind::kLivelock},
       .invariant = "P1"},
      {.name = "A16",
       .long_name = "SEQ_SNAPSHOT_AFTER_MMAP_UNLOCK",
       .title = "KVM: arm64: Retry fault if vma_lookup() results become invalid",
       .story = "A fault asks for the size of the host mapping before it takes its snapshot of the "
                "sequence. The host breaks the huge page in between, and the fault maps a block of "
                "which it has one page.",
       .points = {"snapshot_before_size"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "shrinks_while_faulting",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kBadMapping,
                 ViolationKind::kBreakBeforeMake},
       .invariant = "T1"},
      {.name = "A18",
       .long_name = "RESCHED_IN_NONBLOCKABLE",
       .title = "KVM: arm64: Only reschedule if MMU_NOTIFIER_RANGE_BLOCKABLE is not set",
       .story = "Reclaim calls the notifier from a context that must not sleep. The unmap gives up "
                "the lock on its way all the same.",
       .points = {"unmap_respects_atomic"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "swap_of_many_vs_faults",
       .kinds = {ViolationKind::kLockDiscipline},
       .invariant = "P3"},
      {.name = "A20",
       .long_name = "TLBI_WALKER_SYNC",
       .title = "KVM: arm64: nvhe: Synchronise with page table walker on TLBI",
       .story = "A flush returns while a walk that had begun before is still under way. The walk "
                "then caches what it read from an entry that is gone, or walks on through a table "
                "that is freed.",
       .points = {"flush_waits"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "fault_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree,
                 ViolationKind::kBreakBeforeMake, ViolationKind::kBadMapping},
       .invariant = "T1"},
      {.name = "A24",
       .long_name = "MAKE_WITHOUT_RELEASE",
       .title = "KVM: arm64: stage2_make_pte() and its store-release",
       .story = "A new table is linked by a plain store. A walker that follows the link reads what "
                "was in the page before it was emptied.",
       .points = {"make_publish"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "fault_vs_fault",
       .kinds = {ViolationKind::kDataRace, ViolationKind::kUseAfterFree,
                 ViolationKind::kUninitializedRead, ViolationKind::kBadMapping,
                 ViolationKind::kAssertion},
       .invariant = "L1"},
      {.name = "A25",
       .long_name = "LOCKED_LEFT_BEHIND",
       .title = "KVM: arm64: Tear down unlinked page tables in parallel walk (which entries did I "
                "lock?)",
       .story = "A fault breaks an entry and gives up before it makes it again. The entry stays "
                "locked, and every later fault on it tries again for ever.",
       .points = {"make_follows_break"},
       .mmu = "stage2",
       .variant = "defer_to_callback",
       .scenario = "fault_vs_fault",
       .kinds = {ViolationKind::kLivelock, ViolationKind::kAssertion},
       .invariant = "P1"},
  };
}

}  // namespace racewalk
