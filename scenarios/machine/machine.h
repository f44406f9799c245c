// The world around an MMU: vCPUs and their hardware, the host's memory, the
// notifier that joins them, and the oracles that watch.
//
// Oracles live in plain memory and add no happens-before edge. Every violation
// they report would be one whatever the interleaving (DESIGN 5, MODEL).
#ifndef RACEWALK_SCENARIOS_MACHINE_MACHINE_H_
#define RACEWALK_SCENARIOS_MACHINE_MACHINE_H_

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "core/mmu.h"
#include "core/platform/platform.h"
#include "core/platform/relacy/world.h"
#include "core/tables/peek.h"
#include "core/vcpu/vcpu.h"
#include "scenarios/machine/base.h"
#include "scenarios/machine/entry_history.h"
#include "scenarios/machine/meter.h"
#include "scenarios/machine/page_cache.h"
#include "scenarios/machine/processor.h"
#include "scenarios/machine/shape.h"
#include "scenarios/machine/slot_oracle.h"
#include "scenarios/machine/vm_shape.h"
#include "scenarios/machine/walk_progress.h"

namespace racewalk {

// A vCPU and its hardware.
template <typename Arch>
struct ExploredSeat {
  using P = typename Arch::P;
  using Tables = typename Arch::Tables;
  ExploredSeat(int index, Tables& tables, const MachineShape& shape)
      : vcpu(index), processor(tables, shape.guest_frames, Arch::Hardware(shape)) {}
  Vcpu<P> vcpu;
  Processor<P, typename Arch::G, Tables> processor;
  bool in_guest = false;   // the hardware is executing the guest
  bool kicked = false;     // an interrupt is pending for the next entry
  bool preparing = false;  // requests that were taken are being carried out
  uint64_t visits = 0;     // how often it has been
};

template <typename Arch>
class Machine;
template <typename Arch>
using ExploredBase =
    MachineBase<Machine<Arch>, Arch, ExploredSeat<Arch>, SlotOracle<typename Arch::P>>;

// Arch: TdpArch or Stage2Arch.
template <typename Arch>
class Machine final : public ExploredBase<Arch>, public Observer {
 public:
  using Base = ExploredBase<Arch>;
  using P = typename Arch::P;
  using G = typename Arch::G;
  using Entry = typename Arch::Entry;
  // More than an execution can use before it is stopped for its length.
  static constexpr uint32_t kTablePages = 1U << 16;

  explicit Machine(const MachineShape& shape)
      : Base(shape, pool_),
        pool_(2 * shape.guest_frames + block_, kTablePages),
        history_(pool_, shape.vcpus, !Arch::Hardware(shape).conflicts) {
    for (int i = 0; i < shape.vcpus; ++i) {
      seats_.push_back(std::make_unique<Seat>(i, pool_, shape));
    }
    this->MakeVm([this](auto& mmu) { slot_oracle_.emplace(mmu.state().slots); },
                 PageCache<P>::kMaxMappings);
  }

  void Collapse(Gfn first, Gfn last) { metering_.Collapse(*mmu_, first, last); }
  void set_meter(Meter* meter) { metering_.Begin(meter, mmu_->state().mmu_lock.location()); }

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

  VmShape TableShape() const {
    VmShape shape;
    if (destroyed_) return shape;
    shape.startable = rcu_.Startable();
    shape.runnable = rcu_.Runnable();
    Arch::ForEachRoot(*mmu_, [&](Pfn root, bool valid) {
      ++(valid ? shape.valid_roots : shape.invalid_roots);
      PeekTables<G>(tables_, root, [&](const auto& table, int level, Gfn /*base*/) {
        ++shape.tables;
        shape.depth = std::max(shape.depth, static_cast<uint32_t>(G::kLevels - level + 1));
        for (const auto& entry : table.entries) {
          shape.blocks += level > 1 && entry.peek().leaf() ? 1 : 0;
        }
      });
    });
    return shape;
  }

  // Of how guest frames are mapped and logged, and of which the host has.
  uint64_t StateHash() const {
    uint64_t hash = 0;
    for (Gfn gfn = 0; gfn < shape_.guest_frames; ++gfn) {
      uint64_t state = host_.Present(gfn) ? 1 : 0;
      if (!destroyed_) {
        this->ForEachValidLeafOf(gfn, [&](int level, const Entry& leaf, Pfn) {
          state = state * 8 + static_cast<uint64_t>(level) * 2 + (leaf.writable() ? 1U : 0U);
        });
        state = state * 2 + (this->Marked(gfn) ? 1U : 0U);
      }
      hash = World::Mix(hash + state + 1);
    }
    return hash;
  }

  // --- Environment. ---

  void CleanPage(Pfn pfn) override {
    // It takes time: others may come before.
    World::Get().Wait(
        OpKind::kWait, 0, [](const void*) { return true; }, nullptr,
        std::source_location::current());
    host_.Clean(pfn);
  }
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
  void Interrupt(int vcpu) override {
    metering_.Count([](Meter& meter, int self) { meter.Interrupted(self); });
    seats_[Index(vcpu)]->kicked = !seats_[Index(vcpu)]->in_guest;
    WaitForVisit(*seats_[Index(vcpu)]);
  }

  // --- Observer. ---

  void OnTrace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) override;

 private:
  friend Base;
  using Tables = typename Arch::Tables;
  using Seat = ExploredSeat<Arch>;
  using Base::block_;
  using Base::destroyed_;
  using Base::host_;
  using Base::Index;
  using Base::mmu_;
  using Base::rcu_;
  using Base::seats_;
  using Base::shape_;
  using Base::slot_oracle_;
  using Base::tables_;

  struct Stay {
    const Seat* seat;
    uint64_t ordinal;
  };
  static constexpr uint32_t kNoLimit = ~0U;

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
    Stay stay{&seat, seat.visits};
    World::Get().Wait(
        OpKind::kWait, 0,
        [](const void* argument) {
          const auto* v = static_cast<const Stay*>(argument);
          return !v->seat->in_guest || v->seat->visits != v->ordinal;
        },
        &stay, std::source_location::current());
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

  GuestRun Visit(Seat& seat, Gfn gfn, GuestAccess access) {
    if (!seat.vcpu.Enter()) return GuestRun::kNotEntered;
    const GuestRun run = RunGuest(seat, gfn, access);
    seat.vcpu.Exit();
    return run;
  }
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
      this->CheckAllowed(gfn, translation->pfn, write);
      host_.Touch(gfn, translation->pfn, translation->ghost, access);
      if (Arch::kFetchesPastCaches && access == GuestAccess::kFetch) {
        host_.CheckFetch(gfn, translation->pfn);
      }
    }
    seat.in_guest = false;
    return translation != nullptr ? GuestRun::kDone : GuestRun::kFault;
  }

  // A stack for each thread; what it is in the middle of and what it was before.
  void BeginInvalidation(Hva first, Hva last, bool may_sleep) {
    invalidating_[Self()].push_back({first, last, may_not_sleep_[Self()]});
    may_not_sleep_[Self()] = !may_sleep;
  }
  void NotifierReturned() { may_not_sleep_[Self()] = invalidating_[Self()].back().outer; }
  void EndInvalidation() { invalidating_[Self()].pop_back(); }
  bool MayFormBlock(Hva block) const { return !OthersInvalidate(block, block + block_ - 1); }
  void FormedBlock() {}
  // Whether another thread of the host is changing something there.
  bool OthersInvalidate(Hva first, Hva last) const {
    for (std::size_t thread = 0; thread < invalidating_.size(); ++thread) {
      if (thread == Self()) continue;
      for (const Range& range : invalidating_[thread]) {
        if (range.first <= last && first <= range.last) return true;
      }
    }
    return false;
  }

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
  void GuestsEnd() { guests_ended_ = true; }
  bool alone() const { return !World::Get().parallel(); }

  void CheckCacheInvalid(Hva first, Hva last) const {
    this->page_cache_->CheckInvalid(first, last);
  }
  void CheckCacheValid() const {
    if (this->registration_.linked()) this->page_cache_->CheckValid();
  }
  void CheckSleeping() const {
    const int self = static_cast<int>(Self());
    P::Check(!rcu_.held() && (destroyed_ || !mmu_->state().mmu_lock.HeldBy(self)),
             ViolationKind::kLockDiscipline, "P3",
             "{thread} asks the host for a page with a lock of the MMU's held");
  }
  void CheckRoot(const Seat& seat) const {
    const TableReference<P>& mine = seat.processor.root();
    for (const auto& root : zapped_) {
      P::Check(!root.Means(mine.pfn, mine.ghost.generation), ViolationKind::kStaleTranslation, "R7",
               "{thread} still translates through a root whose zap has returned");
    }
  }

  // T2, T1: a vCPU outside of guest mode that owes a flush or a reload, or has
  // no root, flushes before it translates anything; and none translates once the
  // address space or the notifier has gone, for which the tables are zapped without a flush.
  bool Exempt(const Seat& seat) const {
    return !seat.in_guest && (guests_ended_ || seat.vcpu.pending() != 0 || seat.preparing ||
                              seat.processor.root().pfn == kNoPfn);
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
  void CheckSlots() const;
  void CheckNoDebt();
  void OnYield(Gfn next, std::source_location where);

  struct Range {
    Hva first;
    Hva last;
    bool outer;  // whether the thread must not sleep outside of it
  };

  Tables pool_;
  EntryHistory<Arch> history_;
  std::vector<TableReference<P>> zapped_;
  bool guests_ended_ = false;
  std::array<bool, kMaxThreads> mapped_{};
  std::array<std::vector<Range>, kMaxThreads> invalidating_{};
  std::array<bool, kMaxThreads> may_not_sleep_{};
  std::array<WalkProgress, kMaxThreads> progress_{};
  Metering metering_;
};

}  // namespace racewalk

#include "scenarios/machine/oracles.h"  // IWYU pragma: export

#endif  // RACEWALK_SCENARIOS_MACHINE_MACHINE_H_
