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
  };
}

}  // namespace racewalk
