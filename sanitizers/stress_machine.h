// The world around an MMU on real threads. Its oracles are always on, as the
// explored machine's, as far as they can judge while everything moves; they
// order nothing (MODEL, "Oracles").
#ifndef RACEWALK_SANITIZERS_STRESS_MACHINE_H_
#define RACEWALK_SANITIZERS_STRESS_MACHINE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <thread>

#include "core/platform/native/holds.h"
#include "core/vcpu/vcpu.h"
#include "sanitizers/stress_platform.h"
#include "sanitizers/stress_processor.h"
#include "sanitizers/stress_slots.h"
#include "scenarios/machine/base.h"
#include "scenarios/machine/shape.h"

namespace racewalk {

// A vCPU and its hardware.
template <typename Arch>
struct StressSeat {
  using P = typename Arch::P;
  using Tables = typename Arch::Tables;
  StressSeat(int index, Tables& tables, const MachineShape& shape)
      : vcpu(index), processor(tables, shape, Arch::Hardware(shape)) {}
  Vcpu<P> vcpu;
  StressProcessor<P, typename Arch::G, Tables> processor;
  // Odd while the vCPU is in the guest, or about to enter or just about to leave it.
  std::atomic<uint64_t> stay{0};
  uint64_t root_loaded = 0;  // when, by the machine's clock of roots
};

template <typename Arch>
class StressMachine;
template <typename Arch>
using StressBase = MachineBase<StressMachine<Arch>, Arch, StressSeat<Arch>, StressSlots>;

// Arch: TdpArch or Stage2Arch of StressPlatform. Each vCPU is one thread's, and
// so are words of other roles; the thread that made it does the rest, while
// there are no others (set_alone).
template <typename Arch>
class StressMachine final : public StressBase<Arch>, public StressObserver {
 public:
  using Base = StressBase<Arch>;
  using P = typename Arch::P;
  using Tables = typename Arch::Tables;
  using Entry = typename Arch::Entry;
  using Seat = StressSeat<Arch>;

  // `tables` must have been prepared for peeking. `mappings` as in MakeVm.
  StressMachine(const MachineShape& shape, Tables& tables, uint32_t mappings)
      : Base(shape, tables) {
    slot_oracle_.emplace(shape.first_gfn);
    for (int i = 0; i < shape.vcpus; ++i) {
      seats_.push_back(std::make_unique<Seat>(i, tables, shape));
    }
    StressWorld::observer = this;
    this->MakeVm([this](auto& mmu) { mmu_lock_ = &mmu.state().mmu_lock; }, mappings);
  }
  ~StressMachine() override { StressWorld::observer = nullptr; }

  void set_alone(bool alone) { alone_ = alone; }
  void Collapse(Gfn first, Gfn last) { mmu_->Collapse(first, last); }

  // Nothing that an operation took may still be held when it has returned. And
  // callbacks must keep up: they are what gives table pages back.
  void EndOperation() {
    P::Check(!NativeHolds::Any() && !NativeSrcu::AnyHeld(), ViolationKind::kLockDiscipline, "P3",
             "{thread} leaves an operation with a lock held or inside a read section");
    while (rcu_.pending() > kMostCallbacks) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  // --- Environment. ---

  void CleanPage(Pfn pfn) override {
    StressThread::AtPoint();  // it takes time
    host_.Clean(pfn);
  }
  void FlushRange(int vcpu, Gfn first, Gfn last, bool wait_for_walks) override {
    Seat& seat = *seats_[Index(vcpu)];
    // First those are over who may have read the tables as they were, then those
    // who may have found a table of theirs cached, then those who may have found a
    // translation.
    if (wait_for_walks) WaitForStay(seat);
    seat.processor.DropTables(first, last);
    if (wait_for_walks) WaitForStay(seat);
    seat.processor.DropTranslations(first, last);
    WaitForStay(seat);
  }
  void Interrupt(int vcpu) override { WaitForStay(*seats_[Index(vcpu)]); }
  void SetHardwareRoot(int vcpu, Pfn table) override {
    Base::SetHardwareRoot(vcpu, table);
    seats_[Index(vcpu)]->root_loaded = ++root_clock_;
  }

  // --- Observer. ---

  void OnTrace(TraceKind kind, uint64_t a, uint64_t /*b*/, std::source_location where) override {
    StressThread* const self = StressThread::Current();
    switch (kind) {
      case TraceKind::kMapped:
        if (self != nullptr) self->mapped = true;
        return;
      case TraceKind::kYielded:
        P::Check(self == nullptr || !self->may_not_sleep, ViolationKind::kLockDiscipline, "P3",
                 "{thread} gives up the MMU lock in a context that must not sleep", where);
        P::Check(!rcu_.held(), ViolationKind::kLockDiscipline, "P3",
                 "{thread} gives up the MMU lock inside a read section, which must not sleep",
                 where);
        return;
      case TraceKind::kSlotsReplaced:
        // The first comes while the VM is being made, and has no slots.
        if (mmu_ != nullptr) slot_oracle_->Replace(mmu_->state().slots.PeekAt(a));
        return;
      case TraceKind::kTableFreed:
        return Arch::CheckFreed(*mmu_, *tables_.Peek(static_cast<Pfn>(a)));
      case TraceKind::kRootZapped:
        return this->CheckZapped(static_cast<Pfn>(a));
      default:
        return;
    }
  }

 private:
  friend Base;
  using Base::destroyed_;
  using Base::host_;
  using Base::Index;
  using Base::mmu_;
  using Base::rcu_;
  using Base::seats_;
  using Base::slot_oracle_;
  using Base::tables_;
  // A quarter of the table pages that a round has.
  static constexpr uint64_t kMostCallbacks = 512;

  // Returns when the stay in the guest that goes on now, if any, is over.
  static void WaitForStay(const Seat& seat) {
    // Pairs with the fence in Visit: either the vCPU sees what was done before
    // this, or this sees that it is there.
    KeepOracleOrder<P>();
    const uint64_t now = seat.stay.load(std::memory_order_relaxed);
    while (now % 2 != 0 && seat.stay.load(std::memory_order_relaxed) == now) P::Pause();
    KeepOracleOrder<P>();
  }

  void Prepare(Seat& seat) {
    mmu_->PrepareEntry(seat.vcpu);
    Arch::CheckLoaded(*mmu_, seat.vcpu);
  }

  GuestRun Visit(Seat& seat, Gfn gfn, GuestAccess access) {
    const uint64_t stay = seat.stay.load(std::memory_order_relaxed);
    seat.stay.store(stay + 1, std::memory_order_relaxed);
    KeepOracleOrder<P>();
    const bool entered = seat.vcpu.Enter();
    const GuestRun run = entered ? RunGuest(seat, gfn, access) : GuestRun::kNotEntered;
    // The access is over before anybody can see that it is.
    KeepOracleOrder<P>();
    seat.stay.store(stay + 2, std::memory_order_relaxed);
    if (entered) seat.vcpu.Exit();
    return run;
  }
  // The hardware's part.
  GuestRun RunGuest(Seat& seat, Gfn gfn, GuestAccess access) {
    P::Check(seat.processor.root() != kNoPfn, ViolationKind::kRootLifecycle, "R1",
             "{thread} enters the guest without a root");
    P::Check(seat.root_loaded > roots_given_up_, ViolationKind::kStaleTranslation, "R7",
             "{thread} still translates through a root whose zap has returned");
    const auto* translation =
        seat.processor.Translate(gfn, access == GuestAccess::kWrite,
                                 [this](auto& found) { found.stamp = StampOf(found.pfn); });
    if (translation == nullptr) return GuestRun::kFault;
    StressThread::AtPoint();  // whoever takes the page away now has to wait for this access
    if (translation->stamp != StampOf(translation->pfn)) {
      P::Fail({.kind = ViolationKind::kStaleTranslation,
               .invariant = "T1",
               .what = "{thread} reaches page {pfn} through guest frame {gfn}, but the host has "
                       "taken that page back",
               .gfn = gfn,
               .pfn = translation->pfn});
    }
    this->CheckAllowed(gfn, translation->pfn, access == GuestAccess::kWrite);
    host_.Touch(gfn, translation->pfn, {}, access);
    if (Arch::kFetchesPastCaches && access == GuestAccess::kFetch) {
      host_.CheckFetch(gfn, translation->pfn);
    }
    return GuestRun::kDone;
  }
  // 0: the host has no such frame.
  uint32_t StampOf(Pfn pfn) const { return host_.Contains(pfn) ? host_.StampOf(pfn) : 0; }

  // N7: success means that the page was mapped at some time during the call.
  FaultResult Fault(Seat& seat, const GuestFault& fault) {
    StressThread* const self = StressThread::Current();
    if (self != nullptr) self->mapped = false;
    const FaultResult result = mmu_->Fault(seat.vcpu, fault);
    const bool success = result == FaultResult::kFixed || result == FaultResult::kSpurious;
    P::Check(!success || self == nullptr || self->mapped, ViolationKind::kAssertion, "N7",
             "a fault of {thread} reports success although it has mapped nothing");
    return result;
  }

  template <typename F>
  void UpdateSlots(F update) {
    update();
  }
  std::optional<StressSlots::Slot> SlotNow(uint32_t id) const { return slot_oracle_->Find(id); }

  template <typename F>
  void GiveUpRoots(F operation) {
    const uint64_t begun = ++root_clock_;
    operation();
    // R7: from here on nobody may translate through what was loaded before it began.
    if constexpr (Arch::kReplacesRoots) roots_given_up_.Raise(begun);
  }

  // What the host's own locks are for: no huge page forms of what somebody is
  // taking back. Counts those who are at it; kForming: nobody else may begin.
  void BeginInvalidation(Hva /*first*/, Hva /*last*/, bool may_sleep) {
    int others = invalidations_.load(std::memory_order_relaxed);
    while (others < 0 ||
           !invalidations_.compare_exchange_weak(others, others + 1, std::memory_order_relaxed)) {
      P::Pause();
      others = invalidations_.load(std::memory_order_relaxed);
    }
    KeepOracleOrder<P>();
    if (StressThread* const self = StressThread::Current()) {
      self->outer.push_back(self->may_not_sleep);
      self->may_not_sleep = !may_sleep;
    }
  }
  void NotifierReturned() {
    if (StressThread* const self = StressThread::Current()) {
      self->may_not_sleep = self->outer.back();
      self->outer.pop_back();
    }
  }
  void EndInvalidation() {
    KeepOracleOrder<P>();
    invalidations_.fetch_add(-1, std::memory_order_relaxed);
  }
  bool MayFormBlock(Hva /*block*/) {
    int mine = 1;
    return invalidations_.compare_exchange_strong(mine, kForming, std::memory_order_relaxed);
  }
  void FormedBlock() { invalidations_.store(1, std::memory_order_relaxed); }

  // Only a world that stands still can be looked at as a whole: the accesses
  // themselves are judged instead, and the state at rest.
  void GuestsEnd() {}
  void CheckUnmapped(Hva /*first*/, Hva /*last*/) const {}
  void CheckCacheInvalid(Hva /*first*/, Hva /*last*/) const {}
  void CheckCacheValid() const {}
  void CheckSleeping() const {
    P::Check(!rcu_.held() && !NativeHolds::Has(mmu_lock_), ViolationKind::kLockDiscipline, "P3",
             "{thread} asks the host for a page with a lock of the MMU's held");
  }
  bool alone() const { return alone_; }

  static constexpr int kForming = -1;

  const void* mmu_lock_ = nullptr;
  bool alone_ = true;
  std::atomic<int> invalidations_{0};
  OracleWord<P, uint64_t> root_clock_;
  OracleWord<P, uint64_t> roots_given_up_;
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_MACHINE_H_
