// The protocol points: every ordering, step and yield place of the MMUs, with
// its reason. One table; the core names its rows, nothing else.
#ifndef RACEWALK_CORE_PROTOCOL_H_
#define RACEWALK_CORE_PROTOCOL_H_

#include <array>
#include <atomic>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace racewalk {

enum class PointKind : uint8_t {
  kOrder,        // a memory order; weakened, it is replaced by a weaker one
  kStep,         // a step that must be taken; weakened, it is left out
  kYield,        // a place where a long walk must offer to yield; weakened, it never does
  kAlternative,  // a design that was proposed or shipped and is wrong; weakened, it is used
};

// X(name, kind, strong order, weak order, variant, pairs with, why, bug)
//
// Orders of kinds other than kOrder are relaxed. A point with a variant matters
// only there; core/tdp/README.md says what takes its place in the others.
#define RACEWALK_POINTS(X)                                                                         \
  X(table_publish, kOrder, release, relaxed, "tdp",                                                \
    "walk_follow, removal_acquire, freeze_acquire",                                                \
    "a walker that reaches a new table must see it initialised", "A24")                            \
  X(leaf_publish, kOrder, release, relaxed, "ad_at_zap", "removal_acquire, freeze_acquire",        \
    "whoever zaps a page marks it, so it must see the page as its mapper did", "")                 \
  X(walk_follow, kOrder, acquire, relaxed, "tdp", "table_publish",                                 \
    "what is read through an entry must be at least as new as the entry", "")                      \
  X(removal_acquire, kOrder, acquire, relaxed, "tdp", "table_publish, leaf_publish",               \
    "a removed table is taken apart by a thread that may never have walked through it", "")        \
  X(freeze_acquire, kOrder, acquire, relaxed, "tdp", "table_publish, leaf_publish",                \
    "tables below a removed one are taken apart without having been walked", "")                   \
  X(root_publish, kOrder, release, relaxed, "tdp", "root_follow",                                  \
    "a vCPU that finds a root on the list must see it initialised", "")                            \
  X(root_follow, kOrder, acquire, relaxed, "tdp", "root_publish, root_unlink_publish",             \
    "a root found on the list is used at once", "")                                                \
  X(root_unlink_publish, kOrder, release, relaxed, "tdp", "root_follow",                           \
    "a reader without the lock that skips a removed root must see the next one initialised", "")   \
  X(root_put_release, kOrder, release, relaxed, "tdp", "root_put_acquire",                         \
    "what a vCPU did with a root must be over before the last reference frees it", "")             \
  X(root_put_acquire, kOrder, acquire, relaxed, "tdp", "root_put_release",                         \
    "whoever drops the last reference frees what all others used", "")                             \
  X(unlink_publish, kOrder, release, relaxed, "owned+ad_at_zap", "unlink_follow",                  \
    "a host that finds no notifier must see the pages as the last unmapping left them", "N16a")    \
  X(unlink_follow, kOrder, acquire, relaxed, "owned+ad_at_zap", "unlink_publish",                  \
    "a host that finds no notifier goes on to free pages", "N16a")                                 \
  X(mode_announced, kOrder, seq_cst, release, "tdp",                                               \
    "requests_checked, request_posted, mode_checked",                                              \
    "entering guest mode must be visible before requests are looked for, or both sides miss each " \
    "other",                                                                                       \
    "N30")                                                                                         \
  X(requests_checked, kOrder, seq_cst, acquire, "tdp",                                             \
    "mode_announced, request_posted, mode_checked",                                                \
    "a request posted before the mode was read must be seen before the guest runs", "N30")         \
  X(request_posted, kOrder, seq_cst, acq_rel, "tdp",                                               \
    "mode_announced, requests_checked, mode_checked, requests_taken",                              \
    "a request must be visible before the mode is looked at", "N30")                               \
  X(mode_checked, kOrder, seq_cst, acquire, "tdp",                                                 \
    "mode_announced, requests_checked, request_posted",                                            \
    "a vCPU that entered before it could see the request must be interrupted", "N30")              \
  X(requests_taken, kOrder, acquire, relaxed, "tdp", "request_posted",                             \
    "what the request is about, such as an invalid root, must be visible to whoever handles it",   \
    "")                                                                                            \
  X(seq_publish, kOrder, release, relaxed, "", "seq_read_before_pfn",                              \
    "a fault that sees the new count must see what the host did before it", "")                    \
  X(seq_read_before_pfn, kOrder, acquire, relaxed, "", "seq_publish, snapshot_before_lookup",      \
    "a fault must not use a page that was looked up before its snapshot", "N27a")                  \
  X(slots_publish, kOrder, release, relaxed, "", "slots_follow",                                   \
    "whoever finds the new array of slots must see what is in it", "")                             \
  X(slots_follow, kOrder, acquire, relaxed, "", "slots_publish",                                   \
    "the array of slots is used at once", "")                                                      \
  X(dirty_publish, kOrder, release, relaxed, "tdp", "dirty_take",                                  \
    "a harvest that sees the mark must see the entry writable, or it protects nothing", "")        \
  X(dirty_take, kOrder, acquire, relaxed, "tdp", "dirty_publish",                                  \
    "the entry must be protected after the mark was taken, or a write between is lost", "")        \
  X(active_count_publish, kOrder, release, relaxed, "", "active_count_read",                       \
    "whoever finds that no invalidation is under way must see the sequence as the last one left "  \
    "it",                                                                                          \
    "N27b")                                                                                        \
  X(active_count_read, kOrder, acquire, relaxed, "", "active_count_publish",                       \
    "the sequence must be at least as new as the count of invalidations that was read before it",  \
    "N27c")                                                                                        \
  X(range_is_union, kStep, relaxed, relaxed, "!v14", "retry_in_progress",                          \
    "with two invalidations under way the range must cover both", "")                              \
  X(seq_increment, kStep, relaxed, relaxed, "", "retry_sequence",                                  \
    "a fault that slept through a whole invalidation must notice", "N11")                          \
  X(retry_in_progress, kStep, relaxed, relaxed, "!v14", "range_is_union",                          \
    "between start and end the host may still change its mind about the page", "")                 \
  X(retry_sequence, kStep, relaxed, relaxed, "", "seq_increment",                                  \
    "the page was looked up before an invalidation that has ended since", "N27a")                  \
  X(fault_checks_root, kStep, relaxed, relaxed, "tdp", "",                                         \
    "nothing may be mapped in a root that has been given up: nobody would unmap it", "X01")        \
  X(map_avoids_frozen, kStep, relaxed, relaxed, "tdp", "",                                         \
    "a frozen entry has an owner who will write it again", "X17")                                  \
  X(yield_needs_progress, kStep, relaxed, relaxed, "tdp", "",                                      \
    "two walks that yield to each other before their first entry never end", "X07")                \
  X(flush_before_yield, kStep, relaxed, relaxed, "tdp", "",                                        \
    "whoever gets the lock may rely on what was unmapped under it", "X08")                         \
  X(freeze_empty, kStep, relaxed, relaxed, "tdp", "",                                              \
    "a walker inside a removed table would install what nobody can find any more", "X41")          \
  X(freeze_spins, kStep, relaxed, relaxed, "tdp", "",                                              \
    "the owner of a frozen entry will overwrite it, and then others install there", "X42")         \
  X(flush_frozen, kStep, relaxed, relaxed, "tdp", "flush_in_read_section",                         \
    "no CPU may still walk through a table that is about to be freed", "X11")                      \
  X(leaf_zap_exchange, kStep, relaxed, relaxed, "ad_at_zap", "",                                   \
    "the hardware may set D between the read and the write of an entry", "X13")                    \
  X(table_freed_by_rcu, kStep, relaxed, relaxed, "tdp", "",                                        \
    "others may be walking below a table that is removed under the shared lock", "A02")            \
  X(root_freed_by_rcu, kStep, relaxed, relaxed, "tdp", "",                                         \
    "others may be looking at a root that comes off the list", "")                                 \
  X(root_searched_twice, kStep, relaxed, relaxed, "owned", "",                                     \
    "two vCPUs that both found no root would make one each", "X29")                                \
  X(put_revives, kStep, relaxed, relaxed, "last_put_zaps", "",                                     \
    "a root without references cannot be found by notifiers while it is zapped", "X23a")           \
  X(put_stops_when_invalid, kStep, relaxed, relaxed, "last_put_zaps", "",                          \
    "a root that is invalid has been zapped; zapping it again never ends", "X23e")                 \
  X(load_root_flushes, kStep, relaxed, relaxed, "tdp", "",                                         \
    "zaps of invalid roots do not flush; whoever loads a root must", "X12")                        \
  X(root_held, kStep, relaxed, relaxed, "tdp", "",                                                 \
    "a walk that may yield must hold its root, or the root is freed meanwhile", "X04")             \
  X(request_flushes, kStep, relaxed, relaxed, "tdp", "",                                           \
    "the vCPU owes the flush that it was asked for", "")                                           \
  X(map_at_goal, kStep, relaxed, relaxed, "tdp", "",                                               \
    "the path may go while it is walked: a page must not be mapped where the walk ended", "X18")   \
  X(flush_carried, kStep, relaxed, relaxed, "tdp", "",                                             \
    "a flush owed for one root must not be forgotten at the next", "X09")                          \
  X(kick_waits, kStep, relaxed, relaxed, "tdp", "",                                                \
    "a request is seen at the next entry only; a vCPU in the guest must be made to leave", "")     \
  X(unmap_all_roots, kStep, relaxed, relaxed, "tdp", "",                                           \
    "a zap of an invalid root may have yielded half-way and still holds mappings", "X05")          \
  X(unmap_flushes, kStep, relaxed, relaxed, "", "",                                                \
    "the host frees the pages as soon as the notifier returns", "X12")                             \
  X(unmap_respects_atomic, kStep, relaxed, relaxed, "", "",                                        \
    "a notifier that was called in atomic context must not sleep", "A18")                          \
  X(invalidate_requests_reload, kStep, relaxed, relaxed, "tdp", "",                                \
    "a vCPU would go on using a root that has been given up", "")                                  \
  X(unregister_waits, kStep, relaxed, relaxed, "", "",                                             \
    "a callback that found the notifier linked may still be using the VM", "")                     \
  X(destroy_waits, kStep, relaxed, relaxed, "!rwlock", "",                                         \
    "callbacks that free table pages use the VM", "A07")                                           \
  X(slots_wait, kStep, relaxed, relaxed, "", "",                                                   \
    "start and end of an invalidation must see the same slots, or the counts never match", "N05")  \
  X(slots_synchronize, kStep, relaxed, relaxed, "", "",                                            \
    "a fault that has looked at the old slots may still map what they allowed", "N11")             \
  X(slot_invalid_first, kStep, relaxed, relaxed, "", "",                                           \
    "until everything is unmapped the notifier must find the slot, and faults must not use it",    \
    "")                                                                                            \
  X(fault_checks_slot, kStep, relaxed, relaxed, "", "",                                            \
    "a slot that is going away gets no new mappings: nobody would remove them", "N11")             \
  X(slot_zapped, kStep, relaxed, relaxed, "", "",                                                  \
    "what a deleted or moved slot had mapped must go with it", "X31a")                             \
  X(logging_flushes, kStep, relaxed, relaxed, "tdp+!ad_at_zap", "",                                \
    "that no entry was writable does not say that no TLB has it writable", "X15")                  \
  X(harvest_flushes, kStep, relaxed, relaxed, "", "",                                              \
    "a vCPU that has the page writable or dirty in its TLB writes it unseen", "")                  \
  X(logging_protects, kStep, relaxed, relaxed, "", "",                                             \
    "what was writable before logging began would be written unseen", "")                          \
  X(logging_maps_small, kStep, relaxed, relaxed, "", "",                                           \
    "under logging a block would let many pages be written and one be marked", "")                 \
  X(map_marks_dirty, kStep, relaxed, relaxed, "", "",                                              \
    "a page that becomes writable under logging is written without another fault", "")             \
  X(fast_fault_marks, kStep, relaxed, relaxed, "tdp", "",                                          \
    "a page that becomes writable under logging is written without another fault", "")             \
  X(fast_fault_spares_blocks, kStep, relaxed, relaxed, "tdp", "",                                  \
    "under logging a block must be split before one of its pages is written", "")                  \
  X(log_drained, kStep, relaxed, relaxed, "tdp", "",                                               \
    "what the hardware has logged must reach the bitmap", "")                                      \
  X(clear_checks_present, kStep, relaxed, relaxed, "last_put_zaps", "",                            \
    "bits of an entry that is no page are somebody else's: an owner has frozen it", "X16")         \
  X(protect_covers_mmu_writable, kStep, relaxed, relaxed, "tdp", "",                               \
    "write access must not be given back without asking who protects the frame", "")               \
  X(protect_flushes, kStep, relaxed, relaxed, "", "",                                              \
    "an entry without W may still be writable in a TLB if W could be given back", "X15")           \
  X(map_respects_tracking, kStep, relaxed, relaxed, "tdp", "",                                     \
    "a protected frame must not become writable by the next fault", "")                            \
  X(tracked_maps_small, kStep, relaxed, relaxed, "tdp", "",                                        \
    "a block around a protected frame would make it writable", "")                                 \
  X(recover_respects_unmap, kStep, relaxed, relaxed, "tdp", "",                                    \
    "an unmap that has yielded halfway through a table would be undone: a block maps all of it",   \
    "")                                                                                            \
  X(recover_respects_tracking, kStep, relaxed, relaxed, "tdp", "",                                 \
    "a block around a protected frame would make it writable", "")                                 \
  X(recover_respects_logging, kStep, relaxed, relaxed, "", "",                                     \
    "a block made under logging would let pages be written unseen", "")                            \
  X(block_flushes, kStep, relaxed, relaxed, "tdp", "",                                             \
    "a block that takes the place of a table leaves CPUs with pointers to the table", "")          \
  X(flush_covers_entry, kStep, relaxed, relaxed, "tdp", "",                                        \
    "a flush of one page leaves CPUs with the translations of all others that the table mapped",   \
    "")                                                                                            \
  X(recover_flushes, kStep, relaxed, relaxed, "tdp", "",                                           \
    "a table that gave way to a block is freed while CPUs may still walk through it", "X11")       \
  X(split_refills, kStep, relaxed, relaxed, "tdp", "",                                             \
    "the block's entry may change while its table is filled: D would be lost", "")                 \
  X(invalidated_once, kStep, relaxed, relaxed, "tdp", "",                                          \
    "a root that is given up twice is zapped and put twice", "X31b")                               \
  X(worker_flushed, kStep, relaxed, relaxed, "async_zap", "",                                      \
    "whoever needs a root gone must wait for the worker that zaps it", "X31a")                     \
  X(destroy_flushes_worker, kStep, relaxed, relaxed, "async_zap", "", "the worker uses the VM",    \
    "X31c")                                                                                        \
  X(unlinked_once, kStep, relaxed, relaxed, "", "",                                                \
    "both the exit of the address space and the VM's own take the notifier off its list", "N16b")  \
  X(gpc_invalidated, kStep, relaxed, relaxed, "", "",                                              \
    "the hypervisor would go on writing a page that the host has taken back", "")                  \
  X(gpc_invalid_before_unlock, kStep, relaxed, relaxed, "", "",                                    \
    "while a refresh looks its page up others would use the page of before", "N01b")               \
  X(gpc_refresh_serialized, kStep, relaxed, relaxed, "", "",                                       \
    "two refreshes that both drop the lock would unmap the same old page", "N02")                  \
  X(gpc_deactivate_serialized, kStep, relaxed, relaxed, "", "",                                    \
    "a refresh that has dropped the lock would make a cache valid that no notifier finds", "")     \
  X(gpc_checks_active, kStep, relaxed, relaxed, "", "",                                            \
    "a refresh would revive a cache that no notifier finds", "N03")                                \
  X(gpc_rechecks_sequence, kStep, relaxed, relaxed, "", "",                                        \
    "the page was looked up before an invalidation that has ended since", "")                      \
  X(gpc_checks_slots, kStep, relaxed, relaxed, "", "",                                             \
    "what the cache stands for may have been deleted or moved since it was refreshed", "")         \
  X(gpc_refuses_leaving_slot, kStep, relaxed, relaxed, "", "",                                     \
    "once the slot is gone an invalidation of its pages is not counted in the sequence", "")       \
  X(gpc_marks_dirty, kStep, relaxed, relaxed, "", "",                                              \
    "a page that the hypervisor writes itself is written without a fault", "")                     \
  X(zap_root_yields, kYield, relaxed, relaxed, "tdp", "",                                          \
    "a large root takes minutes to zap; others wait for the MMU lock", "X23")                      \
  X(unmap_yields, kYield, relaxed, relaxed, "tdp", "",                                             \
    "a large range takes long to unmap; faults wait for the MMU lock", "")                         \
  X(collapse_yields, kYield, relaxed, relaxed, "tdp", "",                                          \
    "a large slot takes long to go through; invalidations wait for the MMU lock", "")              \
  X(protect_yields, kYield, relaxed, relaxed, "tdp", "",                                           \
    "a large slot takes long to protect; others wait for the MMU lock", "")                        \
  X(split_yields, kYield, relaxed, relaxed, "tdp", "",                                             \
    "a large slot takes long to split; others wait for the MMU lock", "")                          \
  X(snapshot_before_size, kStep, relaxed, relaxed, "stage2", "",                                   \
    "the size of the host's mapping may have changed since it was asked for", "A16")               \
  X(make_publish, kOrder, release, relaxed, "stage2", "stage2_follow, lock_acquire",               \
    "a walker that reaches a new table must see it initialised", "A24")                            \
  X(stage2_follow, kOrder, acquire, relaxed, "stage2", "make_publish",                             \
    "what is read through an entry must be at least as new as the entry", "")                      \
  X(lock_acquire, kOrder, acquire, relaxed, "lock_subtree", "make_publish",                        \
    "a table that was linked just now is taken apart", "")                                         \
  X(walk_reads_again, kStep, relaxed, relaxed, "stage2", "",                                       \
    "a visitor has changed the entry: its old value leads nowhere", "")                            \
  X(walk_ends_section, kStep, relaxed, relaxed, "stage2+!rwlock", "",                              \
    "grace periods would never end", "A08")                                                        \
  X(shared_walk_compares, kStep, relaxed, relaxed, "stage2", "",                                   \
    "of two that change one entry one is lost", "A10")                                             \
  X(break_respects_lock, kStep, relaxed, relaxed, "stage2", "",                                    \
    "an entry that somebody is about to make would have two owners", "")                           \
  X(break_flushes, kStep, relaxed, relaxed, "stage2", "",                                          \
    "break before make: no TLB may hold the old and the new entry", "")                            \
  X(break_flushes_all, kStep, relaxed, relaxed, "stage2", "",                                      \
    "what is cached for the rest of the range would stay", "")                                     \
  X(make_follows_break, kStep, relaxed, relaxed, "stage2", "",                                     \
    "an entry that is left locked stops every later fault", "A25")                                 \
  X(subtree_freed_by_rcu, kStep, relaxed, relaxed, "defer_to_callback", "",                        \
    "others may still walk in the table", "A02")                                                   \
  X(subtree_is_whole, kStep, relaxed, relaxed, "stage2+!lock_subtree", "",                         \
    "the granule of the entry, not of what is below: the rest would leak", "A05")                  \
  X(subtree_last_put, kStep, relaxed, relaxed, "stage2", "",                                       \
    "nobody else has the reference of the entry that linked the subtree", "A03")                   \
  X(lock_covers_empty, kStep, relaxed, relaxed, "lock_subtree", "",                                \
    "a walker that is already there could install what nobody will find", "A01")                   \
  X(lock_spins, kStep, relaxed, relaxed, "lock_subtree", "",                                       \
    "whoever has locked the entry still makes it", "")                                             \
  X(unused_put_once, kStep, relaxed, relaxed, "stage2", "",                                        \
    "a table that was never linked has one reference, and freeing it takes that", "A04")           \
  X(unmap_flushes_table, kStep, relaxed, relaxed, "stage2", "",                                    \
    "a table is freed while CPUs may still walk through it", "")                                   \
  X(clean_before_make, kStep, relaxed, relaxed, "stage2", "",                                      \
    "instructions would be fetched that are still in a data cache", "")                            \
  X(relax_by_level, kStep, relaxed, relaxed, "stage2", "",                                         \
    "what is relaxed must be what stopped the hardware", "A13")                                    \
  X(relax_flushes, kStep, relaxed, relaxed, "stage2", "",                                          \
    "a permission fault does not drop the entry that it found", "")                                \
  X(map_respects_owner, kStep, relaxed, relaxed, "stage2", "",                                     \
    "a frame that was given away is not the guest's any more", "")                                 \
  X(chunks_yield, kYield, relaxed, relaxed, "stage2", "",                                          \
    "others must not wait for a long operation", "")                                               \
  X(relax_checks_level, kStep, relaxed, relaxed, "stage2", "",                                     \
    "the page that stopped the hardware may be a block by now, with pages that must stay as they " \
    "are",                                                                                         \
    "")                                                                                            \
  X(break_puts_leaf, kStep, relaxed, relaxed, "stage2", "",                                        \
    "the entry that takes its place is counted again: the table would never be empty", "A11")      \
  X(flush_waits, kStep, relaxed, relaxed, "stage2", "",                                            \
    "a walk that has begun before would cache what it found after the flush", "A20")               \
  X(barrier_before_teardown, kStep, relaxed, relaxed, "defer_to_callback", "",                     \
    "callbacks use what the teardown frees", "A07")                                                \
  X(release_needs_count, kStep, relaxed, relaxed, "", "",                                          \
    "put only what was got: a device's memory has no count of its users", "N15")                   \
  X(unpin_needs_count, kStep, relaxed, relaxed, "v14", "entry_pins",                               \
    "put only what was got: an entry may map a device's memory, which has no count", "N15")        \
  X(entry_pins, kStep, relaxed, relaxed, "v14", "unpin_needs_count",                               \
    "the reference that the entry gives back when it goes must be its own", "")                    \
  X(guess_always_locks, kStep, relaxed, relaxed, "v14", "",                                        \
    "whoever calls it gives the lock back, whether or not a page was found", "N19")                \
  X(guess_is_checked, kStep, relaxed, relaxed, "v14", "",                                          \
    "the page was looked up before the lock was taken: an invalidation may have come between",     \
    "N19")                                                                                         \
  X(stash_emptied, kStep, relaxed, relaxed, "v14", "",                                             \
    "a guess that is not used must not be there for the next one", "N19")                          \
  X(hook_waits_for_readers, kStep, relaxed, relaxed, "v14", "",                                    \
    "whoever still has the VM's descriptor may be reading what the last callback takes apart",     \
    "N18")                                                                                         \
  X(snapshot_before_lookup, kAlternative, relaxed, relaxed, "", "seq_read_before_pfn",             \
    "snapshot after the lookup: an invalidation between the two goes unnoticed", "N27a")           \
  X(seq_moves_first, kAlternative, relaxed, relaxed, "v14", "",                                    \
    "move the sequence after the unmap: that may let a fault in that has looked up already", "")   \
  X(release_before_unlink, kAlternative, relaxed, relaxed, "owned", "",                            \
    "unlink before everything is unmapped: the host takes pages that are still mapped", "N16a")    \
  X(restart_does_not_advance, kAlternative, relaxed, relaxed, "tdp", "",                           \
    "advance after the restart: the entry at which the walk yielded is skipped", "X06")            \
  X(flush_in_read_section, kAlternative, relaxed, relaxed, "tdp", "flush_frozen",                  \
    "flush after the read section: the grace period may end, and the table be reused, before it",  \
    "X11")                                                                                         \
  X(release_under_lock, kAlternative, relaxed, relaxed, "!ad_at_zap", "",                          \
    "release the page after the lock: the host may have written it back and freed it", "X45")      \
  X(age_compares, kAlternative, relaxed, relaxed, "tdp", "",                                       \
    "clear A by an atomic AND: an entry that was frozen meanwhile no longer looks frozen", "X46")  \
  X(get_unless_zero, kAlternative, relaxed, relaxed, "tdp", "",                                    \
    "take references from zero: the root is on its way to be freed", "X24")                        \
  X(put_drops_its_own, kAlternative, relaxed, relaxed, "tdp", "",                                  \
    "do not drop the only reference: the count no longer says who is last", "X23b")                \
  X(put_drops_again, kAlternative, relaxed, relaxed, "last_put_zaps", "",                          \
    "force the count to zero after the zap: an iterator may have taken a reference", "X23c")       \
  X(updates_do_not_block, kAlternative, relaxed, relaxed, "", "",                                  \
    "new invalidations wait for an update of slots: what that waits for may need them", "N06")     \
  X(prefetch_gives_up, kAlternative, relaxed, relaxed, "", "",                                     \
    "retry inside the read section while a slot goes: its deletion waits for the section", "X34")  \
  X(retry_is_no_success, kAlternative, relaxed, relaxed, "", "",                                   \
    "report success when the check under the lock says retry: nothing is mapped", "N20")           \
  X(lost_race_restarts, kAlternative, relaxed, relaxed, "tdp", "",                                 \
    "retry with the entry as it was found: its owner has frozen it and will overwrite it", "X38")  \
  X(harvest_takes_first, kAlternative, relaxed, relaxed, "tdp", "",                                \
    "protect before the marks are taken: a write between is marked, taken and not seen again", "") \
  X(fast_fault_marks_last, kAlternative, relaxed, relaxed, "tdp", "",                              \
    "mark before the entry is writable: a harvest takes the mark and protects too early", "")      \
  X(release_is_idempotent, kAlternative, relaxed, relaxed, "tdp", "",                              \
    "give up the roots in the release hook, which may run twice at once", "N16c")                  \
  X(count_drops_last, kAlternative, relaxed, relaxed, "", "",                                      \
    "drop the count of invalidations before the sequence moves: a refresh in between sees "        \
    "neither",                                                                                     \
    "N27b")                                                                                        \
  X(count_read_first, kAlternative, relaxed, relaxed, "", "",                                      \
    "read the sequence before the count of invalidations: one that ends in between is not seen",   \
    "N27c")                                                                                        \
  X(gpc_counted_first, kAlternative, relaxed, relaxed, "", "",                                     \
    "invalidate the caches before the invalidation is counted: a refresh in between sees none",    \
    "")                                                                                            \
  X(gpc_counts_active, kAlternative, relaxed, relaxed, "", "",                                     \
    "look at the invalidations in progress: they are counted after the caches have been "          \
    "invalidated",                                                                                 \
    "N01a")                                                                                        \
  X(gpc_listed_before_active, kAlternative, relaxed, relaxed, "", "",                              \
    "activate before the cache is on the list: a refresh in between makes it valid unseen", "N03") \
  X(gpc_unlisted_last, kAlternative, relaxed, relaxed, "", "",                                     \
    "take the cache off the list while it is active: an invalidation in between does not find it", \
    "N03")                                                                                         \
  X(gpc_marks_last, kAlternative, relaxed, relaxed, "", "",                                        \
    "mark before the page is written: a harvest in between takes the mark and misses the write",   \
    "")                                                                                            \
  X(gpc_released_under_lock, kAlternative, relaxed, relaxed, "", "",                               \
    "release the page after the lock: the host may have written it back and freed it", "")         \
  X(clean_comes_first, kAlternative, relaxed, relaxed, "stage2", "",                               \
    "clean the caches after the entry is made: another vCPU fetches in between", "")               \
  X(clear_bits_atomically, kAlternative, relaxed, relaxed, "ad_at_zap", "",                        \
    "clear W or D by a load and a store: the hardware sets D between", "X13")                      \
  X(invalid_set_first, kAlternative, relaxed, relaxed, "last_put_zaps", "",                        \
    "look at `invalid` before the zap and set it after: others still find the root valid", "X23d")

enum class point : uint16_t {
  none,
#define RACEWALK_POINT_ENUM(name, ...) name,
  RACEWALK_POINTS(RACEWALK_POINT_ENUM)
#undef RACEWALK_POINT_ENUM
};

struct PointInfo {
  std::string_view name;
  PointKind kind;
  std::memory_order strong;
  std::memory_order weak;
  std::string_view variant;  // where it matters, see MattersIn; "": everywhere
  std::string_view pairs;    // the point or points it pairs with, "" for none
  std::string_view why;      // what goes wrong without it
  std::string_view bug;      // BUGS identifier, "" if it has no history
};

inline constexpr auto kPoints =
    std::to_array<PointInfo>({{"none", PointKind::kStep, std::memory_order_relaxed,
                               std::memory_order_relaxed, "", "", "", ""},
#define RACEWALK_POINT_ROW(name, kind, strong, weak, variant, pairs, why, bug) \
  {#name,                                                                      \
   PointKind::kind,                                                            \
   std::memory_order_##strong,                                                 \
   std::memory_order_##weak,                                                   \
   variant,                                                                    \
   pairs,                                                                      \
   why,                                                                        \
   bug},
                              RACEWALK_POINTS(RACEWALK_POINT_ROW)
#undef RACEWALK_POINT_ROW
    });

inline constexpr std::size_t kPointCount = kPoints.size();  // includes `none`

constexpr const PointInfo& Info(point p) { return kPoints[static_cast<std::size_t>(p)]; }

// Returns point::none if there is no such point.
constexpr point FindPoint(std::string_view name) {
  for (std::size_t i = 1; i < kPointCount; ++i) {
    if (kPoints[i].name == name) return static_cast<point>(i);
  }
  return point::none;
}

// Whether a design needs the point. Both variants are words joined by '+': the
// design must have each of the point's words, and none that '!' stands before.
constexpr bool MattersIn(const PointInfo& info, std::string_view design) {
  std::string_view rest = info.variant;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find('+'));
    rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : word.size());
    const bool wanted = word.front() != '!';
    if (!wanted) word.remove_prefix(1);
    bool found = false;
    for (std::string_view words = design; !words.empty();) {
      const std::string_view one = words.substr(0, words.find('+'));
      words.remove_prefix(one.size() < words.size() ? one.size() + 1 : one.size());
      found = found || one == word;
    }
    if (found != wanted) return false;
  }
  return true;
}

// Which points are weakened; empty for the correct core.
using PointSet = std::bitset<kPointCount>;

}  // namespace racewalk

#endif  // RACEWALK_CORE_PROTOCOL_H_
