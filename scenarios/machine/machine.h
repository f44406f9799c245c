// The world around a TDP MMU: vCPUs and their hardware, the host's memory, the
// notifier that joins them, and the oracles that watch.
//
// Oracles live in plain memory and add no happens-before edge. Every violation
// they report would be one whatever the interleaving (DESIGN 5, MODEL).
#ifndef RACEWALK_SCENARIOS_MACHINE_MACHINE_H_
#define RACEWALK_SCENARIOS_MACHINE_MACHINE_H_

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/notifier/registration.h"
#include "core/platform/platform.h"
#include "core/platform/relacy/world.h"
#include "core/tdp/mmu.h"
#include "core/vcpu/vcpu.h"
#include "scenarios/machine/host_memory.h"
#include "scenarios/machine/tdp_hardware.h"

namespace racewalk {

struct MachineShape {
  uint32_t guest_frames = 4;
  int vcpus = 1;
  TdpVariant variant{};
};

template <Platform P, typename G>
class Machine final : public Environment, public Observer {
 public:
  // More than an execution can use before it is stopped for its length.
  static constexpr uint32_t kTablePages = 1U << 16;

  explicit Machine(const MachineShape& shape)
      : shape_(shape),
        host_(shape.guest_frames, 1, 2 * shape.guest_frames),
        tables_(2 * shape.guest_frames + 1, kTablePages) {
    std::vector<Vcpu<P>*> vcpus;
    for (int i = 0; i < shape.vcpus; ++i) {
      seats_.push_back(std::make_unique<Seat>(i, tables_, shape.guest_frames));
      vcpus.push_back(&seats_.back()->vcpu);
    }
    mmu_ = P::template New<TdpMmu<P, G>>(*this, tables_, rcu_, std::move(vcpus), shape.variant);
  }

  // --- What threads do. ---

  // Hardware first, fault path as needed, until done.
  void Access(int vcpu, Gfn gfn, bool write) {
    Seat& seat = *seats_[Index(vcpu)];
    for (;;) {
      Prepare(seat);
      if (!seat.vcpu.Enter()) continue;
      const bool done = RunGuest(seat, gfn, write);
      seat.vcpu.Exit();
      if (done) return;
      const FaultResult result = mmu_->Fault(seat.vcpu, gfn, write);
      if (result == FaultResult::kRetry || result == FaultResult::kNoMemory) P::Pause();
    }
  }
  void FaultOnce(int vcpu, Gfn gfn, bool write) {
    Prepare(*seats_[Index(vcpu)]);
    mmu_->Fault(seats_[Index(vcpu)]->vcpu, gfn, write);
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
  // The host takes pages [first, last] back, between the notifier's start and end.
  void TakeBack(Reclaim how, Gfn first, Gfn last) {
    // Reclaim may come from a context that must not sleep.
    const bool may_sleep = how != Reclaim::kSwap;
    may_not_sleep_[Self()] = !may_sleep;
    const bool told = registration_.Call([&] {
      mmu_->InvalidateStart(first, last, may_sleep);
      CheckUnmapped(first, last);
    });
    may_not_sleep_[Self()] = false;
    // N6: if the VM is no longer told, it has let go of everything before.
    if (!told && !destroyed_) CheckUnmapped(first, last);
    host_.Revoke(first, last);
    for (Gfn gfn = first; gfn <= last; ++gfn) {
      if (how == Reclaim::kMigrate) {
        host_.Move(gfn);
      } else {
        host_.Drop(gfn, how == Reclaim::kSwap ? HostMemory<P>::Keep::kSave
                                              : HostMemory<P>::Keep::kDiscard);
      }
    }
    // The end is delivered to whoever was told of the start.
    if (told) registration_.Call([&] { mmu_->InvalidateEnd(); });
  }

  // Answers to the host whether pages of [first, last] are in use.
  void Age(Gfn first, Gfn last, bool clear) {
    registration_.Call([&] { mmu_->Young(first, last, clear); });
  }
  void Collapse(Gfn first, Gfn last) { mmu_->Collapse(first, last); }
  void InvalidateRoots() {
    GiveUpRoots([this] { mmu_->InvalidateRoots(); });
  }
  void ZapAll() {
    GiveUpRoots([this] { mmu_->ZapAll(); });
  }
  void SynchronizeRcu() { rcu_.synchronize(); }

  // With all vCPUs closed.
  void Destroy() {
    // In the phases with one thread the last user's descriptors are closed first.
    if (!World::Get().parallel()) {
      for (auto& seat : seats_) mmu_->DropRoot(seat->vcpu);
    }
    registration_.Unregister([&] { mmu_->Release(); });
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
      P::Check(!mmu_->state().mmu_lock.HeldBy(static_cast<int>(Self())),
               ViolationKind::kLockDiscipline, "P3",
               "{thread} leaves an operation with the MMU lock held");
    }
  }

  // --- At rest: no other thread runs. ---

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
  }
  // Whether a valid root maps gfn to the host's page.
  bool Mapped(Gfn gfn) const {
    bool mapped = false;
    ForEachLeaf([&](TdpRoot<P, G>& root, Gfn at, int level, const Spte<P>& leaf) {
      if (level == 1 && at == gfn && !root.invalid.peek()) mapped |= host_.Maps(gfn, leaf.pfn());
    });
    return mapped;
  }
  // Whether a valid root maps gfn with A set.
  bool Young(Gfn gfn) const {
    bool young = false;
    ForEachLeaf([&](TdpRoot<P, G>& root, Gfn at, int level, const Spte<P>& leaf) {
      if (level == 1 && at == gfn && !root.invalid.peek()) young |= leaf.accessed();
    });
    return young;
  }
  // Of the guest frames that are mapped, and of those that the host has.
  uint64_t StateHash() const {
    uint64_t hash = 0;
    for (Gfn gfn = 0; gfn < shape_.guest_frames; ++gfn) {
      hash = hash * 4 + (!destroyed_ && Mapped(gfn) ? 2U : 0U) + (host_.Present(gfn) ? 1U : 0U);
    }
    return World::Mix(hash + 1);
  }

  // --- Environment. ---

  HostPage FaultIn(Gfn gfn, bool /*write*/) override {
    const int self = static_cast<int>(Self());
    P::Check(!rcu_.held() && (destroyed_ || !mmu_->state().mmu_lock.HeldBy(self)),
             ViolationKind::kLockDiscipline, "P3",
             "{thread} asks the host for a page with a lock of the MMU's held");
    return host_.FaultIn(gfn);
  }
  void ReleasePage(const HostPage& page, bool dirty) override { host_.Release(page, dirty); }
  void MarkPage(Pfn pfn, bool accessed, bool dirty) override {
    if (accessed || dirty) host_.Mark(pfn, dirty);
  }
  void FlushOwnTlb(int vcpu) override { seats_[Index(vcpu)]->processor.Flush(); }
  void SetHardwareRoot(int vcpu, Pfn table) override { seats_[Index(vcpu)]->processor.Load(table); }
  void Interrupt(int vcpu) override {
    seats_[Index(vcpu)]->kicked = !seats_[Index(vcpu)]->in_guest;
    Visit visit{seats_[Index(vcpu)].get(), seats_[Index(vcpu)]->visits};
    World::Get().Wait(
        OpKind::kWait, 0,
        [](const void* argument) {
          const auto* v = static_cast<const Visit*>(argument);
          return !v->seat->in_guest || v->seat->visits != v->ordinal;
        },
        &visit, std::source_location::current());
  }

  // --- Observer. ---

  void OnTrace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) override;

 private:
  struct Seat {
    Seat(int index, TdpTables<P, G>& tables, uint32_t frames)
        : vcpu(index), processor(tables, frames) {}
    Vcpu<P> vcpu;
    TdpProcessor<P, G> processor;
    bool in_guest = false;   // the hardware is executing the guest
    bool kicked = false;     // an interrupt is pending for the next entry
    bool preparing = false;  // requests that were taken are being carried out
    uint64_t visits = 0;     // how often it has been
  };
  struct Visit {
    const Seat* seat;
    uint64_t ordinal;
  };
  // How a thread's long walk has fared.
  struct Progress {
    uint32_t hold = 0;    // of the MMU lock
    uint32_t visits = 0;  // entries under that hold while somebody waited
    Gfn yielded_at = ~Gfn{0};
    bool moved = true;  // beyond yielded_at
  };
  // A walk that may yield does so before it has kept others waiting for this
  // many entries: down all levels and one to the side is the most it needs.
  static constexpr uint32_t kMaxVisitsWhileOthersWait = G::kLevels + 1;

  static std::size_t Index(int i) { return static_cast<std::size_t>(i); }
  static std::size_t Self() { return Index(World::Get().thread()); }

  template <typename F>
  void GiveUpRoots(F operation) {
    std::vector<TableReference<P>> given_up;
    mmu_->roots().PeekEach(
        [&](TdpRoot<P, G>& root) { given_up.push_back(ReferenceTo(tables_, root.table.peek())); });
    operation();
    // R7: from here on nobody may translate through any of them.
    zapped_.insert(zapped_.end(), given_up.begin(), given_up.end());
  }

  void Prepare(Seat& seat) {
    seat.preparing = true;
    mmu_->PrepareEntry(seat.vcpu);
    seat.preparing = false;
    const auto* root = mmu_->roots().Peek(seat.vcpu.root);
    P::Check(root != nullptr && root->role.peek() == seat.vcpu.role, ViolationKind::kRootLifecycle,
             "R2", "{thread} has loaded a root of another role than its own");
  }

  // The hardware's part; false if it ends with a fault or an interrupt.
  bool RunGuest(Seat& seat, Gfn gfn, bool write) {
    if (std::exchange(seat.kicked, false)) return false;  // the interrupt is taken at entry
    seat.in_guest = true;
    ++seat.visits;
    P::Check(seat.processor.root().pfn != kNoPfn, ViolationKind::kRootLifecycle, "R1",
             "{thread} enters the guest without a root");
    const auto* translation = seat.processor.Translate(gfn, write);
    if (translation != nullptr) {
      CheckRoot(seat);
      host_.Touch(gfn, translation->pfn, translation->ghost, write);
    }
    seat.in_guest = false;
    return translation != nullptr;
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

  // Calls visit(seat, gfn) for each frame of [first, last] that a vCPU can
  // still translate without a walk.
  template <typename F>
  void ForEachCached(Gfn first, Gfn last, F visit) const {
    for (const auto& seat : seats_) {
      if (Exempt(*seat)) continue;
      for (Gfn gfn = first; gfn <= last; ++gfn) {
        if (seat->processor.Caches(gfn)) visit(*seat, gfn);
      }
    }
  }

  void CheckUnmapped(Gfn first, Gfn last);
  void CheckNothingLost(Pfn pfn) const;
  void CheckNoDebt();
  void OnVisit(Gfn next);
  void OnYield(Gfn next, std::source_location where);

  template <typename F>
  void ForEachLeaf(F visit) const {
    mmu_->roots().PeekEach([&](TdpRoot<P, G>& root) {
      PeekTable(root.table.peek(), G::kLevels, 0, [&](Gfn gfn, int level, const Spte<P>& entry) {
        if (entry.leaf()) visit(root, gfn, level, entry);
      });
    });
  }
  // Calls visit(gfn, level, entry) for every entry below table `pfn`.
  template <typename F>
  void PeekTable(Pfn pfn, int level, Gfn base, F visit) const {
    auto* table = tables_.Peek(pfn);
    if (table == nullptr) return;
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      const Spte<P> entry = table->entries[i].peek();
      const Gfn gfn = base + i * G::Span(level);
      visit(gfn, level, entry);
      if (entry.table() && level > 1) PeekTable(entry.pfn(), level - 1, gfn, visit);
    }
  }

  MachineShape shape_;
  HostMemory<P> host_;
  mutable TdpTables<P, G> tables_;
  typename P::Rcu rcu_{"rcu"};
  Registration<P> registration_;
  std::vector<std::unique_ptr<Seat>> seats_;
  TdpMmu<P, G>* mmu_ = nullptr;  // a dead one is still asked, so that it can object
  bool destroyed_ = false;
  std::vector<TableReference<P>> zapped_;
  std::array<bool, kMaxThreads> may_not_sleep_{};
  std::array<Progress, kMaxThreads> progress_{};
};

}  // namespace racewalk

#include "scenarios/machine/oracles.h"  // IWYU pragma: export

#endif  // RACEWALK_SCENARIOS_MACHINE_MACHINE_H_
