// What is measured: an MMU of full size with a lean world around it, and what
// one would have in its place. All have the same interface:
//   T(threads, frames)              guest frames [0, frames), mapped by that many threads
//   bool Fault(thread, gfn)         maps one page, into tables that are there
//   void Unmap(thread, first, last)
//   Pfn Walk(thread, gfn)           what the hardware does; kNoPfn: nothing is mapped there
//   Loop                            one on its stack is a thread's that faults
#ifndef RACEWALK_CORE_VM_MEASURED_VM_H_
#define RACEWALK_CORE_VM_MEASURED_VM_H_

#include <oneapi/tbb/concurrent_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "core/geometry.h"
#include "core/mmu.h"
#include "core/platform/native.h"
#include "core/platform/native/bare_walk.h"
#include "core/platform/native_quiescent.h"
#include "core/vcpu/vcpu.h"
#include "core/vm/lean_environment.h"
#include "core/vm/vcpu_loop.h"

namespace racewalk {

using RealGeometry = Geometry<4, 9>;

// The native world as an embedder would have it: the calls to what is outside
// are direct ones. With any MMU lock, and either platform.
template <typename Lock, typename Native = NativePlatform>
struct NativeWith : Native {
  using Environment = LeanEnvironment;
  using SharedMutex = BasicNativeSharedMutex<Lock>;
  static bool ShouldYield(const SharedMutex& lock, point /*p*/) { return lock.contended(); }
};

// Excludes nobody: what is left of a fault is the cost of everything else.
// Only where no two threads need it.
class NoLock {
 public:
  void lock() {}
  bool try_lock() { return true; }
  void unlock() {}
  void lock_shared() {}
  bool try_lock_shared() { return true; }
  void unlock_shared() {}
};

// View: TdpView or Stage2View.
template <template <typename, typename> typename View, typename PlatformT>
class MeasuredVm {
 public:
  using P = PlatformT;
  using Arch = View<P, RealGeometry>;
  using G = RealGeometry;
  using Loop = VcpuLoop<P>;
  static constexpr uint32_t kTablePages = 8192;

  // Slots of `frames` / `slots` guest frames each.
  MeasuredVm(int threads, Gfn frames, uint32_t slots = 1) : tables_(1, kTablePages) {
    std::vector<Vcpu<P>*> vcpus;
    for (int i = 0; i < threads; ++i) {
      vcpus_.push_back(std::make_unique<Seat>(i));
      vcpus.push_back(&vcpus_.back()->vcpu);
    }
    mmu_ = std::make_unique<typename Arch::Mmu>(environment_, tables_, rcu_, std::move(vcpus),
                                                Variant{}, Options{});
    const Gfn pages = frames / slots;
    for (uint32_t slot = 0; slot < slots; ++slot) {
      mmu_->AddSlot(slot, slot * pages, (slot + 1) * pages - 1, slot * pages);
    }
    for (int i = 0; i < threads; ++i) Prepare(i);
  }
  ~MeasuredVm() {
    for (auto& seat : vcpus_) mmu_->DropRoot(seat->vcpu);
    mmu_->Release();
    mmu_->Unregistered();
    mmu_->Destroy();
    mmu_ = nullptr;
    rcu_.barrier();
  }

  void Prepare(int thread) { mmu_->PrepareEntry(VcpuOf(thread)); }
  bool Fault(int thread, Gfn gfn) {
    const FaultResult result = mmu_->Fault(VcpuOf(thread), {.gfn = gfn, .write = true});
    Loop::Announce();
    return result == FaultResult::kFixed;
  }
  // The guest writes a page that is mapped for reading.
  bool FaultAgain(int thread, Gfn gfn) {
    const GuestFault fault{.gfn = gfn, .write = true, .present = true, .level = 1};
    return mmu_->Fault(VcpuOf(thread), fault) == FaultResult::kFixed;
  }
  void Unmap(int /*thread*/, Gfn first, Gfn last) {
    mmu_->InvalidateStart(first, last, /*may_yield=*/true);
    mmu_->InvalidateEnd(first, last);
  }
  Pfn Walk(int thread, Gfn gfn) {
    Pfn table = environment_.root(thread);
    for (int level = G::kLevels;; --level) {
      auto& word = tables_.Peek(table)->entries[G::Index(gfn, level)];
      typename Arch::Entry entry = word.hardware_load();
      if (entry.table()) {
        table = entry.pfn();
        continue;
      }
      if (!entry.leaf() || !entry.Translates(/*notes=*/true)) return kNoPfn;
      const typename Arch::Entry noted = entry.Noted(/*write=*/true, /*notes=*/true);
      if (noted == entry || word.hardware_compare_exchange(entry, noted)) {
        return entry.Part(gfn - G::Align(gfn, level)).pfn();
      }
    }
  }

  // Bytes of the table pages in use, without and with what is kept beside each.
  std::pair<double, double> BytesOfTables() {
    rcu_.barrier();
    double pages = 0;
    for (Pfn pfn = tables_.first(); pfn < tables_.end(); ++pfn) {
      const auto* table = tables_.Peek(pfn);
      if (table != nullptr && table->life.alive()) ++pages;
    }
    using Table = typename Arch::Tables::Table;
    return {pages * sizeof(Table::entries), pages * sizeof(Table)};
  }

  LeanEnvironment& environment() { return environment_; }
  typename Arch::Mmu& mmu() { return *mmu_; }
  typename P::Rcu& rcu() { return rcu_; }

 private:
  using Variant = std::remove_cvref_t<decltype(std::declval<typename Arch::Mmu>().state().variant)>;
  using Options = std::remove_cvref_t<decltype(std::declval<typename Arch::Mmu>().state().options)>;

  // vCPUs are written by their own threads.
  struct alignas(64) Seat {
    explicit Seat(int index) : vcpu(index) {}
    Vcpu<P> vcpu;
  };
  Vcpu<P>& VcpuOf(int thread) { return vcpus_[static_cast<std::size_t>(thread)]->vcpu; }

  LeanEnvironment environment_;
  typename Arch::Tables tables_;
  typename P::Rcu rcu_{"tables"};
  std::vector<std::unique_ptr<Seat>> vcpus_;
  std::unique_ptr<typename Arch::Mmu> mmu_;
};

// Of a subject that asks nothing of threads.
struct NoLoop {};

class MeasuredBareWalk {
 public:
  using Loop = NoLoop;

  MeasuredBareWalk(int /*threads*/, Gfn frames) : table_(frames) {}

  bool Fault(int /*thread*/, Gfn gfn) { return table_.Install(gfn, PageOf(gfn)); }
  void Unmap(int /*thread*/, Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) table_.Clear(gfn);
  }
  Pfn Walk(int /*thread*/, Gfn gfn) const { return table_.Walk(gfn); }

  static Pfn PageOf(Gfn gfn) { return static_cast<Pfn>(gfn) + 1; }

 protected:
  BareTable<RealGeometry> table_;
};

// With the second locked instruction that stage 2 owes its tables. Only for faults:
// Unmap leaves the counts alone.
class MeasuredCountedWalk : public MeasuredBareWalk {
 public:
  using MeasuredBareWalk::MeasuredBareWalk;
  bool Fault(int /*thread*/, Gfn gfn) { return table_.InstallCounted(gfn, PageOf(gfn)); }
};

// The same table under one mutex.
class MeasuredMutex {
 public:
  using Loop = NoLoop;

  MeasuredMutex(int threads, Gfn frames) : table_(threads, frames) {}

  bool Fault(int thread, Gfn gfn) {
    const absl::MutexLock lock(&mutex_);
    return table_.Fault(thread, gfn);
  }
  void Unmap(int thread, Gfn first, Gfn last) {
    const absl::MutexLock lock(&mutex_);
    table_.Unmap(thread, first, last);
  }
  Pfn Walk(int thread, Gfn gfn) {
    const absl::MutexLock lock(&mutex_);
    return table_.Walk(thread, gfn);
  }

 private:
  absl::Mutex mutex_;
  MeasuredBareWalk table_;
};

// What one would take from the shelf: a concurrent map from guest frames to pages.
class MeasuredMap {
 public:
  using Loop = NoLoop;

  MeasuredMap(int /*threads*/, Gfn frames) : map_(frames) {}

  bool Fault(int /*thread*/, Gfn gfn) { return map_.insert({gfn, MeasuredBareWalk::PageOf(gfn)}); }
  void Unmap(int /*thread*/, Gfn first, Gfn last) {
    for (Gfn gfn = first; gfn <= last; ++gfn) map_.erase(gfn);
  }
  Pfn Walk(int /*thread*/, Gfn gfn) const {
    Map::const_accessor found;
    return map_.find(found, gfn) ? found->second : kNoPfn;
  }

 private:
  using Map = oneapi::tbb::concurrent_hash_map<Gfn, Pfn>;
  Map map_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_MEASURED_VM_H_
