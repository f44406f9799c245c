// The host's memory: frames with references, and the page table by which the
// host says which frame backs which of its addresses (PROTOCOL 4; MODEL, "Host").
//
// Table entries are read without a lock, as a fast page lookup does: load,
// take a reference unless the count is zero, read again. What a page contains
// and whether it may still be used is oracle state in plain memory.
#ifndef RACEWALK_SCENARIOS_MACHINE_HOST_MEMORY_H_
#define RACEWALK_SCENARIOS_MACHINE_HOST_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "core/environment.h"
#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/tables/frame_array.h"
#include "core/tables/ghost.h"
#include "scenarios/machine/host_frame.h"
#include "scenarios/machine/oracle_word.h"

namespace racewalk {

// Thread-safe, as the host's memory management is. Entries that are present
// change between the notifier's start and end for their addresses: those of
// the page for Drop and Move, of the whole block for what has Block in its name.
//
// 1. Entries change under lock_ only.
// 2. All entries of a block are huge or none is, except while lock_ is held.
// 3. An entry that takes the place of another has the same contents; there is
//    no moment between the two at which a write could be lost.
template <Platform P>
class HostMemory {
 public:
  static constexpr Hva kNoAddress = ~Hva{0};

  // Frames [first, first + host_frames); `first` is aligned to a block.
  // `block`: frames of a huge page, a power of two; 1: there are none.
  // `brings_in_huge`: backs what is absent by huge pages; else FormBlock makes
  // what there are.
  HostMemory(uint32_t addresses, Pfn first, uint32_t host_frames, uint32_t block,
             bool brings_in_huge = true)
      : block_(block),
        brings_in_huge_(brings_in_huge),
        frames_(first + host_frames),
        free_(first, host_frames, P::Slots::Reuse::kNewestFirst) {
    if constexpr (!P::kExplored) frames_.PrepareAll();  // oracles look at any of them at any time
    places_.reserve(addresses);
    for (uint32_t address = 0; address < addresses; ++address) {
      places_.push_back(std::make_unique<Place>(address));
    }
  }

  // Before threads start: the memory at `address` is a device's, which its
  // driver owns and never gives up. It backs no huge page.
  void MakeDevice(Hva address) {
    Place& place = *places_[address];
    place.device = Allocate(address);
    frames_.At(place.device).device = true;
  }
  bool IsDevice(Pfn pfn) const { return frames_.Contains(pfn) && frames_.At(pfn).device; }

  // With a reference, unless it is a device's; pfn is kNoPfn if the host has no
  // page to give for now.
  HostPage FaultIn(Hva address, bool /*write*/) {
    const Entry& word = places_[address]->entry;
    for (;;) {
      const HostEntry<P> seen = word.load(std::memory_order_acquire);
      if (seen.held()) return {};
      if (!seen.present()) {
        if (!BringIn(address)) return {};
        continue;
      }
      if (frames_.At(seen.pfn()).device) return Page(seen, /*counted=*/false);
      if (frames_.At(seen.pfn()).TryGet()) {
        // Under the identity that was seen first: if the same frame has come
        // back since, the MMU must notice that it had gone.
        if (word.load(std::memory_order_acquire) == seen) return Page(seen, /*counted=*/true);
        Put(seen.pfn());
      }
      P::Pause();
    }
  }

  // 2 if a huge page backs the address now, else 1. Does not sleep.
  int MappingLevel(Hva address) const {
    return places_[address]->entry.load(std::memory_order_acquire).huge() ? 2 : 1;
  }

  void Release(const HostPage& page, bool dirty) {
    if (dirty) Mark(page.pfn, dirty);
    Put(page.pfn);
  }
  // Of a page that the caller knows to be in use.
  void Get(Pfn pfn) {
    HostFrame<P>& frame = Named(pfn);
    P::Check(!frame.device, ViolationKind::kRefcount, "L4",
             "{thread} takes a reference to a device's memory, whose users nobody counts");
    frame.references.fetch_add(1, std::memory_order_relaxed);
    frame.life.Check();
  }
  void Put(Pfn pfn) {
    HostFrame<P>& frame = Named(pfn);
    const int32_t before = frame.references.fetch_add(-1, std::memory_order_acq_rel);
    P::Check(before > 0, ViolationKind::kRefcount, "L4",
             "{thread} drops a reference to a guest page that has none left");
    P::Check(before > 1 || !frame.device, ViolationKind::kRefcount, "L4",
             "{thread} drops a reference to a device's memory that only its driver has");
    P::Check(before > 1 || !Maps(frame.address, pfn), ViolationKind::kRefcount, "L4",
             "{thread} drops the reference to a guest page that the host's page table has");
    if (before == 1) {
      frame.life.End();
      free_.give(pfn);
    }
  }

  void Mark(Pfn pfn, bool dirty) {
    HostFrame<P>& frame = Named(pfn);
    if (dirty) frame.dirty.store(true, std::memory_order_relaxed);
    frame.life.Check();
    if (frame.taken_back) {
      P::Fail({.kind = ViolationKind::kUseAfterFree,
               .invariant = "D3",
               .what = "{thread} marks page {pfn} of host address {value} after the "
                       "host has taken it back",
               .pfn = pfn,
               .value = frame.address});
    }
  }

  // The VMM or an emulator writes through the host's own mapping.
  void WriteByHost(Hva address) {
    for (;;) {
      const HostPage page = FaultIn(address, true);
      if (page.pfn != kNoPfn) {
        const bool mapped = WriteIfMapped(address, page.pfn);
        if (page.counted) Put(page.pfn);
        if (mapped) return;
      }
      P::Pause();
    }
  }

  // --- The host takes pages back or moves them. ---

  // Lookups of [first, last] find nothing from now on, until LetGo.
  void Hold(Hva first, Hva last) {
    lock_.lock();
    for (Hva address = first; address <= last; ++address) {
      ++places_[address]->holders;
      Set(address, places_[address]->entry.peek());
    }
    lock_.unlock();
  }
  void LetGo(Hva first, Hva last) {
    lock_.lock();
    for (Hva address = first; address <= last; ++address) {
      --places_[address]->holders;
      Set(address, places_[address]->entry.peek());
    }
    lock_.unlock();
  }

  enum class Keep : uint8_t { kDiscard, kSave };

  // Unmaps the base page at `address`. False, and nothing is done, if a huge
  // page is there: it is to be split first, and once more if a fault has
  // brought in another one since, which no caller can prevent.
  bool Drop(Hva address, Keep keep) {
    lock_.lock();
    const HostEntry<P> old = Locked(address);
    // Nobody swaps a device's memory.
    const bool stays = IsDevice(old.pfn()) && keep == Keep::kSave;
    const bool drop = old.present() && !old.huge() && !stays;
    if (drop) {
      Unmap(address, old.pfn(), keep);
    } else {
      Stays(old);
    }
    lock_.unlock();
    if (drop && !IsDevice(old.pfn())) Put(old.pfn());
    return !old.huge();
  }

  // Moves the base page at `address` to another frame, if there is room. False
  // as Drop is.
  bool Move(Hva address) {
    lock_.lock();
    const HostEntry<P> old = Locked(address);
    const bool moves = old.present() && !old.huge() && !IsDevice(old.pfn());
    const Pfn target = moves ? Allocate(address) : kNoPfn;
    if (target != kNoPfn) {
      Replace(address, old.pfn(), EntryFor(target));
    } else {
      Stays(old);
    }
    lock_.unlock();
    if (target != kNoPfn) Put(old.pfn());
    return !old.huge();
  }

  // Unmaps the huge page around `address`. False, and nothing is done, if
  // there is none by now.
  bool DropBlock(Hva address, Keep keep) {
    const Hva begin = BlockOf(address);
    lock_.lock();
    const HostEntry<P> old = Locked(begin);
    for (uint32_t i = 0; i < block_ && old.huge(); ++i) Unmap(begin + i, old.pfn() + i, keep);
    if (!old.huge()) BlockStays(begin);
    lock_.unlock();
    for (uint32_t i = 0; i < block_ && old.huge(); ++i) Put(old.pfn() + i);
    return old.huge();
  }

  // Makes the huge page around `address`, if there is one, base pages in the
  // same frames.
  void SplitBlock(Hva address) {
    const Hva begin = BlockOf(address);
    lock_.lock();
    const HostEntry<P> old = Locked(begin);
    for (uint32_t i = 0; i < block_ && old.huge(); ++i) Set(begin + i, EntryFor(old.pfn() + i));
    BlockStays(begin);
    lock_.unlock();
  }

  // Moves the block around `address` to a new huge page and fills up what is
  // absent, as khugepaged does. False if the block is absent or huge already,
  // or if there is no room: the pages stay where they are.
  bool FormBlock(Hva address) {
    const Hva begin = BlockOf(address);
    std::vector<Pfn> replaced;
    replaced.reserve(block_);
    lock_.lock();
    const Pfn target = MayForm(begin) ? AllocateBlock(begin) : kNoPfn;
    for (uint32_t i = 0; i < block_ && target != kNoPfn; ++i) {
      const HostEntry<P> old = places_[begin + i]->entry.peek();
      const HostEntry<P> next = EntryFor(target + i, HostEntry<P>::kHuge);
      if (old.present()) {
        Replace(begin + i, old.pfn(), next);
        replaced.push_back(old.pfn());
      } else {
        Set(begin + i, next);
      }
    }
    if (target == kNoPfn) BlockStays(begin);
    lock_.unlock();
    for (const Pfn pfn : replaced) Put(pfn);
    return target != kNoPfn;
  }

  // --- Oracles. ---

  // The invalidation of [first, last] has returned: no access may come any more.
  void Revoke(Hva first, Hva last) {
    // Natively others may change an entry at any time but with the lock; and bring
    // in a huge page that is not to go as a whole.
    if constexpr (!P::kExplored) lock_.lock();
    for (Hva address = first; address <= last; ++address) {
      const HostEntry<P> entry = places_[address]->entry.peek();
      const Hva block = BlockOf(address);
      if (!P::kExplored && entry.huge() && (block < first || block + block_ - 1 > last)) continue;
      if (entry.present()) frames_.At(entry.pfn()).revoked = true;
    }
    if constexpr (!P::kExplored) lock_.unlock();
  }

  // The same has ended: what is there now may be used again.
  void Unrevoke(Hva first, Hva last) {
    if constexpr (!P::kExplored) lock_.lock();
    for (Hva address = first; address <= last; ++address) Stays(places_[address]->entry.peek());
    if constexpr (!P::kExplored) lock_.unlock();
  }

  // A guest access to `gfn` has reached frame `pfn`, by a translation made
  // when the frame had the stamp `ghost`.
  void Touch(Gfn gfn, Pfn pfn, typename P::Ghost ghost, GuestAccess access) {
    HostFrame<P>* frame = frames_.Contains(pfn) ? &frames_.At(pfn) : nullptr;
    if (frame == nullptr || !frame->life.alive() || !GhostMatches<P>(ghost, frame->stamp)) {
      FailAccess(ViolationKind::kStaleTranslation, "T1", gfn, pfn,
                 "{thread} reaches page {pfn} through guest frame {gfn}, but the host has taken "
                 "that page back");
    }
    if (frame->revoked) {
      FailAccess(ViolationKind::kStaleTranslation, "T1", gfn, pfn,
                 "{thread} reaches page {pfn} through guest frame {gfn}, although the host's "
                 "invalidation of it has returned");
    }
    if (access == GuestAccess::kWrite) {
      Write(*frame);
    } else if (HasLost(*frame)) {
      FailAccess(
          ViolationKind::kLostDirty, "D2", gfn, pfn,
          "{thread} reads something else from guest frame {gfn} than was written there last");
    }
  }

  // The MMU makes the page's contents visible to instruction fetches.
  void Clean(Pfn pfn) { Named(pfn).clean = true; }
  // A fetch, where caches must have been cleaned first.
  void CheckFetch(Gfn gfn, Pfn pfn) {
    if (frames_.At(pfn).clean) return;
    FailAccess(ViolationKind::kStaleTranslation, "A7", gfn, pfn,
               "{thread} fetches instructions from guest frame {gfn}, whose contents may still be "
               "in a data cache");
  }

  // The hypervisor writes frame `pfn` through a mapping of its own, made when
  // the frame had the stamp `stamp`.
  void WriteMapped(Pfn pfn, uint32_t stamp) {
    HostFrame<P>& frame = frames_.At(pfn);
    frame.life.Check();
    // The moment of the write, which others may come before; orders nothing.
    frame.dirty.hardware_load();
    if (frame.stamp != stamp || frame.taken_back) {
      FailMapped(ViolationKind::kUseAfterFree, frame, pfn,
                 "{thread} writes page {pfn} through a page cache, but the host has taken it back "
                 "from its address {value}");
    }
    if (frame.revoked) {
      FailMapped(
          ViolationKind::kStaleTranslation, frame, pfn,
          "{thread} writes page {pfn} of host address {value} through a page cache, although "
          "the host's invalidation of it has returned");
    }
    Write(frame);
  }

  // The address that an allocated frame was allocated for; kNoAddress of others.
  Hva AddressOf(Pfn pfn) const {
    if (!frames_.Contains(pfn) || !frames_.At(pfn).life.alive()) return kNoAddress;
    return frames_.At(pfn).address;
  }
  Pfn PfnAt(Hva address) const { return places_[address]->entry.peek().pfn(); }
  bool Present(Hva address) const { return PfnAt(address) != kNoPfn; }
  bool Huge(Hva address) const { return places_[address]->entry.peek().huge(); }
  // Whether the host maps `address` to `pfn` now.
  bool Maps(Hva address, Pfn pfn) const {
    return address < places_.size() && PfnAt(address) == pfn;
  }
  // What somebody would read who copied the memory now.
  uint64_t ContentsOf(Hva address) const {
    const Place& place = *places_[address];
    if (place.device != kNoPfn) return frames_.At(place.device).contents;
    for (;;) {
      const HostEntry<P> entry = place.entry.peek();
      KeepOracleOrder<P>();
      const uint64_t contents = entry.present() ? frames_.At(entry.pfn()).contents : place.saved;
      KeepOracleOrder<P>();
      // Natively the page may have been another address's by then.
      if (P::kExplored || place.entry.peek() == entry) return contents;
    }
  }
  bool Contains(Pfn pfn) const { return frames_.Contains(pfn); }
  // Of the allocation of frame `pfn`: another one when it is a page of another life.
  uint32_t StampOf(Pfn pfn) const { return frames_.At(pfn).stamp; }
  // How often the contents have been discarded.
  uint64_t discards(Hva address) const { return places_[address]->discards; }

  // At rest every frame has the reference of the host's entry that maps it, if
  // any, a device's memory that of its driver, and `pinned` the MMU's, one each.
  void CheckAtRest(const std::vector<Pfn>& pinned = {}) {
    std::vector<int32_t> references(frames_.size(), 0);
    for (const Pfn pfn : pinned) ++references[pfn];
    for (const auto& place : places_) {
      const HostEntry<P> entry = place->entry.peek();
      if (entry.present() && !IsDevice(entry.pfn())) ++references[entry.pfn()];
      if (place->device != kNoPfn) ++references[place->device];
    }
    for (Pfn pfn = 0; pfn < frames_.size(); ++pfn) {
      if (!frames_.Contains(pfn)) continue;
      P::Check(frames_.At(pfn).references.peek() == references[pfn], ViolationKind::kRefcount, "L3",
               "a guest page is left with another number of references than it has users");
    }
  }

 private:
  using Entry = typename P::template Atomic<HostEntry<P>>;

  // Of one address.
  struct Place {
    explicit Place(uint32_t address)
        : entry(HostEntry<P>{}, WordName{"host_entry", address, 0, ValueType::kHostEntry}) {}
    Entry entry;
    uint32_t holders = 0;  // under lock_
    Pfn device = kNoPfn;   // the device's memory that is to be found here
    // Oracle state.
    OracleWord<P, uint64_t> saved;     // what was written back
    OracleWord<P, uint64_t> expected;  // what was last written
    OracleWord<P, uint64_t> discards;
  };

  [[noreturn]] static void FailAccess(ViolationKind kind, const char* invariant, Gfn gfn, Pfn pfn,
                                      const char* what) {
    P::Fail({.kind = kind, .invariant = invariant, .what = what, .gfn = gfn, .pfn = pfn});
  }

  [[noreturn]] static void FailMapped(ViolationKind kind, const HostFrame<P>& frame, Pfn pfn,
                                      const char* what) {
    P::Fail({.kind = kind, .invariant = "G1", .what = what, .pfn = pfn, .value = frame.address});
  }

  // With a reference, or a device's.
  HostPage Page(const HostEntry<P>& entry, bool counted) const {
    HostPage page{.pfn = entry.pfn(), .generation = 0, .writable = true, .counted = counted};
    if constexpr (P::kExplored) {
      page.generation = entry.ghost.generation;
    } else {
      page.generation = frames_.At(entry.pfn()).stamp;
    }
    return page;
  }
  HostEntry<P> EntryFor(Pfn pfn, uint64_t flags = 0) const {
    return {pfn | flags, MakeGhost<P>(frames_.At(pfn).stamp)};
  }

  void Write(HostFrame<P>& frame) {
    const uint64_t number = ++writes_;
    frame.contents.Raise(number);
    frame.written = true;
    places_[frame.address]->expected.Raise(number);
  }

  // Whether the frame has not what was last written at its address.
  bool HasLost(const HostFrame<P>& frame) const {
    const uint64_t expected = places_[frame.address]->expected;
    if constexpr (P::kExplored) return frame.contents != expected;
    // Who writes at the same time has noted the contents first.
    KeepOracleOrder<P>();
    return frame.contents < expected;
  }

  // A frame that the MMU names: a wrong one may be none at all.
  HostFrame<P>& Named(Pfn pfn) {
    P::Check(frames_.Contains(pfn), ViolationKind::kBadMapping, "N2",
             "{thread} tells the host of a page that the host does not have");
    return frames_.At(pfn);
  }

  // The lookup may have read an old entry, but the processor's own walk never
  // does. When explored there is no scheduling point in here; natively a lock
  // stands for the host's waiting for the processor when it takes the page back.
  bool WriteIfMapped(Hva address, Pfn pfn) {
    if constexpr (!P::kExplored) lock_.lock();
    const bool mapped = Maps(address, pfn);
    if (mapped) {
      Write(frames_.At(pfn));
      frames_.At(pfn).host_dirty = true;
    }
    if constexpr (!P::kExplored) lock_.unlock();
    return mapped;
  }

  // --- With lock_ held. Entries around the one in question are peeked at:
  // nobody else can change them, so that there is nothing to explore. ---

  Hva BlockOf(Hva address) const { return address & ~Hva{block_ - 1}; }
  HostEntry<P> Locked(Hva address) const {
    return places_[address]->entry.load(std::memory_order_relaxed);
  }
  void Set(Hva address, HostEntry<P> entry) {
    const uint64_t held = places_[address]->holders > 0 ? HostEntry<P>::kHeld : 0;
    entry.raw = (entry.raw & ~HostEntry<P>::kHeld) | held;
    places_[address]->entry.store(entry, std::memory_order_release);
  }

  Pfn Allocate(Hva address) {
    const uint32_t pfn = free_.take();
    if (pfn == P::Slots::kNone) return kNoPfn;
    frames_.Prepare(pfn).Begin(address, ++stamp_, places_[address]->saved);
    return pfn;
  }
  Pfn AllocateBlock(Hva begin) {
    const uint32_t pfn = free_.take_block(block_);
    if (pfn == P::Slots::kNone) return kNoPfn;
    ++stamp_;
    for (uint32_t i = 0; i < block_; ++i) {
      frames_.Prepare(pfn + i).Begin(begin + i, stamp_, places_[begin + i]->saved);
    }
    return pfn;
  }

  // False if the host is out of pages for now.
  bool BringIn(Hva address) {
    bool present = true;
    lock_.lock();
    const HostEntry<P> old = Locked(address);
    if (old.held()) {
      present = false;
    } else if (!old.present() && !BringInBlock(BlockOf(address))) {
      const Pfn device = places_[address]->device;
      const Pfn pfn = device != kNoPfn ? device : Allocate(address);
      present = pfn != kNoPfn;
      if (device != kNoPfn) Bring(frames_.At(device));
      if (present) Set(address, EntryFor(pfn));
    }
    lock_.unlock();
    return present;
  }
  // Back under another identity: what was translated before is stale.
  void Bring(HostFrame<P>& device) {
    device.stamp = ++stamp_;
    device.revoked = false;
    device.taken_back = false;
  }
  // False if base pages have to do.
  bool BringInBlock(Hva begin) {
    if (!brings_in_huge_ || !HasBlock(begin) || PresentIn(begin) != 0) return false;
    const Pfn pfn = AllocateBlock(begin);
    if (pfn == kNoPfn) return false;
    for (uint32_t i = 0; i < block_; ++i) {
      Set(begin + i, EntryFor(pfn + i, HostEntry<P>::kHuge));
    }
    return true;
  }

  // Whether there may be a huge page.
  bool HasBlock(Hva begin) const {
    if (block_ == 1 || begin + block_ > places_.size()) return false;
    return std::none_of(places_.begin() + static_cast<std::ptrdiff_t>(begin),
                        places_.begin() + static_cast<std::ptrdiff_t>(begin + block_),
                        [](const auto& place) { return place->device != kNoPfn; });
  }
  uint32_t PresentIn(Hva begin) const {
    uint32_t present = 0;
    for (uint32_t i = 0; i < block_; ++i) present += Present(begin + i) ? 1U : 0U;
    return present;
  }
  bool MayForm(Hva begin) const { return HasBlock(begin) && !Huge(begin) && PresentIn(begin) != 0; }

  void Unmap(Hva address, Pfn pfn, Keep keep) {
    HostFrame<P>& frame = frames_.At(pfn);
    Place& place = *places_[address];
    frame.taken_back = true;
    // As far as the host knows, there is something to write back.
    const bool marked = keep == Keep::kSave && frame.dirty.load(std::memory_order_relaxed);
    const auto is_dirty = [&] { return marked || frame.host_dirty; };
    const auto save = [&] {
      if (keep == Keep::kSave && !frame.device && is_dirty()) place.saved = frame.contents;
    };
    // Natively: before somebody copies the memory by the empty entry.
    if constexpr (!P::kExplored) save();
    Set(address, {});
    // No scheduling point from here on: a write by the host came before.
    if constexpr (P::kExplored) save();
    frame.revoked = true;
    if (frame.device) return;
    if (keep == Keep::kSave) {
      P::Check(!frame.written || is_dirty(), ViolationKind::kLostDirty, "D2",
               "the host drops a page that the guest has written, because nobody marked it dirty");
    } else {
      place.saved = 0;
      place.expected = 0;
      ++place.discards;
    }
  }

  void Replace(Hva address, Pfn old, const HostEntry<P>& next) {
    HostFrame<P>& from = frames_.At(old);
    HostFrame<P>& to = frames_.At(next.pfn());
    from.taken_back = true;
    to.dirty.store(from.dirty.load(std::memory_order_relaxed), std::memory_order_relaxed);
    const auto copy = [&] {
      to.contents = from.contents;
      to.written = from.written;
      to.host_dirty = from.host_dirty;
    };
    // Natively: before the guest writes to the new page, or somebody copies it.
    if constexpr (!P::kExplored) copy();
    Set(address, next);
    // No scheduling point from here on: a write by the host came before.
    if constexpr (P::kExplored) copy();
    from.revoked = true;
  }

  // What was revoked is left in place, so it may be used again.
  void Stays(const HostEntry<P>& entry) {
    if (entry.present()) frames_.At(entry.pfn()).revoked = false;
  }
  void BlockStays(Hva begin) {
    for (uint32_t i = 0; i < block_ && begin + i < places_.size(); ++i) {
      Stays(places_[begin + i]->entry.peek());
    }
  }

  typename P::Mutex lock_{"host_lock"};
  uint32_t block_;
  bool brings_in_huge_;
  std::vector<std::unique_ptr<Place>> places_;  // by address
  FrameArray<P, HostFrame<P>> frames_;
  typename P::Slots free_;
  uint32_t stamp_ = 0;  // of the latest allocation
  OracleWord<P, uint64_t> writes_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_HOST_MEMORY_H_
