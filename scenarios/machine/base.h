// What a machine does in any world: the words of a scenario, the host's side of
// the environment, and what must hold at rest.
//
// Machine (machine.h) makes an explored one of it; sanitizers/ has the one of
// real threads.
#ifndef RACEWALK_SCENARIOS_MACHINE_BASE_H_
#define RACEWALK_SCENARIOS_MACHINE_BASE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/environment.h"
#include "core/mmu.h"
#include "core/notifier/registration.h"
#include "core/platform/platform.h"
#include "core/slots/memory_slots.h"
#include "core/tables/peek.h"
#include "core/vcpu/vcpu.h"
#include "scenarios/machine/donations.h"
#include "scenarios/machine/host_memory.h"
#include "scenarios/machine/migration.h"
#include "scenarios/machine/oracle_word.h"
#include "scenarios/machine/page_cache.h"
#include "scenarios/machine/processor.h"
#include "scenarios/machine/recount.h"
#include "scenarios/machine/shape.h"

namespace racewalk {

// How a vCPU's stay in the guest has ended.
enum class GuestRun : uint8_t { kDone, kFault, kInterrupted, kNotEntered };

// Self derives from it. Arch: TdpArch or Stage2Arch. Seat: a vCPU (vcpu) and its
// hardware (processor). Slots: the oracle of memory slots, with
//   bool Allows(gfn, address)   whether the guest frame may lead there now
// What Self has, beside what is pure in Environment:
//   void Prepare(seat)                       requests are carried out, a root is loaded
//   GuestRun Visit(seat, gfn, access)        the guest is entered, accesses gfn, and is left
//   FaultResult Fault(seat, fault)           the MMU's part
//   void UpdateSlots(update)                 calls it, and knows that slots change
//   ... SlotNow(id)                          the slot as it is now: a pointer or an optional
//   void GiveUpRoots(operation)              calls it; when it returns all roots have been given up
//   void BeginInvalidation(first, last, may_sleep), NotifierReturned(), EndInvalidation()
//                                            this thread's, around the host's change
//   bool MayFormBlock(block), void FormedBlock()   whether no other thread of the host is changing
//                                            something there, nor begins to before the second
//   void CheckUnmapped(first, last)          R4, T1, when the notifier's start has returned
//   void CheckCacheInvalid(first, last), CheckCacheValid()   G1
//   void CheckSleeping()                     P3: the caller may wait for the host
//   void GuestsEnd()                         no vCPU enters the guest any more
//   bool alone()                             there is one thread
template <typename Self, typename Arch, typename Seat, typename Slots>
class MachineBase : public Environment {
 public:
  using P = typename Arch::P;
  using G = typename Arch::G;
  using Entry = typename Arch::Entry;
  using Tables = typename Arch::Tables;

  // --- What threads do. ---

  // Hardware first, fault path as needed, until done. Where no slot is, a
  // device answers.
  void Access(int vcpu, Gfn gfn, GuestAccess access);
  void FaultOnce(int vcpu, Gfn gfn, bool write) {
    self().Prepare(seat(vcpu));
    self().Fault(seat(vcpu), {.gfn = gfn, .write = write, .present = write});
  }
  void Prefetch(int vcpu, Gfn gfn) {
    for (;;) {
      self().Prepare(seat(vcpu));
      const FaultResult result = self().Fault(seat(vcpu), {.gfn = gfn, .prefetch = true});
      if (result != FaultResult::kRetry && result != FaultResult::kNoMemory) return;
      P::Pause();
    }
  }
  void LoadRoot(int vcpu, uint32_t role) {
    Vcpu<P>& cpu = seat(vcpu).vcpu;
    if (cpu.root != Vcpu<P>::kNoRoot && cpu.role != role) mmu_->DropRoot(cpu);
    cpu.role = role;
    self().Prepare(seat(vcpu));
  }
  void DropRoot(int vcpu) { mmu_->DropRoot(seat(vcpu).vcpu); }

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
  void Split(Gfn gfn) { mmu_->Split(gfn); }
  void Protect(Gfn first, Gfn last) {
    mmu_->Protect(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) protected_[PageOf(gfn)] = true;
  }
  void Donate(Gfn first, Gfn last) {
    const uint64_t begun = donations_.Begin();
    if constexpr (Arch::kDonates) mmu_->Donate(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) donations_.Donated(PageOf(gfn), begun);
  }
  void ReclaimDonated(Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) donations_.ReclaimBegins(PageOf(gfn));
    if constexpr (Arch::kDonates) mmu_->Reclaim(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) donations_.ReclaimEnds(PageOf(gfn));
  }

  void AddSlot(uint32_t id, Gfn first, Gfn last) {
    self().UpdateSlots([&] { mmu_->AddSlot(id, first, last, PageOf(first)); });
  }
  void DeleteSlot(uint32_t id) {
    self().UpdateSlots([&] { mmu_->DeleteSlot(id); });
  }
  void MoveSlot(uint32_t id, Gfn first) {
    self().UpdateSlots([&] { mmu_->MoveSlot(id, first); });
  }
  // Turning it on begins a migration: everything is copied once.
  void DirtyLog(uint32_t id, bool on) {
    if (!mmu_->SetLogging(id, on) || !on) return;
    const auto slot = self().SlotNow(id);
    if (!slot) return;
    for (Gfn gfn = slot->first; gfn <= slot->last; ++gfn) migration_.Copy(slot->AddressOf(gfn));
  }
  void Harvest(uint32_t id) {
    mmu_->Harvest(id, [&](Gfn gfn) {
      const auto slot = self().SlotNow(id);
      if (slot) migration_.Copy(slot->AddressOf(gfn));
    });
  }
  void InvalidateRoots() {
    if constexpr (Arch::kReplacesRoots) self().GiveUpRoots([this] { mmu_->InvalidateRoots(); });
  }
  void ZapAll() {
    self().GiveUpRoots([this] { mmu_->ZapAll(); });
  }
  void SynchronizeRcu() { rcu_.synchronize(); }
  PageCache<P, Slots>& page_cache() { return *page_cache_; }
  void UsePageCache(Gfn gfn) { page_cache_->Use(gfn, self().alone()); }
  void Unregister() {
    LeaveNotifier();
    mmu_->Unregistered();
  }
  // With all vCPUs closed.
  void Destroy() {
    // In the phases with one thread the last user's descriptors are closed first.
    if (self().alone()) {
      for (auto& each : seats_) mmu_->DropRoot(each->vcpu);
    }
    LeaveNotifier();
    mmu_->Unregistered();
    page_cache_->Deactivate();
    mmu_->Destroy();
    destroyed_ = true;
    P::Delete(mmu_);
  }
  bool destroyed() const { return destroyed_; }

  // --- At rest: no other thread runs. ---

  // The guest has stopped: the last harvest is copied and the two sides compared.
  void FinishMigration();
  void CheckAtRest();
  // Closes what is still open and checks that nothing is left.
  void TearDown();
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

  // --- Environment. ---

  HostPage FaultIn(Hva address, bool write) override {
    self().CheckSleeping();
    return host_.FaultIn(address, write);
  }
  int MappingLevel(Hva address) override { return host_.MappingLevel(address); }
  void ReleasePage(const HostPage& page, bool dirty) override {
    self().CheckCacheValid();
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
    for (const Gfn gfn : seat(vcpu).processor.TakeLog()) visit(gfn);
  }
  void FlushOwnTlb(int vcpu) override { seat(vcpu).processor.Flush(); }
  void SetHardwareRoot(int vcpu, Pfn table) override { seat(vcpu).processor.Load(table); }

 protected:
  MachineBase(const MachineShape& shape, Tables& tables)
      : shape_(shape),
        block_(shape.huge_pages ? G::kEntries : 1),
        host_(shape.guest_frames, block_, 2 * shape.guest_frames, block_, shape.host_is_huge),
        migration_(host_, shape.guest_frames),
        tables_(tables),
        protected_(shape.guest_frames),
        donations_(shape.guest_frames) {}

  // Makes the VM, with its vCPUs in seats_. make_oracle(mmu) makes the oracle of
  // slots; `mappings`: the most pages that are ever mapped for the page cache.
  template <typename F>
  void MakeVm(F make_oracle, uint32_t mappings) {
    std::vector<Vcpu<P>*> vcpus;
    for (auto& each : seats_) vcpus.push_back(&each->vcpu);
    mmu_ = Arch::Make(*this, tables_, rcu_, std::move(vcpus), shape_);
    for (const auto& [first, last] : shape_.devices) {
      for (Hva address = first; address <= last; ++address) host_.MakeDevice(address);
    }
    make_oracle(*mmu_);
    page_cache_.emplace(mmu_->state().caches, host_, *slot_oracle_, mappings);
    for (uint32_t id = 0; id < shape_.slots.size(); ++id) {
      const auto [first, last] = shape_.slots[id];
      mmu_->AddSlot(id, first, last, PageOf(first));
    }
  }

  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }
  Self& self() { return static_cast<Self&>(*this); }
  Seat& seat(int vcpu) { return *seats_[Index(vcpu)]; }
  // The number of gfn among the machine's pages.
  uint64_t PageOf(Gfn gfn) const { return gfn - shape_.first_gfn; }

  // Tells the notifier that [first, last] go, around `change`, or between.
  template <typename F>
  void Invalidating(Hva first, Hva last, bool may_sleep, F change);
  // The host's notifier and the VM part, at the end of either.
  void LeaveNotifier();
  // A huge page that is only partly in [first, last] may be mapped, through a
  // frame outside, until the host breaks it, which is an invalidation of all of it.
  void CheckWhole(Hva first, Hva last);
  void BreakPage(Hva block, bool may_sleep) {
    Invalidating(block, block + block_ - 1, may_sleep, [&] {
      if (host_.Huge(block)) host_.SplitBlock(block);
    });
  }
  // The page at `address`; within the invalidation of [first, last].
  void TakeOne(Reclaim how, Hva address, Hva first, Hva last, bool may_sleep);
  Hva BlockOf(Hva address) const { return address & ~Hva{block_ - 1}; }

  // Whether gfn may map to host frame pfn now.
  bool Justified(Gfn gfn, Pfn pfn) const {
    const Hva address = host_.AddressOf(pfn);
    return slot_oracle_->Allows(gfn, address) && host_.Maps(address, pfn);
  }
  // At a guest access: R7, A6 and S6.
  void CheckAllowed(Gfn gfn, Pfn pfn, bool write) const;
  // R6: what a root that is let go maps.
  void CheckZapped(Pfn root) const;
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
    Arch::ForEachRoot(*mmu_, [&](Pfn root, bool valid) {
      if (!valid) return;
      auto* table = tables_.Peek(root);
      for (int level = G::kLevels; table != nullptr; --level) {
        const Entry entry = table->entries[G::Index(gfn, level)].peek();
        if (entry.leaf()) visit(level, entry, entry.Part(gfn - G::Align(gfn, level)).pfn());
        table = entry.table() ? tables_.Peek(entry.pfn()) : nullptr;
      }
    });
  }
  void CheckTables();

  MachineShape shape_;
  uint32_t block_;  // base pages of a huge page of the host; 1: it has none
  HostMemory<P> host_;
  Migration<P> migration_;
  Tables& tables_;
  typename P::Rcu rcu_{"rcu"};
  Registration<P> registration_;
  std::vector<std::unique_ptr<Seat>> seats_;
  typename Arch::Mmu* mmu_ = nullptr;  // a dead one is still asked, so that it can object
  OracleWord<P, bool> destroyed_;
  std::optional<Slots> slot_oracle_;
  std::optional<PageCache<P, Slots>> page_cache_;
  std::vector<OracleWord<P, bool>> protected_;  // by an operation that has returned; by page
  Donations<P> donations_;
};

template <typename Self, typename Arch, typename Seat, typename Slots>
void MachineBase<Self, Arch, Seat, Slots>::Access(int vcpu, Gfn gfn, GuestAccess access) {
  Seat& mine = seat(vcpu);
  int spurious = 0;
  for (;;) {
    self().Prepare(mine);
    const GuestRun run = self().Visit(mine, gfn, access);
    if (run == GuestRun::kNotEntered) continue;
    mmu_->HandleExit(mine.vcpu);
    if (run == GuestRun::kDone) return;
    if (run == GuestRun::kInterrupted) continue;
    const TranslationFault& found = mine.processor.fault();
    switch (self().Fault(mine, {.gfn = gfn,
                                .write = access == GuestAccess::kWrite,
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

}  // namespace racewalk

#include "scenarios/machine/at_rest.h"   // IWYU pragma: export
#include "scenarios/machine/notifier.h"  // IWYU pragma: export
#include "scenarios/machine/reclaim.h"   // IWYU pragma: export

#endif  // RACEWALK_SCENARIOS_MACHINE_BASE_H_
