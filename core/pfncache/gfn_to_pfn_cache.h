// A guest frame whose page the hypervisor keeps mapped for its own use, such as
// a clock that it shares with the guest (kernel: virt/kvm/pfncache.c; PROTOCOL 3.4).
//
// A cache holds no reference to its page. The notifier's start makes it invalid
// when the host takes the page back, and the next use looks the page up again by
// the retry protocol. Invariants: G1 (a valid cache is active, on its VM's list,
// and has the page that the host has there now, or an invalidation of that is
// about to make it invalid), G2 (a page is unmapped once, and not used after).
#ifndef RACEWALK_CORE_PFNCACHE_GFN_TO_PFN_CACHE_H_
#define RACEWALK_CORE_PFNCACHE_GFN_TO_PFN_CACHE_H_

#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/environment.h"
#include "core/geometry.h"
#include "core/host_page.h"
#include "core/notifier/invalidation.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"

namespace racewalk {

template <Platform P>
class GfnToPfnCache;

// The active caches of one VM (kernel: kvm->gpc_list), and what they need of it.
// Thread-safe. References are borrowed, as are the caches while they are active.
template <Platform P>
class PfnCaches {
 public:
  PfnCaches(typename P::Environment& environment, MemorySlots<P>& slots,
            Invalidation<P>& invalidation)
      : environment_(environment), slots_(slots), invalidation_(invalidation) {}

  // What the notifier's start for the host's [first, last] does first, without the
  // MMU lock: it waits here for the users of caches, who may need that lock.
  // The end of it is slots.EndInvalidation.
  void BeginInvalidation(Hva first, Hva last) {
    const bool in_order = P::keeps(point::gpc_counted_first);
    if (in_order) slots_.BeginInvalidation();
    if (P::keeps(point::gpc_invalidated)) {
      list_lock_.lock();
      for (GfnToPfnCache<P>* cache : list_) cache->InvalidateRange(first, last);
      list_lock_.unlock();
    }
    if (!in_order) slots_.BeginInvalidation();
  }

  // For oracles.
  bool empty() const { return list_.empty(); }

 private:
  friend class GfnToPfnCache<P>;

  void Add(GfnToPfnCache<P>& cache) {
    list_lock_.lock();
    list_.push_back(&cache);
    list_lock_.unlock();
  }
  void Remove(GfnToPfnCache<P>& cache) {
    list_lock_.lock();
    std::erase(list_, &cache);
    list_lock_.unlock();
  }

  // Whether what was looked up after `snapshot` may have been taken back since.
  // The count is read before the sequence: it drops after that has moved.
  bool MustRetry(uint64_t snapshot) const {
    const bool in_order = P::keeps(point::count_read_first);
    const bool moved_before = !in_order && HasMoved(snapshot);
    if (AnyInvalidation()) return true;
    return in_order ? HasMoved(snapshot) : moved_before;
  }
  // Not those in progress: they are counted after the caches were invalidated.
  bool AnyInvalidation() const {
    return P::keeps(point::gpc_counts_active) ? slots_.AnyInvalidation()
                                              : invalidation_.AnyInProgress();
  }
  bool HasMoved(uint64_t snapshot) const {
    return P::keeps(point::gpc_rechecks_sequence) && invalidation_.HasMoved(snapshot);
  }

  typename P::Environment& environment_;
  MemorySlots<P>& slots_;
  Invalidation<P>& invalidation_;
  typename P::Mutex list_lock_{"gpc_list_lock"};
  std::vector<GfnToPfnCache<P>*> list_;
};

// Thread-safe, and any number of threads may use it at once. It must be inactive
// before it or its VM goes, and be neither refreshed nor used once the VM has
// left the notifier. Lock order: activation_lock_, refresh_lock_, lock_; the
// list's lock before lock_; none with the MMU lock. A read section of the slots
// may be held around all of them.
template <Platform P>
class GfnToPfnCache {
 public:
  // `caches` is borrowed.
  explicit GfnToPfnCache(PfnCaches<P>& caches) : vm_(caches) {}

  // Makes it usable, for `gfn` to begin with. False if no page could be had for
  // now; it is active all the same. May sleep.
  bool Activate(Gfn gfn) {
    activation_lock_.lock();
    if (!active_.load()) {
      // From when it is active somebody may refresh it, and notifiers must find it.
      const bool in_order = P::keeps(point::gpc_listed_before_active);
      if (in_order) vm_.Add(*this);
      lock_.lock();
      P::Check(!valid_.load(), ViolationKind::kAssertion, "G1",
               "{thread} activates a page cache that is valid already");
      active_.store(true);
      lock_.unlock();
      if (!in_order) vm_.Add(*this);
    }
    activation_lock_.unlock();
    return Refresh(gfn);
  }

  // Looks up and maps the page of `gfn`, unless that is what it has. False if it
  // is not active, or if no page can be had. May sleep.
  bool Refresh(Gfn gfn) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const bool serialized = P::keeps(point::gpc_refresh_serialized);
    if (serialized) refresh_lock_.lock();
    vm_.slots_.BeginReading();
    const bool fresh = RefreshInSection(gfn);
    vm_.slots_.EndReading();
    if (serialized) refresh_lock_.unlock();
    return fresh;
  }

  // Calls body(mapping), which may write the page of `gfn` and must not sleep,
  // once; refreshes first if needed. False, without the call, if that failed or
  // others took the page away again and again.
  template <typename F>
  bool Use(Gfn gfn, F body) {
    bool used = false;
    vm_.slots_.BeginReading();
    for (int attempt = 0; attempt < kMaxAttempts && !used; ++attempt) {
      if (attempt > 1) P::Pause();
      if (attempt > 0 && !Refresh(gfn)) break;
      lock_.lock_shared();
      used = Check(gfn);
      if (used) Write(gfn, body);
      lock_.unlock_shared();
    }
    vm_.slots_.EndReading();
    return used;
  }

  // When it returns nobody uses the page, which is unmapped.
  void Deactivate() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    activation_lock_.lock();
    const bool serialized = P::keeps(point::gpc_deactivate_serialized);
    if (serialized) refresh_lock_.lock();
    if (active_.load()) {
      // Until nobody can use or refresh it, notifiers must find it.
      const bool in_order = P::keeps(point::gpc_unlisted_last);
      if (!in_order) vm_.Remove(*this);
      lock_.lock();
      active_.store(false);
      const HostMapping old = mapping_.load();
      Drop();
      lock_.unlock();
      if (in_order) vm_.Remove(*this);
      Unmap(old);
    }
    if (serialized) refresh_lock_.unlock();
    activation_lock_.unlock();
  }

  // By the notifier's start, once the invalidation is counted: a refresh that
  // finds none counted has either been here, or will be invalidated.
  void InvalidateRange(Hva first, Hva last) {
    lock_.lock();
    const Hva address = address_.load();
    if (first <= address && address <= last) valid_.store(false);
    lock_.unlock();
  }

  // For oracles.
  bool active() const { return active_.peek(); }
  bool valid() const { return valid_.peek(); }
  Hva address() const { return address_.peek(); }
  Pfn pfn() const { return pfn_.peek(); }
  HostMapping mapping() const { return mapping_.peek(); }

 private:
  using Slot = MemorySlot<P>;
  // Of Use: the page may go between a refresh and the use, but hardly ever twice.
  static constexpr int kMaxAttempts = 4;

  bool IsActive() const { return active_.load() || !P::keeps(point::gpc_checks_active); }

  // With lock_ held, shared, inside of a read section of the slots.
  bool Check(Gfn gfn) const {
    lock_.AssertHeldShared();
    if (!IsActive() || gfn_.load() != gfn) return false;
    if (P::keeps(point::gpc_checks_slots)) {
      const uint64_t generation = vm_.slots_.Generation();
      if (generation_.load() != generation) return false;
    }
    return valid_.load();
  }

  // The same. The slots may have been replaced since the check, but none that
  // there was can have gone.
  template <typename F>
  void Write(Gfn gfn, F body) {
    // After the write: a harvest in between would take the mark and miss it.
    const bool in_order = P::keeps(point::gpc_marks_last);
    if (!in_order) Mark(gfn);
    body(mapping_.load());
    if (in_order) Mark(gfn);
  }
  void Mark(Gfn gfn) {
    if (!P::keeps(point::gpc_marks_dirty)) return;
    const Slot* slot = vm_.slots_.Find(gfn);
    if (slot != nullptr && slot->logging()) slot->MarkDirty(gfn);
  }

  bool RefreshInSection(Gfn gfn) {
    lock_.lock();
    if (!IsActive()) {
      lock_.unlock();
      return false;
    }
    // Before the slot is looked up: an update in between makes the check fail.
    const uint64_t generation = vm_.slots_.Generation();
    const Slot* slot = vm_.slots_.Find(gfn);
    if (slot != nullptr && slot->invalid && P::keeps(point::gpc_refuses_leaving_slot)) {
      slot = nullptr;
    }
    const HostMapping old = mapping_.load();
    HostPage page;
    if (slot != nullptr) {
      const Hva address = slot->AddressOf(gfn);
      const bool same = valid_.load() && address_.load() == address;
      gfn_.store(gfn);
      generation_.store(generation);
      address_.store(address);
      if (same) {
        lock_.unlock();
        return true;
      }
      page = Resolve(address);
    }
    const bool fresh = page.pfn != kNoPfn;
    if (!fresh) Drop();
    // Under the lock: after it, the notifier may let the host write the page
    // back and free it, and the mark would come too late. The host is told once
    // that the page gets written, as for a writable entry.
    const bool in_time = P::keeps(point::gpc_released_under_lock);
    if (fresh && in_time) GiveBack<P>(vm_.environment_, page, /*dirty=*/true);
    lock_.unlock();
    if (fresh && !in_time) GiveBack<P>(vm_.environment_, page, /*dirty=*/true);
    Unmap(old);
    return fresh;
  }

  // With lock_ held, which it gives up meanwhile. Makes the cache valid and
  // returns the page, with a reference; else its pfn is kNoPfn.
  HostPage Resolve(Hva address) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    lock_.AssertHeld();
    // The frame it is for is a new one already, the page is still the old one.
    if (P::keeps(point::gpc_invalid_before_unlock)) valid_.store(false);
    for (;;) {
      lock_.unlock();
      const uint64_t snapshot = vm_.invalidation_.Snapshot();
      const HostPage page = vm_.environment_.FaultIn(address, /*write=*/true);
      const bool usable = page.pfn != kNoPfn && page.writable;
      const HostMapping mapping = usable ? vm_.environment_.MapPage(page) : kNoMapping;
      lock_.lock();
      const bool stale = usable && vm_.MustRetry(snapshot);
      if (usable && !stale) {
        pfn_.store(page.pfn);
        mapping_.store(mapping);
        valid_.store(true);
        return page;
      }
      lock_.unlock();
      Unmap(mapping);
      if (page.pfn != kNoPfn) GiveBack<P>(vm_.environment_, page, /*dirty=*/false);
      P::Pause();
      lock_.lock();
      if (!usable) return {};
    }
  }

  // With lock_ held.
  void Drop() {
    valid_.store(false);
    pfn_.store(kNoPfn);
    mapping_.store(kNoMapping);
  }
  void Unmap(HostMapping mapping) {
    if (mapping != kNoMapping) vm_.environment_.UnmapPage(mapping);
  }

  PfnCaches<P>& vm_;
  // One activation or deactivation at a time (kernel: by a lock of whose cache it is).
  typename P::Mutex activation_lock_{"gpc_activation_lock"};
  // One refresh at a time: it gives lock_ up on its way.
  typename P::Mutex refresh_lock_{"gpc_refresh_lock"};
  // Held shared by users, exclusively to change what follows.
  typename P::SharedMutex lock_{"gpc_lock"};
  typename P::template Plain<bool> active_{
      false, WordName{.what = "gpc_active", .type = ValueType::kBool}};
  typename P::template Plain<bool> valid_{false,
                                          WordName{.what = "gpc_valid", .type = ValueType::kBool}};
  typename P::template Plain<Gfn> gfn_{0, WordName{"gpc_gfn"}};
  typename P::template Plain<uint64_t> generation_{0, WordName{"gpc_generation"}};
  typename P::template Plain<Hva> address_{0, WordName{"gpc_address"}};
  typename P::template Plain<Pfn> pfn_{kNoPfn, WordName{"gpc_pfn"}};
  typename P::template Plain<HostMapping> mapping_{kNoMapping, WordName{"gpc_mapping"}};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PFNCACHE_GFN_TO_PFN_CACHE_H_
