// The world around an MMU: vCPUs and their hardware, the host's memory, the
// notifier that joins them, and the oracles that watch.
//
// Oracles live in plain memory and add no happens-before edge. Every violation
// they report would be one whatever the interleaving (DESIGN 5, MODEL).
#ifndef RACEWALK_SCENARIOS_MACHINE_MACHINE_H_
#define RACEWALK_SCENARIOS_MACHINE_MACHINE_H_

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/environment.h"
#include "core/mmu.h"
#include "core/notifier/registration.h"
#include "core/platform/platform.h"
#include "core/platform/relacy/world.h"
#include "core/tables/peek.h"
#include "core/vcpu/vcpu.h"
#include "scenarios/machine/donations.h"
#include "scenarios/machine/entry_history.h"
#include "scenarios/machine/host_memory.h"
#include "scenarios/machine/meter.h"
#include "scenarios/machine/migration.h"
#include "scenarios/machine/page_cache.h"
#include "scenarios/machine/processor.h"
#include "scenarios/machine/recount.h"
#include "scenarios/machine/shape.h"
#include "scenarios/machine/slot_oracle.h"
#include "scenarios/machine/walk_progress.h"

namespace racewalk {

// Arch: TdpArch or Stage2Arch.
template <typename Arch>
class Machine final : public Environment, public Observer {
 public:
  using P = typename Arch::P;
  using G = typename Arch::G;
  using Entry = typename Arch::Entry;
  // More than an execution can use before it is stopped for its length.
  static constexpr uint32_t kTablePages = 1U << 16;

  explicit Machine(const MachineShape& shape)
      : shape_(shape),
        block_(shape.huge_pages ? G::kEntries : 1),
        host_(shape.guest_frames, block_, 2 * shape.guest_frames, block_, shape.host_is_huge),
        migration_(host_, shape.guest_frames),
        tables_(2 * shape.guest_frames + block_, kTablePages),
        history_(tables_, shape.vcpus, !Arch::Hardware(shape).conflicts),
        donations_(shape.guest_frames) {
    std::vector<Vcpu<P>*> vcpus;
    for (int i = 0; i < shape.vcpus; ++i) {
      seats_.push_back(std::make_unique<Seat>(i, tables_, shape));
      vcpus.push_back(&seats_.back()->vcpu);
    }
    mmu_ = Arch::Make(*this, tables_, rcu_, std::move(vcpus), shape);
    for (const auto& [first, last] : shape.devices) {
      for (Hva address = first; address <= last; ++address) host_.MakeDevice(address);
    }
    slot_oracle_.emplace(mmu_->state().slots);
    page_cache_.emplace(mmu_->state().caches, host_, *slot_oracle_);
    for (uint32_t id = 0; id < shape.slots.size(); ++id) {
      const auto [first, last] = shape.slots[id];
      mmu_->AddSlot(id, first, last, first);
    }
  }

  // --- What threads do. ---

  // Hardware first, fault path as needed, until done. Where no slot is, a
  // device answers.
  void Access(int vcpu, Gfn gfn, GuestAccess access) {
    const bool write = access == GuestAccess::kWrite;
    Seat& seat = *seats_[Index(vcpu)];
    int spurious = 0;
    for (;;) {
      Prepare(seat);
      if (!seat.vcpu.Enter()) continue;
      const GuestRun run = RunGuest(seat, gfn, access);
      seat.vcpu.Exit();
      mmu_->HandleExit(seat.vcpu);
      if (run == GuestRun::kDone) return;
      if (run == GuestRun::kInterrupted) continue;
      const TranslationFault& found = seat.processor.fault();
      switch (Fault(seat, {.gfn = gfn,
                           .write = write,
                           .present = found.found_entry,
                           .level = found.level,
                           .access_flag = found.access_flag})) {
        case FaultResult::kFixed:
          continue;
        case FaultResult::kSpurious:
          // Whoever has changed the entry may still owe the flush.
          if (++spurious > 1) P::Pause();
          continue;
        case FaultResult::kNoMemorySlot:
          return;
        case FaultResult::kEmulate:
          if (mmu_->WriteFor(gfn, [this](Hva address) { host_.WriteByHost(address); })) return;
          break;
        case FaultResult::kRetry:
        case FaultResult::kNoMemory:
          break;
      }
      P::Pause();
    }
  }
  void FaultOnce(int vcpu, Gfn gfn, bool write) {
    Prepare(*seats_[Index(vcpu)]);
    Fault(*seats_[Index(vcpu)], {.gfn = gfn, .write = write, .present = write});
  }
  void Prefetch(int vcpu, Gfn gfn) {
    Seat& seat = *seats_[Index(vcpu)];
    for (;;) {
      Prepare(seat);
      const FaultResult result = Fault(seat, {.gfn = gfn, .prefetch = true});
      if (result != FaultResult::kRetry && result != FaultResult::kNoMemory) return;
      P::Pause();
    }
  }
  void LoadRoot(int vcpu, uint32_t role) {
    Seat& seat = *seats_[Index(vcpu)];
    Vcpu<P>& cpu = seat.vcpu;
    if (cpu.root != Vcpu<P>::kNoRoot && cpu.role != role) mmu_->DropRoot(cpu);
    cpu.role = role;
    Prepare(seat);
  }
  void DropRoot(int vcpu) { mmu_->DropRoot(seats_[Index(vcpu)]->vcpu); }

  enum class Reclaim : uint8_t { kUnmap, kSwap, kMigrate };
  // The host takes the pages at its addresses [first, last] back. Reclaim by
  // swapping may come from a context that must not sleep.
  void TakeBack(Reclaim how, Hva first, Hva last) {
    const bool may_sleep = how != Reclaim::kSwap;
    Invalidating(first, last, may_sleep, [&] {
      for (Hva address = first; address <= last; ++address) {
        TakeOne(how, address, first, last, may_sleep);
      }
    });
  }
  // The host replaces the pages around `address` by a huge one, or breaks that.
  void MakeHuge(Hva address);
  void MakeSmall(Hva address) {
    if (host_.Huge(address)) BreakPage(BlockOf(address), /*may_sleep=*/true);
  }
  // The address space goes, with no vCPU running: the notifier's release first.
  void ExitMm();

  // Answers to the host whether pages of [first, last] are in use.
  void Age(Hva first, Hva last, bool clear) {
    registration_.Call([&] { mmu_->Young(first, last, clear); });
  }
  void Collapse(Gfn first, Gfn last) { metering_.Collapse(*mmu_, first, last); }
  void Split(Gfn gfn) { mmu_->Split(gfn); }
  void Protect(Gfn first, Gfn last) {
    mmu_->Protect(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) protected_.insert(gfn);
  }
  void Donate(Gfn first, Gfn last) {
    const uint64_t begun = donations_.Begin();
    if constexpr (Arch::kDonates) mmu_->Donate(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) donations_.Donated(gfn, begun);
  }
  void ReclaimDonated(Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) donations_.ReclaimBegins(gfn);
    if constexpr (Arch::kDonates) mmu_->Reclaim(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) donations_.ReclaimEnds(gfn);
  }

  void AddSlot(uint32_t id, Gfn first, Gfn last) {
    UpdateSlots([&] { mmu_->AddSlot(id, first, last, first); });
  }
  void DeleteSlot(uint32_t id) {
    UpdateSlots([&] { mmu_->DeleteSlot(id); });
  }
  void MoveSlot(uint32_t id, Gfn first) {
    UpdateSlots([&] { mmu_->MoveSlot(id, first); });
  }
  // Turning it on begins a migration: everything is copied once.
  void DirtyLog(uint32_t id, bool on) {
    if (!mmu_->SetLogging(id, on) || !on) return;
    const auto* slot = SlotNow(id);
    if (slot == nullptr) return;
    for (Gfn gfn = slot->first; gfn <= slot->last; ++gfn) migration_.Copy(slot->AddressOf(gfn));
  }
  void Harvest(uint32_t id) {
    mmu_->Harvest(id, [&](Gfn gfn) {
      const auto* slot = SlotNow(id);
      if (slot != nullptr) migration_.Copy(slot->AddressOf(gfn));
    });
  }
  void InvalidateRoots() {
    if constexpr (Arch::kReplacesRoots) GiveUpRoots([this] { mmu_->InvalidateRoots(); });
  }
  void ZapAll() {
    GiveUpRoots([this] { mmu_->ZapAll(); });
  }
  void SynchronizeRcu() { rcu_.synchronize(); }
  PageCache<P>& page_cache() { return *page_cache_; }

  void set_meter(Meter* meter) { metering_.Begin(meter, mmu_->state().mmu_lock.location()); }
  void Unregister() {
    LeaveNotifier();
    mmu_->Unregistered();
  }

  // With all vCPUs closed.
  void Destroy() {
    // In the phases with one thread the last user's descriptors are closed first.
    if (!World::Get().parallel()) {
      for (auto& seat : seats_) mmu_->DropRoot(seat->vcpu);
    }
    LeaveNotifier();
    mmu_->Unregistered();
    page_cache_->Deactivate();
    mmu_->Destroy();
    destroyed_ = true;
    P::Delete(mmu_);
  }
  bool destroyed() const { return destroyed_; }

  // Nothing that an operation took may still be held when it has returned.
  void EndOperation() {
    P::Check(!rcu_.held(), ViolationKind::kLockDiscipline, "P3",
             "{thread} leaves an operation inside a read section");
    if (!destroyed_) {
      P::Check(!mmu_->state().slots.reading(), ViolationKind::kLockDiscipline, "P3",
               "{thread} leaves an operation inside a section of the memory slots");
      P::Check(!mmu_->state().mmu_lock.HeldBy(static_cast<int>(Self())),
               ViolationKind::kLockDiscipline, "P3",
               "{thread} leaves an operation with the MMU lock held");
    }
  }

  // --- At rest: no other thread runs. ---

  // The guest has stopped: the last harvest is copied and the two sides compared.
  void FinishMigration();
  void CheckAtRest();
  // Closes what is still open and checks that nothing is left.
  void TearDown() {
    if (!destroyed_) Destroy();
    rcu_.barrier();
    for (Pfn pfn = tables_.first(); pfn < tables_.end(); ++pfn) {
      const auto* table = tables_.Peek(pfn);
      P::Check(table == nullptr || !table->life.alive(), ViolationKind::kLeak, "L3",
               "a table page is still allocated after the VM is gone");
    }
    host_.CheckAtRest();
    page_cache_->CheckGone();
  }
  // At which level a valid root maps gfn to the host's page; 0: none does.
  int MappedLevel(Gfn gfn) const {
    int mapped = 0;
    ForEachValidLeafOf(gfn, [&](int level, const Entry&, Pfn pfn) {
      if (Justified(gfn, pfn)) mapped = level;
    });
    return mapped;
  }
  // Whether a valid root maps gfn and says that it was used.
  bool Young(Gfn gfn) const {
    bool young = false;
    ForEachValidLeafOf(gfn,
                       [&](int, const Entry& leaf, Pfn) { young |= Arch::Accessed(*mmu_, leaf); });
    return young;
  }
  // Whether gfn is marked in its slot's dirty log.
  bool Marked(Gfn gfn) const {
    for (const auto& slot : mmu_->state().slots.Peek()) {
      if (slot.Contains(gfn) && slot.logging()) return slot.dirty->PeekMarked(gfn - slot.first);
    }
    return false;
  }
  // Of how guest frames are mapped and logged, and of which the host has.
  uint64_t StateHash() const {
    uint64_t hash = 0;
    for (Gfn gfn = 0; gfn < shape_.guest_frames; ++gfn) {
      uint64_t state = host_.Present(gfn) ? 1 : 0;
      if (!destroyed_) {
        ForEachValidLeafOf(gfn, [&](int level, const Entry& leaf, Pfn) {
          state = state * 8 + static_cast<uint64_t>(level) * 2 + (leaf.writable() ? 1U : 0U);
        });
        state = state * 2 + (Marked(gfn) ? 1U : 0U);
      }
      hash = World::Mix(hash + state + 1);
    }
    return hash;
  }

  // --- Environment. ---

  HostPage FaultIn(Hva address, bool write) override {
    const int self = static_cast<int>(Self());
    P::Check(!rcu_.held() && (destroyed_ || !mmu_->state().mmu_lock.HeldBy(self)),
             ViolationKind::kLockDiscipline, "P3",
             "{thread} asks the host for a page with a lock of the MMU's held");
    return host_.FaultIn(address, write);
  }
  int MappingLevel(Hva address) override { return host_.MappingLevel(address); }
  void ReleasePage(const HostPage& page, bool dirty) override {
    if (registration_.linked()) page_cache_->CheckValid();
    // A huge page is written back as a whole.
    const Hva address = dirty ? host_.AddressOf(page.pfn) : 0;
    if (dirty && host_.Huge(address) && host_.Maps(address, page.pfn)) {
      const Pfn head = page.pfn & ~(block_ - 1);
      for (Pfn pfn = head; pfn < head + block_; ++pfn) host_.Mark(pfn, dirty);
    }
    host_.Release(page, dirty);
  }
  void MarkPage(Pfn pfn, bool accessed, bool dirty) override {
    if (accessed || dirty) host_.Mark(pfn, dirty);
  }
  bool IsCounted(Pfn pfn) override { return !host_.IsDevice(pfn); }
  void GetPage(Pfn pfn) override { host_.Get(pfn); }
  void PutPage(Pfn pfn) override { host_.Put(pfn); }
  HostMapping MapPage(const HostPage& page) override { return page_cache_->Map(page); }
  void UnmapPage(HostMapping mapping) override { page_cache_->Unmap(mapping); }
  void WriteMapping(HostMapping mapping) override { page_cache_->Write(mapping); }
  void DrainLog(int vcpu, absl::FunctionRef<void(Gfn)> visit) override {
    for (const Gfn gfn : seats_[Index(vcpu)]->processor.TakeLog()) visit(gfn);
  }
  void CleanPage(Pfn pfn) override {
    // It takes time: others may come before.
    World::Get().Wait(
        OpKind::kWait, 0, [](const void*) { return true; }, nullptr,
        std::source_location::current());
    host_.Clean(pfn);
  }
  void FlushOwnTlb(int vcpu) override { seats_[Index(vcpu)]->processor.Flush(); }
  void FlushRange(int vcpu, Gfn first, Gfn last, bool wait_for_walks) override {
    // A walk that has begun caches nothing afterwards; and nothing comes between
    // the end of the wait and the flush.
    if (wait_for_walks) {
      World::Get().Wait(
          OpKind::kWait, 0,
          [](const void* argument) { return !static_cast<const Seat*>(argument)->in_guest; },
          seats_[Index(vcpu)].get(), std::source_location::current());
    }
    seats_[Index(vcpu)]->processor.FlushRange(first, last);
    history_.Flushed(static_cast<uint32_t>(vcpu), first, last);
  }
  void SetHardwareRoot(int vcpu, Pfn table) override { seats_[Index(vcpu)]->processor.Load(table); }
  void Interrupt(int vcpu) override {
    metering_.Count([](Meter& meter, int self) { meter.Interrupted(self); });
    seats_[Index(vcpu)]->kicked = !seats_[Index(vcpu)]->in_guest;
    WaitForVisit(*seats_[Index(vcpu)]);
  }

  // --- Observer. ---

  void OnTrace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) override;

 private:
  using Tables = typename Arch::Tables;

  struct Seat {
    Seat(int index, Tables& tables, const MachineShape& shape)
        : vcpu(index), processor(tables, shape.guest_frames, Arch::Hardware(shape)) {}
    Vcpu<P> vcpu;
    Processor<P, G, Tables> processor;
    bool in_guest = false;   // the hardware is executing the guest
    bool kicked = false;     // an interrupt is pending for the next entry
    bool preparing = false;  // requests that were taken are being carried out
    uint64_t visits = 0;     // how often it has been
  };
  struct Visit {
    const Seat* seat;
    uint64_t ordinal;
  };
  static constexpr uint32_t kNoLimit = ~0U;

  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }
  static std::size_t Self() { return Index(World::Get().thread()); }

  template <typename F>
  void GiveUpRoots(F operation) {
    std::vector<TableReference<P>> given_up;
    if constexpr (Arch::kReplacesRoots) {
      Arch::ForEachRoot(*mmu_, [&](Pfn table, bool /*valid*/) {
        given_up.push_back(ReferenceTo<P>(tables_, table));
      });
    }
    operation();
    // R7: from here on nobody may translate through any of them.
    zapped_.insert(zapped_.end(), given_up.begin(), given_up.end());
  }

  void Prepare(Seat& seat) {
    seat.preparing = true;
    mmu_->PrepareEntry(seat.vcpu);
    seat.preparing = false;
    Arch::CheckLoaded(*mmu_, seat.vcpu);
  }

  // Until the hardware part of what the vCPU is doing now is over.
  static void WaitForVisit(const Seat& seat) {
    Visit visit{&seat, seat.visits};
    World::Get().Wait(
        OpKind::kWait, 0,
        [](const void* argument) {
          const auto* v = static_cast<const Visit*>(argument);
          return !v->seat->in_guest || v->seat->visits != v->ordinal;
        },
        &visit, std::source_location::current());
  }

  // N7: success means that the page was mapped at some time during the call.
  FaultResult Fault(Seat& seat, const GuestFault& fault) {
    mapped_[Self()] = false;
    const FaultResult result = metering_.Fault(*mmu_, seat.vcpu, fault);
    const bool success = result == FaultResult::kFixed || result == FaultResult::kSpurious;
    P::Check(!success || mapped_[Self()], ViolationKind::kAssertion, "N7",
             "a fault of {thread} reports success although it has mapped nothing");
    return result;
  }

  enum class GuestRun : uint8_t { kDone, kFault, kInterrupted };
  // The hardware's part.
  GuestRun RunGuest(Seat& seat, Gfn gfn, GuestAccess access) {
    const bool write = access == GuestAccess::kWrite;
    // The interrupt is taken at entry.
    if (std::exchange(seat.kicked, false)) return GuestRun::kInterrupted;
    seat.in_guest = true;
    ++seat.visits;
    P::Check(seat.processor.root().pfn != kNoPfn, ViolationKind::kRootLifecycle, "R1",
             "{thread} enters the guest without a root");
    const auto* translation = seat.processor.Translate(gfn, write);
    if (translation != nullptr) {
      CheckRoot(seat);
      CheckAllowed(gfn, translation->pfn, write);
      host_.Touch(gfn, translation->pfn, translation->ghost, access);
      if (Arch::kFetchesPastCaches && access == GuestAccess::kFetch) {
        host_.CheckFetch(gfn, translation->pfn);
      }
    }
    seat.in_guest = false;
    return translation != nullptr ? GuestRun::kDone : GuestRun::kFault;
  }

  // Tells the notifier that [first, last] go, around `change`, or between.
  template <typename F>
  void Invalidating(Hva first, Hva last, bool may_sleep, F change);

  // A huge page that is only partly in [first, last] may be mapped, through a
  // frame outside, until the host breaks it, which is an invalidation of all of it.
  void CheckWhole(Hva first, Hva last);
  // Whether another thread of the host is changing something there.
  bool OthersInvalidate(Hva first, Hva last) const {
    for (std::size_t thread = 0; thread < invalidating_.size(); ++thread) {
      if (thread == Self()) continue;
      for (const auto& [from, to] : invalidating_[thread]) {
        if (from <= last && first <= to) return true;
      }
    }
    return false;
  }

  void BreakPage(Hva block, bool may_sleep) {
    Invalidating(block, block + block_ - 1, may_sleep, [&] {
      if (host_.Huge(block)) host_.SplitBlock(block);
    });
  }

  // The page at `address`; within the invalidation of [first, last].
  void TakeOne(Reclaim how, Hva address, Hva first, Hva last, bool may_sleep);
  Hva BlockOf(Hva address) const { return address & ~Hva{block_ - 1}; }

  // The host's notifier and the VM part, at the end of either.
  void LeaveNotifier();

  template <typename F>
  void UpdateSlots(F update) {
    slot_oracle_->Begin();
    update();
    if (slot_oracle_->End()) CheckSlots();
  }
  const MemorySlot<P>* SlotNow(uint32_t id) const {
    for (const auto& slot : mmu_->state().slots.Peek()) {
      if (slot.id == id) return &slot;
    }
    return nullptr;
  }
  // Whether gfn may map to host frame pfn now.
  bool Justified(Gfn gfn, Pfn pfn) const {
    const Hva address = host_.AddressOf(pfn);
    return slot_oracle_->Allows(gfn, address) && host_.Maps(address, pfn);
  }

  void CheckRoot(const Seat& seat) const {
    const TableReference<P>& mine = seat.processor.root();
    for (const auto& root : zapped_) {
      P::Check(!root.Means(mine.pfn, mine.ghost.generation), ViolationKind::kStaleTranslation, "R7",
               "{thread} still translates through a root whose zap has returned");
    }
  }

  // T2, T1: a vCPU outside of guest mode that owes a flush or a reload, or has
  // no root, flushes before it translates anything.
  static bool Exempt(const Seat& seat) {
    return !seat.in_guest &&
           (seat.vcpu.pending() != 0 || seat.preparing || seat.processor.root().pfn == kNoPfn);
  }

  // Calls visit(seat, gfn, pfn) for each frame that a vCPU can still translate
  // without a walk.
  template <typename F>
  void ForEachCached(F visit) const {
    for (const auto& seat : seats_) {
      if (Exempt(*seat)) continue;
      for (Gfn gfn = 0; gfn < shape_.guest_frames; ++gfn) {
        if (seat->processor.Caches(gfn)) visit(*seat, gfn, seat->processor.CachedPfn(gfn));
      }
    }
  }

  void CheckUnmapped(Hva first, Hva last);
  void CheckAllowed(Gfn gfn, Pfn pfn, bool write) const;
  void CheckSlots() const;
  void CheckNoDebt();
  void OnYield(Gfn next, std::source_location where);

  // Calls visit(valid, gfn, level, leaf) for each leaf of each root.
  template <typename F>
  void ForEachLeaf(F visit) const {
    Arch::ForEachRoot(*mmu_, [&](Pfn root, bool valid) {
      PeekEntries<G>(tables_, root, [&](Gfn gfn, int level, const Entry& entry) {
        if (entry.leaf()) visit(valid, gfn, level, entry);
      });
    });
  }
  // Calls visit(level, leaf, pfn) for each leaf of a valid root that maps gfn; pfn: its own page.
  template <typename F>
  void ForEachValidLeafOf(Gfn gfn, F visit) const {
    ForEachLeaf([&](bool valid, Gfn at, int level, const Entry& leaf) {
      if (!valid || gfn < at || gfn - at >= G::Span(level)) return;
      visit(level, leaf, leaf.Part(gfn - at).pfn());
    });
  }

  MachineShape shape_;
  uint32_t block_;  // base pages of a huge page of the host; 1: it has none
  HostMemory<P> host_;
  Migration<P> migration_;
  mutable Tables tables_;
  EntryHistory<Arch> history_;
  typename P::Rcu rcu_{"rcu"};
  Registration<P> registration_;
  std::vector<std::unique_ptr<Seat>> seats_;
  typename Arch::Mmu* mmu_ = nullptr;  // a dead one is still asked, so that it can object
  bool destroyed_ = false;
  std::vector<TableReference<P>> zapped_;
  std::optional<SlotOracle<P>> slot_oracle_;
  std::optional<PageCache<P>> page_cache_;
  std::set<Gfn> protected_;  // by an operation that has returned
  Donations<P> donations_;
  std::array<bool, kMaxThreads> mapped_{};
  std::array<std::vector<std::pair<Hva, Hva>>, kMaxThreads> invalidating_{};
  std::array<bool, kMaxThreads> may_not_sleep_{};
  std::array<WalkProgress, kMaxThreads> progress_{};
  Metering metering_;
};

}  // namespace racewalk

#include "scenarios/machine/notifier.h"  // IWYU pragma: export
#include "scenarios/machine/oracles.h"   // IWYU pragma: export
#include "scenarios/machine/reclaim.h"   // IWYU pragma: export

#endif  // RACEWALK_SCENARIOS_MACHINE_MACHINE_H_
