// The host's memory: frames with references, and the page table by which the
// host says which frame backs which guest frame (PROTOCOL 4; MODEL, "Host").
//
// Table entries are read without a lock, as a fast page lookup does: load,
// take a reference unless the count is zero, read again. What a page contains
// and whether it may still be used is oracle state in plain memory.
#ifndef RACEWALK_SCENARIOS_MACHINE_HOST_MEMORY_H_
#define RACEWALK_SCENARIOS_MACHINE_HOST_MEMORY_H_

#include <memory>
#include <vector>

#include "core/environment.h"
#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/platform/relacy/world.h"
#include "core/tables/frame_array.h"
#include "core/tables/ghost.h"
#include "core/tables/life.h"

namespace racewalk {

// A host page-table entry; pfn 0: nothing there.
template <Platform P>
struct HostEntry {
  uint64_t raw = 0;
  [[no_unique_address]] typename P::Ghost ghost{};
  friend bool operator==(const HostEntry& a, const HostEntry& b) { return a.raw == b.raw; }
  uint64_t bits() const { return raw; }
  Pfn pfn() const { return static_cast<Pfn>(raw); }
};

template <Platform P>
struct HostFrame {
  explicit HostFrame(uint32_t pfn)
      : life(WordName{"page_life", pfn}),
        references(0, WordName{"page_references", pfn}),
        dirty(false, WordName{"page_dirty", pfn, 0, ValueType::kBool}) {}

  LifeWord<P> life;
  typename P::template Atomic<int32_t> references;
  typename P::template Atomic<bool> dirty;  // the host has been told that it was written
  // Oracle state.
  Gfn gfn = 0;
  uint64_t contents = 0;
  bool revoked = false;     // an invalidation of it has returned to the host
  bool taken_back = false;  // the host has unmapped it or moved it away
  bool written = false;     // by the guest, since the host last saved it
};

// Thread-safe, as the host's memory management is.
template <Platform P>
class HostMemory {
 public:
  HostMemory(uint32_t guest_frames, Pfn first, uint32_t host_frames)
      : frames_(first + host_frames),
        free_(first, host_frames, P::Slots::Reuse::kNewestFirst),
        saved_(guest_frames, 0),
        expected_(guest_frames, 0) {
    for (uint32_t gfn = 0; gfn < guest_frames; ++gfn) {
      entries_.push_back(std::make_unique<Entry>(
          HostEntry<P>{}, WordName{"host_entry", gfn, 0, ValueType::kHostEntry}));
    }
  }

  HostPage FaultIn(Gfn gfn) {
    Entry& word = *entries_[gfn];
    for (;;) {
      const HostEntry<P> seen = word.load(std::memory_order_acquire);
      if (seen.pfn() == kNoPfn) {
        if (!BringIn(gfn)) return {};
        continue;
      }
      HostFrame<P>& frame = frames_.At(seen.pfn());
      if (TryGet(frame)) {
        if (word.load(std::memory_order_acquire) == seen) return Page(seen);
        Put(seen.pfn());
      }
      P::Pause();
    }
  }

  void Release(const HostPage& page, bool dirty) {
    if (dirty) Mark(page.pfn, dirty);
    Put(page.pfn);
  }

  void Mark(Pfn pfn, bool dirty) {
    HostFrame<P>& frame = frames_.At(pfn);
    if (dirty) frame.dirty.store(true, std::memory_order_relaxed);
    frame.life.Check();
    if (frame.taken_back) {
      FailAccess(ViolationKind::kUseAfterFree, "D3", frame.gfn, pfn,
                 "{thread} marks page {pfn} of guest frame {gfn} after the host has taken it back");
    }
  }

  enum class Keep : uint8_t { kDiscard, kSave };

  // Unmaps gfn; between the notifier's start and end.
  void Drop(Gfn gfn, Keep keep) {
    lock_.lock();
    const HostEntry<P> old = entries_[gfn]->load(std::memory_order_relaxed);
    if (old.pfn() != kNoPfn) {
      HostFrame<P>& frame = frames_.At(old.pfn());
      frame.taken_back = true;
      if (keep == Keep::kSave) {
        Save(gfn, frame);
      } else {
        saved_[gfn] = 0;
        expected_[gfn] = 0;
      }
      entries_[gfn]->store(HostEntry<P>{}, std::memory_order_release);
    }
    lock_.unlock();
    if (old.pfn() != kNoPfn) Put(old.pfn());
  }

  // Moves gfn to another frame; between the notifier's start and end.
  void Move(Gfn gfn) {
    lock_.lock();
    const HostEntry<P> old = entries_[gfn]->load(std::memory_order_relaxed);
    const Pfn target = old.pfn() == kNoPfn ? kNoPfn : Allocate(gfn);
    if (target != kNoPfn) {
      HostFrame<P>& from = frames_.At(old.pfn());
      HostFrame<P>& to = frames_.At(target);
      from.taken_back = true;
      to.contents = from.contents;
      to.written = from.written;
      to.dirty.store(from.dirty.load(std::memory_order_relaxed), std::memory_order_relaxed);
      entries_[gfn]->store(EntryFor(target), std::memory_order_release);
    }
    lock_.unlock();
    if (target != kNoPfn) {
      Put(old.pfn());
    } else if (old.pfn() != kNoPfn) {
      frames_.At(old.pfn()).revoked = false;  // no room: it stays where it was
    }
  }

  // --- Oracles. ---

  // The invalidation of [first, last] has returned: no access may come any more.
  void Revoke(Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) {
      const Pfn pfn = entries_[gfn]->peek().pfn();
      if (pfn != kNoPfn) frames_.At(pfn).revoked = true;
    }
  }

  // A guest access to `gfn` has reached frame `pfn` as it was in `generation`.
  void Touch(Gfn gfn, Pfn pfn, typename P::Ghost ghost, bool write) {
    HostFrame<P>* frame = frames_.Contains(pfn) ? &frames_.At(pfn) : nullptr;
    if (frame == nullptr || frame->gfn != gfn || !frame->life.alive() ||
        !GhostMatches<P>(ghost, frame->life.generation())) {
      FailAccess(ViolationKind::kStaleTranslation, "T1", gfn, pfn,
                 "{thread} reaches page {pfn} through guest frame {gfn}, but the host has taken "
                 "that page back");
    }
    if (frame->revoked) {
      FailAccess(ViolationKind::kStaleTranslation, "T1", gfn, pfn,
                 "{thread} reaches page {pfn} through guest frame {gfn}, although the host's "
                 "invalidation of it has returned");
    }
    if (write) {
      frame->contents = ++writes_;
      frame->written = true;
      expected_[gfn] = frame->contents;
    } else if (frame->contents != expected_[gfn]) {
      FailAccess(
          ViolationKind::kLostDirty, "D2", gfn, pfn,
          "{thread} reads something else from guest frame {gfn} than was written there last");
    }
  }

  // Whether the host maps gfn to pfn now.
  bool Maps(Gfn gfn, Pfn pfn) const {
    return gfn < entries_.size() && entries_[gfn]->peek().pfn() == pfn;
  }
  bool Present(Gfn gfn) const { return entries_[gfn]->peek().pfn() != kNoPfn; }

  // At rest every frame has the one reference of the entry that maps it, or none.
  void CheckAtRest() {
    std::vector<int32_t> references(frames_.size(), 0);
    for (const auto& entry : entries_) {
      if (entry->peek().pfn() != kNoPfn) ++references[entry->peek().pfn()];
    }
    for (Pfn pfn = 0; pfn < frames_.size(); ++pfn) {
      if (!frames_.Contains(pfn)) continue;
      P::Check(frames_.At(pfn).references.peek() == references[pfn], ViolationKind::kRefcount, "L3",
               "a guest page is left with another number of references than it has users");
    }
  }

 private:
  using Entry = typename P::template Atomic<HostEntry<P>>;

  [[noreturn]] static void FailAccess(ViolationKind kind, const char* invariant, Gfn gfn, Pfn pfn,
                                      const char* what) {
    World::Get().Fail({.kind = kind, .invariant = invariant, .what = what, .gfn = gfn, .pfn = pfn});
  }

  static HostPage Page(const HostEntry<P>& entry) {
    HostPage page{.pfn = entry.pfn(), .generation = 0, .writable = true};
    if constexpr (P::kExplored) page.generation = entry.ghost.generation;
    return page;
  }

  HostEntry<P> EntryFor(Pfn pfn) { return {pfn, MakeGhost<P>(frames_.At(pfn).life.generation())}; }

  bool TryGet(HostFrame<P>& frame) {
    int32_t count = frame.references.load(std::memory_order_relaxed);
    while (count > 0) {
      if (frame.references.compare_exchange(count, count + 1, std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  void Put(Pfn pfn) {
    HostFrame<P>& frame = frames_.At(pfn);
    const int32_t before = frame.references.fetch_add(-1, std::memory_order_acq_rel);
    P::Check(before > 0, ViolationKind::kRefcount, "L4",
             "{thread} drops a reference to a guest page that has none left");
    if (before == 1) {
      frame.life.End();
      free_.give(pfn);
    }
  }

  // With lock_ held; with the reference of the entry that will map it.
  Pfn Allocate(Gfn gfn) {
    const uint32_t pfn = free_.take();
    if (pfn == P::Slots::kNone) return kNoPfn;
    HostFrame<P>& frame = frames_.Prepare(pfn);
    frame.life.Begin();
    frame.gfn = gfn;
    frame.contents = 0;
    frame.revoked = false;
    frame.taken_back = false;
    frame.written = false;
    frame.dirty.initialize(false);
    frame.references.initialize(1);
    return pfn;
  }

  // False if the host is out of pages for now.
  bool BringIn(Gfn gfn) {
    bool present = true;
    lock_.lock();
    if (entries_[gfn]->load(std::memory_order_relaxed).pfn() == kNoPfn) {
      const Pfn pfn = Allocate(gfn);
      present = pfn != kNoPfn;
      if (present) {
        frames_.At(pfn).contents = saved_[gfn];
        entries_[gfn]->store(EntryFor(pfn), std::memory_order_release);
      }
    }
    lock_.unlock();
    return present;
  }

  // Writes the page back, as far as the host knows that there is anything to write.
  void Save(Gfn gfn, HostFrame<P>& frame) {
    const bool dirty = frame.dirty.load(std::memory_order_relaxed);
    P::Check(!frame.written || dirty, ViolationKind::kLostDirty, "D2",
             "the host drops a page that the guest has written, because nobody marked it dirty");
    if (dirty) saved_[gfn] = frame.contents;
  }

  typename P::Mutex lock_{"host_lock"};
  std::vector<std::unique_ptr<Entry>> entries_;
  FrameArray<P, HostFrame<P>> frames_;
  typename P::Slots free_;
  std::vector<uint64_t> saved_;     // what was written back, by gfn
  std::vector<uint64_t> expected_;  // what the guest last wrote, by gfn
  uint64_t writes_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_HOST_MEMORY_H_
