// Historical bugs of notifiers and memory slots.
#include <vector>

#include "core/violation.h"
#include "scenarios/bug_lists.h"
#include "scenarios/bugs.h"

namespace racewalk {

std::vector<Bug> NotifierBugs() {
  return {
      {.name = "N05",
       .long_name = "MEMSLOT_SWAP_BETWEEN_START_AND_END",
       .title = "KVM: Block memslot updates across range_start() and range_end()",
       .story = "A memory slot is added after an invalidation has started, and before it ends. "
                "The end finds a slot that the start did not see, and takes back a count that was "
                "never raised: real invalidations then go unnoticed.",
       .points = {"slots_wait"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "slot_add_vs_unmap",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kBadMapping,
                 ViolationKind::kStaleTranslation},
       .invariant = "N1"},
      {.name = "N06",
       .long_name = "MEMSLOT_WAIT_FAIRNESS",
       .title = "KVM: Block memslot updates across range_start() and range_end() (why it is not a "
                "rwsem)",
       .story = "New invalidations wait for an update of the slots, which waits for those under "
                "way. One of these breaks a huge page, starts an invalidation inside its own, and "
                "all three wait for ever.",
       .points = {"updates_do_not_block"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "slot_add_vs_nested_unmap",
       .kinds = {ViolationKind::kLivelock, ViolationKind::kDeadlock},
       .invariant = "P2"},
      {.name = "N07",
       .long_name = "UNBALANCED_BEGIN_END",
       .title = "KVM: WARN if there are dangling MMU invalidations at VM destruction",
       .story = "What an invalidation is about goes between its start and its end, so the end "
                "takes nothing back and faults are retried for ever. Upstream it was a binding of "
                "guest_memfd that went; here a memory slot stands in for it.",
       .points = {"slots_wait"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "slot_delete_vs_unmap",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kLivelock, ViolationKind::kBadMapping,
                 ViolationKind::kStaleTranslation},
       .invariant = "N1"},
      {.name = "N11",
       .long_name = "MEMSLOT_FLUSH_WITHOUT_SEQ",
       .title = "KVM: PPC: Book3S HV: Close race with page faults around memslot flushes",
       .story = "A fault looks at a memory slot that is on its way out and maps its page after "
                "everything has been unmapped. The mapping stays when the slot is gone, and no "
                "notifier finds it.",
       .points = {"fault_checks_slot"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "slot_delete_vs_fault",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kStaleTranslation,
                 ViolationKind::kUseAfterFree, ViolationKind::kLeak, ViolationKind::kRefcount,
                 ViolationKind::kLivelock},
       .invariant = "R7"},
      {.name = "N16a",
       .long_name = "UNLINK_BEFORE_RELEASE",
       .title = "mm: mmu_notifier: fix freed page still mapped in secondary MMU",
       .story = "The notifier is unlinked before everything it guards has been unmapped. "
                "Reclaim finds nobody to tell, frees a page that the guest's tables still map, "
                "and the late unmapping then marks memory that has a new owner.",
       .points = {"release_before_unlink"},
       .mmu = "tdp",
       .variant = "owned+ad_at_zap",
       .scenario = "destroy_vs_unmap",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kUseAfterFree, ViolationKind::kDataRace,
                 ViolationKind::kLostDirty, ViolationKind::kStaleTranslation},
       .invariant = "N6"},
      {.name = "N16b",
       .long_name = "DOUBLE_UNLINK",
       .title = "mmu_notifier_unregister NULL Pointer deref and multiple ->release() callouts",
       .story = "The exit of the address space and the departure of the VM both take the notifier "
                "off its list, and the second does not look whether it still is on it. Upstream "
                "that is a null pointer.",
       .points = {"unlinked_once"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "exit_mm_vs_unregister",
       .kinds = {ViolationKind::kDoubleFree},
       .invariant = "L4"},
      {.name = "N16c",
       .long_name = "DOUBLE_RELEASE",
       .title = "mmu_notifier_unregister NULL Pointer deref and multiple ->release() callouts",
       .story = "Exit of the address space and unregistering call the release hook at once. The "
                "hook tears down what only one may tear down, here the roots, and each of the two "
                "puts their last reference.",
       .points = {"release_is_idempotent"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "exit_mm_vs_unregister",
       .kinds = {ViolationKind::kDataRace, ViolationKind::kRefcount, ViolationKind::kUseAfterFree,
                 ViolationKind::kDoubleFree, ViolationKind::kRootLifecycle, ViolationKind::kLeak},
       .invariant = "R6"},
      {.name = "N20",
       .long_name = "FAULTIN_FALSE_SUCCESS",
       .title = "KVM: s390: Fix fault-in code",
       .story = "The check under the lock says that the page may be gone, and the fault leaves "
                "with the success that it had been initialised with. Nothing is mapped, and the "
                "caller believes it is.",
       .points = {"retry_is_no_success"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_unmap",
       .kinds = {ViolationKind::kAssertion},
       .invariant = "N7"},
      {.name = "N27a",
       .long_name = "SEQ_READ_AFTER_LOOKUP",
       .title = "(no commit) negation of the read order that kvm_host.h asks for",
       .story = "A fault reads the sequence count without ordering it before its look-up of "
                "the host page. It pairs a new count with an old page, passes the check under "
                "the lock, and maps a page that the host has taken back.",
       .points = {"seq_read_before_pfn"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_unmap_reuse",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kBadMapping,
                 ViolationKind::kDataRace, ViolationKind::kUseAfterFree},
       .invariant = "N2"},
      {.name = "N15",
       .long_name = "PFN_WITHOUT_STRUCT_PAGE",
       .title = "mmu notifier #v14 (review by Anthony Liguori, 2008)",
       .story = "An entry maps a device's memory, which has no struct page of its own. The unmap "
                "puts the page as if the entry held a reference, and frees memory that the driver "
                "still owns.",
       .points = {"unpin_needs_count"},
       .mmu = "tdp",
       .variant = "owned+v14",
       .scenario = "v14_device_vs_unmap",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kUseAfterFree,
                 ViolationKind::kDoubleFree},
       .invariant = "L4"},
      {.name = "N18",
       .long_name = "DESTROY_INSIDE_RELEASE",
       .title = "mmu notifier #v14: destruction of the VM moved into the release hook",
       .story = "The end of the address space calls the notifier's release hook, which takes the "
                "VM apart. Somebody who still has the VM's descriptor is reading the memory slots "
                "at that moment.",
       .points = {"hook_waits_for_readers"},
       .mmu = "tdp",
       .variant = "owned+v14",
       .scenario = "v14_exit_mm_vs_vmm",
       .kinds = {ViolationKind::kUseAfterFree, ViolationKind::kDataRace},
       .invariant = "L1"},
      {.name = "N19a",
       .long_name = "STASH_SNAPSHOT_AFTER_LOOKUP",
       .title = "mmu notifier #v14: mmu_guess_page_from_pte_write stashes a page and its sequence",
       .story = "The sequence goes into the vCPU's stash with the page, but it was read after the "
                "page had been looked up. An invalidation between the two goes unnoticed.",
       .points = {"snapshot_before_lookup"},
       .mmu = "tdp",
       .variant = "owned+v14",
       .scenario = "v14_prefetch_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree},
       .invariant = "N2"},
      {.name = "N19b",
       .long_name = "STASH_USED_UNCHECKED",
       .title = "mmu notifier #v14: mmu_guess_page_from_pte_write stashes a page and its sequence",
       .story = "The page in the vCPU's stash is mapped without comparing the sequence that was "
                "stored with it. The host has taken the page back in between.",
       .points = {"guess_is_checked"},
       .mmu = "tdp",
       .variant = "owned+v14",
       .scenario = "v14_prefetch_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree,
                 ViolationKind::kBadMapping},
       .invariant = "N2"},
      {.name = "N19c",
       .long_name = "STASH_NOT_CLEARED",
       .title = "mmu notifier #v14: BUG_ON(!is_error_pfn(vcpu->arch.update_pte.pfn))",
       .story = "A guess is not used, because an invalidation has come between, and stays in the "
                "vCPU's stash. The next guess finds it there.",
       .points = {"stash_emptied"},
       .mmu = "tdp",
       .variant = "owned+v14",
       .scenario = "v14_prefetch_vs_unmap",
       .kinds = {ViolationKind::kAssertion, ViolationKind::kRefcount, ViolationKind::kLeak},
       .invariant = "N2"},
      {.name = "N19d",
       .long_name = "STASH_WITHOUT_LOCK",
       .title = "mmu notifier #v14: a function that takes a lock on exit",
       .story = "The guess returns without the lock where the host has no page. Its caller gives "
                "up a lock that it does not have.",
       .points = {"guess_always_locks"},
       .mmu = "tdp",
       .variant = "owned+v14",
       .scenario = "v14_prefetch_vs_unmap",
       .kinds = {ViolationKind::kLockDiscipline, ViolationKind::kDataRace},
       .invariant = "P3"},
  };
}

}  // namespace racewalk
