// Historical bugs of the page cache.
#include <vector>

#include "core/violation.h"
#include "scenarios/bug_lists.h"
#include "scenarios/bugs.h"

namespace racewalk {

std::vector<Bug> PageCacheBugs() {
  return {
      {.name = "N01a",
       .long_name = "GPC_REFRESH_BETWEEN_INVALIDATE_AND_COUNT",
       .title = "KVM: Fix multiple races in gfn=>pfn cache refresh",
       .story = "A page cache is refreshed after the notifier has invalidated the caches, and "
                "before it has counted itself as in progress. The refresh looks up the old "
                "page, sees no invalidation, and the hypervisor writes a page that the host "
                "has taken back.",
       .points = {"gpc_counts_active"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "gpc_refresh_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree},
       .invariant = "G1"},
      {.name = "N01b",
       .long_name = "GPC_SPECULATIVE_VALID",
       .title = "KVM: Fix multiple races in gfn=>pfn cache refresh (invalid before the lock "
                "is dropped)",
       .story = "A refresh for another frame leaves the cache valid while it looks up the "
                "page without the lock. A user meanwhile writes the old page under the new "
                "name, and the notifier looks for the new one only.",
       .points = {"gpc_invalid_before_unlock"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "gpc_refresh_vs_unmap",
       .kinds = {ViolationKind::kBadMapping, ViolationKind::kStaleTranslation,
                 ViolationKind::kUseAfterFree},
       .invariant = "G1"},
      {.name = "N02",
       .long_name = "GPC_CONCURRENT_REFRESH",
       .title = "KVM: Fully serialize gfn=>pfn cache refresh via mutex",
       .story = "Two threads refresh one page cache for different frames, and both drop its "
                "lock to look up their pages. The page of the one ends up under the frame of "
                "the other, and both unmap the page that was mapped before.",
       .points = {"gpc_refresh_serialized"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "gpc_two_refreshes",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kDoubleFree,
                 ViolationKind::kUseAfterFree, ViolationKind::kLeak, ViolationKind::kBadMapping},
       .invariant = "G1"},
      {.name = "N03",
       .long_name = "GPC_INACTIVE_USE",
       .title = "KVM: Reject attempts to consume or refresh inactive gfn_to_pfn_cache",
       .story = "A page cache is refreshed after it was deactivated, and is valid again "
                "although no notifier finds it. The host takes the page back, and the "
                "hypervisor goes on writing it.",
       .points = {"gpc_checks_active"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "gpc_deactivate_vs_refresh",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree,
                 ViolationKind::kLeak, ViolationKind::kAssertion},
       .invariant = "G1"},
      {.name = "N27b",
       .long_name = "COUNT_DROPS_BEFORE_SEQ",
       .title = "virt/kvm/pfncache.c, mmu_notifier_retry_cache (why the count drops last)",
       .story = "The end of an invalidation drops the count of those that are active before "
                "it moves the sequence. A page cache that is refreshed in between sees "
                "neither, and keeps a page that the host has taken back.",
       .points = {"count_drops_last"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "gpc_refresh_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree},
       .invariant = "G1"},
      {.name = "N27c",
       .long_name = "SEQ_READ_BEFORE_COUNT",
       .title = "virt/kvm/pfncache.c, mmu_notifier_retry_cache (why the count is read first)",
       .story = "A refresh of a page cache reads the sequence before the count of active "
                "invalidations. One that ends between the two goes unnoticed, and the cache "
                "keeps a page that the host has taken back.",
       .points = {"count_read_first"},
       .mmu = "tdp",
       .variant = "owned",
       .scenario = "gpc_refresh_vs_unmap",
       .kinds = {ViolationKind::kStaleTranslation, ViolationKind::kUseAfterFree},
       .invariant = "G1"},
  };
}

}  // namespace racewalk
