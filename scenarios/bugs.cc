#include "scenarios/bugs.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "core/violation.h"
#include "scenarios/nearest.h"
#include "scenarios/page_cache_bugs.h"

namespace racewalk {

namespace {

std::vector<Bug> MmuBugs() {
  return {
      {.name = "A07",
       .long_name = "RCU_BARRIER_AFTER_FREE",
       .title = "RCU-free stage 2 removed tables, series v5 (the barrier's place, as it would be "
                "on x86)",
       .story = "The VM is destroyed while callbacks that free its table pages are still "
                "pending. A callback then reads the VM structure to do its accounting, after "
                "the structure has been freed.",
       .points = {"destroy_waits"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "destroy_vs_callbacks",
       .kinds = {ViolationKind::kUseAfterFree, ViolationKind::kLeak},
       .invariant = "L7"},
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
      {.name = "X01",
       .long_name = "STALE_ROOT_NOT_CHECKED",
       .title = "KVM: x86/mmu: Retry page fault if root is invalidated by memslot update",
       .story = "A fault checks the notifier's count but not whether its root has been given "
                "up since. It maps a page in a root that has already been zapped, where nobody "
                "will ever unmap it.",
       .points = {"fault_checks_root"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_zap_all",
       .kinds = {ViolationKind::kRootLifecycle, ViolationKind::kLeak,
                 ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree,
                 ViolationKind::kBadMapping},
       .invariant = "R5"},
      {.name = "X05",
       .long_name = "NOTIFIER_SKIPS_INVALID_ROOT",
       .title = "KVM: x86/mmu: Zap _all_ roots when unmapping gfn range in TDP MMU",
       .story = "An unmap by the host passes over roots that are invalid, although the zap of "
                "such a root may have yielded half-way. The pages go back to the host while "
                "the root still maps them.",
       .points = {"unmap_all_roots"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "zap_all_vs_unmap",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kUseAfterFree, ViolationKind::kDataRace,
                 ViolationKind::kStaleTranslation},
       .invariant = "R4"},
      {.name = "X06",
       .long_name = "ADVANCE_AFTER_YIELD",
       .title = "KVM: x86/mmu: Don't advance iterator after restart due to yielding",
       .story = "A walk that has yielded starts again at the same entry and then advances "
                "before it has looked at it. The entry, at the top level a whole subtree, is "
                "never zapped.",
       .points = {"restart_does_not_advance"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "zap_all_vs_unmap",
       .kinds = {ViolationKind::kRootLifecycle, ViolationKind::kBadMapping, ViolationKind::kLeak,
                 ViolationKind::kUseAfterFree, ViolationKind::kStaleTranslation},
       .invariant = "R6"},
      {.name = "X07",
       .long_name = "YIELD_WITHOUT_PROGRESS",
       .title = "KVM: x86/mmu: Ensure forward progress when yielding in TDP MMU iter",
       .story = "A walk may yield again before it has handled an entry. Two walks that each "
                "see the lock contended by the other yield for ever.",
       .points = {"yield_needs_progress"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "zap_all_vs_unmap",
       .kinds = {ViolationKind::kLivelock},
       .invariant = "P1"},
      {.name = "X08",
       .long_name = "FLUSH_LOST_ON_YIELD",
       .title = "KVM: x86/mmu: Ensure TLBs are flushed when yielding during GFN range zap",
       .story = "A zap gives up the lock with a flush still owed. Whoever takes the lock "
                "relies on translations being gone that vCPUs still have in their TLBs.",
       .points = {"flush_before_yield"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "collapse_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree},
       .invariant = "T1"},
      {.name = "X09",
       .long_name = "FLUSH_OVERWRITTEN",
       .title = "KVM: x86/mmu: preserve pending TLB flush across calls to kvm_tdp_mmu_zap_sp",
       .story = "A flush is owed for one root, and the zap of the next one, which has nothing to "
                "flush, says that none is. vCPUs go on using translations that are gone.",
       .points = {"flush_carried"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "two_roles",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree,
                 ViolationKind::kBadMapping},
       .invariant = "T1"},
      {.name = "X11",
       .long_name = "TABLE_FREED_BEFORE_FLUSH",
       .title = "KVM: x86/mmu: Flush TLBs before zap_gfn_range releases RCU",
       .story = "A zap unlinks a table page and leaves its read section while the flush is "
                "still owed, so the grace period may end first. A vCPU whose paging-structure "
                "cache knows the page goes on to translate through memory that has a new owner.",
       .points = {"flush_in_read_section"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_collapse",
       .kinds = {ViolationKind::kUseAfterFree, ViolationKind::kStaleTranslation},
       .invariant = "T2"},
      {.name = "X12",
       .long_name = "CALLER_OWES_FLUSH",
       .title = "KVM: x86/mmu: Zap only TDP MMU leafs in zap range and mmu_notifier unmap "
                "(reverted)",
       .story = "Zaps of invalid roots leave the flush to whoever loads the next root. One load "
                "skips it, the new root has the address of the old one, and the vCPU translates "
                "by what it had cached for that.",
       .points = {"load_root_flushes"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_zap_all",
       .kinds = {ViolationKind::kUseAfterFree, ViolationKind::kStaleTranslation,
                 ViolationKind::kBadMapping},
       .invariant = "T1"},
      {.name = "X13",
       .long_name = "PLAIN_WRITE_OF_VOLATILE_SPTE",
       .title = "KVM: x86/mmu: Use atomic XCHG to write TDP MMU SPTEs with volatile bits",
       .story = "An entry is read and then overwritten in two steps, and the processor sets "
                "the dirty bit in between. The host never learns that the page was written and "
                "drops what the guest stored there.",
       .points = {"leaf_zap_exchange"},
       .mmu = "tdp",
       .variant = "owned+ad_at_zap",
       .scenario = "fault_vs_swap",
       .kinds = {ViolationKind::kLostDirty},
       .invariant = "S5"},
      {.name = "X15",
       .long_name = "NO_FLUSH_WHEN_LOGGING_ENABLED",
       .title = "KVM: x86/mmu: Always flush TLBs when enabling dirty logging",
       .story = "Ageing has taken write access out of the entries without a flush, so the pass "
                "that protects the slot finds nothing to do and none is flushed. A vCPU writes on "
                "through its TLB, and the migration loses the write.",
       .points = {"logging_flushes"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "log_on_vs_age",
       .kinds = {ViolationKind::kLostDirty},
       .invariant = "D1"},
      {.name = "X16",
       .long_name = "CLEAR_DIRTY_ON_NONPRESENT",
       .title = "KVM: x86/mmu: Check for present SPTE when clearing dirty bit in TDP MMU",
       .story = "A pass that clears dirty bits does not look whether an entry maps a page. It "
                "changes one that another thread has frozen, which then no longer looks frozen.",
       .points = {"clear_checks_present"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "log_on_vs_root_put",
       .kinds = {ViolationKind::kAssertion, ViolationKind::kLeak, ViolationKind::kRefcount},
       .invariant = "S1"},
      {.name = "X17",
       .long_name = "MAP_ATTEMPT_ON_FROZEN",
       .title = "KVM: x86/mmu: Don't attempt to map leaf if target TDP MMU SPTE is frozen",
       .story = "A fault tries to install into an entry that another thread has frozen and is "
                "about to overwrite. The new mapping would be live before the old one has been "
                "flushed, and then be lost.",
       .points = {"map_avoids_frozen"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_collapse",
       .kinds = {ViolationKind::kAssertion, ViolationKind::kLeak, ViolationKind::kStaleTranslation},
       .invariant = "S1"},
      {.name = "X18",
       .long_name = "MAP_AT_WRONG_LEVEL",
       .title = "KVM: x86/mmu: Map TDP MMU leaf SPTE iff target level is reached",
       .story = "The path of a fault is taken away while it is walked, and the fault maps its "
                "page where it happens to stand. A small page is then found where a large one or "
                "a table is expected.",
       .points = {"map_at_goal"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_collapse",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kAssertion, ViolationKind::kLeak,
                 ViolationKind::kUseAfterFree, ViolationKind::kStaleTranslation,
                 ViolationKind::kRefcount},
       .invariant = "S3"},
      {.name = "X23a",
       .long_name = "ZAP_AT_ZERO_AND_YIELD",
       .title = "KVM: x86/mmu: Allow yielding when zapping GFNs for defunct TDP MMU root",
       .story = "Whoever drops the last reference zaps the root while its count is zero, and "
                "yields. A notifier cannot take a reference to it meanwhile, skips it, and the "
                "host frees pages that it still maps.",
       .points = {"put_revives"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "root_put_vs_unmap",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kUseAfterFree,
                 ViolationKind::kStaleTranslation, ViolationKind::kDataRace},
       .invariant = "R4"},
      {.name = "X23b",
       .long_name = "DEC_NOT_ONE",
       .title =
           "KVM: x86/mmu: Allow yielding when zapping GFNs for defunct TDP MMU root (turned down)",
       .story = "The only reference is not dropped but kept through the zap, and the count set "
                "to zero at the end. Somebody who took a reference in between holds it to a "
                "root that has been freed.",
       .points = {"put_drops_its_own"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "root_put_vs_collapse",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kUseAfterFree, ViolationKind::kDoubleFree,
                 ViolationKind::kRootLifecycle, ViolationKind::kDataRace},
       .invariant = "R1"},
      {.name = "X23c",
       .long_name = "FORCE_REFCOUNT_ZERO",
       .title =
           "KVM: x86/mmu: Allow yielding when zapping GFNs for defunct TDP MMU root (turned down)",
       .story = "After the zap the count is set to zero instead of being dropped. An iterator "
                "that took a reference while the zap had yielded drops it from zero, or uses a "
                "freed root.",
       .points = {"put_drops_again"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "root_put_vs_unmap",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kUseAfterFree, ViolationKind::kDoubleFree,
                 ViolationKind::kRootLifecycle, ViolationKind::kDataRace},
       .invariant = "R1"},
      {.name = "X23d",
       .long_name = "PLAIN_INVALID_FLAG",
       .title = "KVM: x86/mmu: Allow yielding when zapping GFNs for defunct TDP MMU root (no "
                "atomic xchg)",
       .story =
           "The invalid flag is looked at before the zap and set after it, in two steps. "
           "Until then, here as long as the zap takes, vCPUs take the root for valid and use it, "
           "and two threads may each "
           "find that they are to zap and free it.",
       .points = {"invalid_set_first"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "root_put_vs_put",
       .kinds = {ViolationKind::kRootLifecycle, ViolationKind::kDoubleFree,
                 ViolationKind::kUseAfterFree, ViolationKind::kLeak, ViolationKind::kRefcount,
                 ViolationKind::kLivelock, ViolationKind::kDataRace},
       .invariant = "R6"},
      {.name = "X23e",
       .long_name = "REZAP_LOOP",
       .title =
           "KVM: x86/mmu: Allow yielding when zapping GFNs for defunct TDP MMU root (no way out)",
       .story = "A root that is already invalid is revived and zapped again by whoever drops "
                "its last reference. Dropping the reference of that zap starts the next one, "
                "without end.",
       .points = {"put_stops_when_invalid"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "root_put_vs_put",
       .kinds = {ViolationKind::kLivelock},
       .invariant = "P1"},
      {.name = "X24",
       .long_name = "REF_TO_INVALID_ROOT",
       .title = "KVM: x86/mmu: Do not allow readers to acquire references to invalid roots",
       .story = "A walk over the list of roots takes a reference to a root whose count has "
                "already reached zero. The root is freed under it by the callback that is on "
                "its way.",
       .points = {"get_unless_zero"},
       .mmu = "tdp",
       .variant = "last_put_zaps",
       .scenario = "root_put_vs_collapse",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kUseAfterFree, ViolationKind::kDoubleFree,
                 ViolationKind::kRootLifecycle, ViolationKind::kDataRace},
       .invariant = "R1"},
      {.name = "X29",
       .long_name = "DUPLICATE_ROOT",
       .title = "(no commit of its own) second look-up under tdp_mmu_pages_lock, 576a15de8d29",
       .story = "Two vCPUs look for a root with their role, find none, and each make one. A "
                "mapping is then in one of the two only, and whoever looks up one root misses "
                "the other.",
       .points = {"root_searched_twice"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_fault",
       .kinds = {ViolationKind::kRootLifecycle},
       .invariant = "R2"},
      {.name = "X31a",
       .long_name = "ASYNC_ROOT_ZAP_NOT_FLUSHED",
       .title = "KVM: x86/mmu: Zap invalidated roots via asynchronous worker",
       .story = "Roots are zapped by a worker, and whoever deletes a memory slot does not wait "
                "for it. When the deletion returns, the slot is still mapped in a root that no "
                "notifier reaches through a slot.",
       .points = {"worker_flushed"},
       .mmu = "tdp",
       .variant = "owned+async_zap",
       .scenario = "async_zap_vs_delete",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kStaleTranslation,
                 ViolationKind::kUseAfterFree, ViolationKind::kLeak},
       .invariant = "R7"},
      {.name = "X31b",
       .long_name = "ASYNC_ROOT_ZAP_TWICE",
       .title = "KVM: x86/mmu: Zap invalidated roots via asynchronous worker",
       .story = "Two invalidations queue the same root, and it is zapped twice. The reference "
                "that passed to the zapper is put twice.",
       .points = {"invalidated_once"},
       .mmu = "tdp",
       .variant = "owned+async_zap",
       .scenario = "async_zap_twice",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kRootLifecycle,
                 ViolationKind::kUseAfterFree, ViolationKind::kDoubleFree,
                 ViolationKind::kDataRace},
       .invariant = "R6"},
      {.name = "X31c",
       .long_name = "ASYNC_ROOT_ZAP_AT_DESTROY",
       .title = "KVM: x86/mmu: Zap invalidated roots via asynchronous worker",
       .story = "The VM is destroyed while its worker still has roots to zap. The worker then "
                "uses a VM that has been freed.",
       .points = {"destroy_flushes_worker"},
       .mmu = "tdp",
       .variant = "owned+async_zap",
       .scenario = "async_zap_vs_destroy",
       .kinds = {ViolationKind::kRootLifecycle, ViolationKind::kUseAfterFree,
                 ViolationKind::kDataRace, ViolationKind::kLeak, ViolationKind::kLivelock},
       .invariant = "L7"},
      {.name = "X34",
       .long_name = "PREFAULT_HOLDS_SRCU",
       .title = "KVM: x86/mmu: Return -EAGAIN if userspace deletes/moves memslot during prefault",
       .story = "The VMM fills memory in advance and retries while the slot is going, inside the "
                "section in which it reads the slots. The deletion waits for that section to end, "
                "and neither goes on.",
       .points = {"prefetch_gives_up"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "slot_delete_vs_prefetch",
       .kinds = {ViolationKind::kLivelock, ViolationKind::kDeadlock},
       .invariant = "P2"},
      {.name = "X38",
       .long_name = "UPDATE_OF_REMOVED",
       .title = "KVM: x86/mmu: WARN on any attempt to atomically update REMOVED SPTE",
       .story = "An update loses its race and is tried again with the entry as it was found. That "
                "one is frozen: its owner will overwrite it, and what was put there is lost.",
       .points = {"lost_race_restarts"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_collapse",
       .kinds = {ViolationKind::kAssertion, ViolationKind::kLeak, ViolationKind::kRefcount,
                 ViolationKind::kBadMapping, ViolationKind::kStaleTranslation},
       .invariant = "S1"},
      {.name = "X41",
       .long_name = "SKIP_NONPRESENT_CHILD_IN_SHARED_REMOVE",
       .title = "(no commit) negation of: freeze every child of a removed table, tdp_mmu.c",
       .story = "A table is removed under the shared lock and its empty entries are passed "
                "over. A fault that is already inside the table installs a page or a table "
                "there that nobody can find any more.",
       .points = {"freeze_empty"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "fault_vs_collapse",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kLeak, ViolationKind::kAssertion,
                 ViolationKind::kUseAfterFree},
       .invariant = "L6"},
      {.name = "X42",
       .long_name = "NO_SPIN_ON_FROZEN_CHILD",
       .title = "(no commit) negation of: wait for the owner of a frozen child, handle_removed_pt",
       .story = "A table is removed while one of its entries is frozen by another thread, and "
                "the removal does not wait for that thread. The owner then clears the entry, "
                "and a fault installs into a table that is already dead.",
       .points = {"freeze_spins"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "collapse_inside_collapse",
       .kinds = {ViolationKind::kRefcount, ViolationKind::kLeak, ViolationKind::kAssertion,
                 ViolationKind::kUseAfterFree},
       .invariant = "L6"},
      {.name = "X45",
       .long_name = "MARK_DIRTY_AFTER_UNLOCK",
       .title = "KVM: x86/mmu: mark pages accessed/dirty before dropping mmu_lock (series v13)",
       .story = "A fault marks the page dirty only after it has given up the lock. The "
                "notifier may by then have let the host write the page back and free it.",
       .points = {"release_under_lock"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "first_fault_vs_swap",
       .kinds = {ViolationKind::kLostDirty, ViolationKind::kUseAfterFree, ViolationKind::kDataRace},
       .invariant = "D2"},
      {.name = "X46",
       .long_name = "LOCKLESS_AGING_WITH_PLAIN_WRITERS",
       .title = "KVM: x86: Relax locking for kvm_test_age_gfn and kvm_age_gfn (an atomic AND)",
       .story = "Ageing without the lock clears the accessed bit by an atomic AND. The entry was "
                "frozen in between, and no longer looks frozen to its owner or to anybody else.",
       .points = {"age_compares"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "age_vs_collapse",
       .kinds = {ViolationKind::kLeak, ViolationKind::kAssertion, ViolationKind::kLivelock,
                 ViolationKind::kRefcount, ViolationKind::kStaleTranslation},
       .invariant = "S1"},
  };
}

}  // namespace

const std::vector<Bug>& Bugs() {
  static const auto* const bugs = [] {
    auto* all = new std::vector<Bug>(MmuBugs());
    for (Bug& bug : PageCacheBugs()) all->push_back(std::move(bug));
    std::sort(all->begin(), all->end(), [](const Bug& a, const Bug& b) { return a.name < b.name; });
    return all;
  }();
  return *bugs;
}

const Bug* FindBug(absl::string_view name) {
  for (const Bug& bug : Bugs()) {
    if (absl::EqualsIgnoreCase(name, bug.name) || absl::EqualsIgnoreCase(name, bug.long_name)) {
      return &bug;
    }
  }
  return nullptr;
}

absl::StatusOr<const Bug*> ResolveBug(absl::string_view name) {
  if (const Bug* bug = FindBug(name)) return bug;
  std::vector<std::string> names;
  for (const Bug& bug : Bugs()) {
    names.push_back(bug.name);
    names.push_back(bug.long_name);
  }
  return absl::NotFoundError(absl::StrCat("unknown bug ", Quoted(name), DidYouMean(name, names),
                                          " (racewalk list bugs shows all)"));
}

PointSet PointsOf(const Bug& bug) {
  PointSet points;
  for (const std::string& name : bug.points) {
    const point found = FindPoint(std::string_view(name));
    if (found != point::none) points.set(static_cast<std::size_t>(found));
  }
  return points;
}

}  // namespace racewalk
