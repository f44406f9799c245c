// What it costs to collapse tables, and what the vCPUs pay meanwhile.
#ifndef RACEWALK_SCENARIOS_MACHINE_METER_H_
#define RACEWALK_SCENARIOS_MACHINE_METER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/geometry.h"
#include "core/mmu.h"
#include "core/platform/decisions.h"
#include "core/platform/platform.h"
#include "core/platform/relacy/world.h"

namespace racewalk {

// On whose account a thread works.
enum class Activity : uint8_t { kOther, kCollapse, kFault, kCallback };

struct Work {
  uint64_t steps = 0;  // scheduling points: atomic operations, locks, read sections, waits
  uint64_t loads = 0;  // atomic ones, as is what follows
  uint64_t stores = 0;
  uint64_t updates = 0;                          // read-modify-writes, failed ones too
  std::array<uint64_t, kFlushScopes> flushes{};  // by FlushScope; one for all vCPUs is one
  uint64_t interrupts = 0;
  uint64_t collapsed = 0;  // tables that gave way to a block or to nothing
  uint64_t freed = 0;      // table pages

  uint64_t flushes_of(FlushScope scope) const { return flushes[static_cast<std::size_t>(scope)]; }
};

// Counts what executions do between setup and rest. Plain memory, and there only for
// who asks for costs: what is explored does not depend on it.
class Meter {
 public:
  const Work& of(Activity activity) const { return work_[static_cast<std::size_t>(activity)]; }
  uint64_t executions() const { return executions_; }
  uint64_t faults() const { return faults_; }
  uint64_t retries() const { return retries_; }  // faults that have to be taken again
  // Reads of tables, and notes in them, by the vCPUs' page walkers.
  uint64_t hardware() const { return hardware_; }
  // Of the exclusive MMU lock, in steps of the thread that held it.
  uint64_t longest_hold() const { return longest_hold_; }
  uint64_t holds() const { return holds_; }
  uint64_t held() const { return held_; }  // in all of them

  // --- For the explorer. ---

  void Begin(int threads) {
    ++executions_;
    threads_ = {};
    At(threads - 1).activity = Activity::kCallback;
    seen_ = 0;
  }
  // Whenever a thread is chosen; only some of the choices follow a step.
  void Choosing(const PickView& view) {
    if (view.step == seen_) return;
    seen_ = view.step;
    Thread& self = At(view.current);
    Work& work = WorkOf(view.current);
    ++self.steps;
    ++work.steps;
    const Announcement& next = (*view.next)[static_cast<std::size_t>(view.current)];
    if (next.kind == OpKind::kLoad) ++work.loads;
    if (next.kind == OpKind::kStore) ++work.stores;
    if (next.kind == OpKind::kRmw) ++work.updates;
    if (next.kind == OpKind::kHardware) ++hardware_;
    if (next.kind == OpKind::kLock && next.location == mmu_lock_) self.locked_at = self.steps;
  }

  // --- For the machine, while threads race. ---

  void set_mmu_lock(uint32_t location) { mmu_lock_ = location; }
  void SetActivity(int thread, Activity activity) { At(thread).activity = activity; }
  void Faulted(bool retry) {
    ++faults_;
    retries_ += retry ? 1 : 0;
  }
  void Flushed(int thread, FlushScope scope) {
    ++WorkOf(thread).flushes[static_cast<std::size_t>(scope)];
  }
  void Interrupted(int thread) { ++WorkOf(thread).interrupts; }
  void Collapsed(int thread) { ++WorkOf(thread).collapsed; }
  void Freed(int thread) { ++WorkOf(thread).freed; }
  void Unlocked(int thread) {
    const uint64_t hold = At(thread).steps - At(thread).locked_at;
    longest_hold_ = std::max(longest_hold_, hold);
    held_ += hold;
    ++holds_;
  }

 private:
  struct Thread {
    Activity activity = Activity::kOther;
    uint64_t steps = 0;
    uint64_t locked_at = 0;
  };

  Thread& At(int thread) { return threads_[static_cast<std::size_t>(thread)]; }
  Work& WorkOf(int thread) { return work_[static_cast<std::size_t>(At(thread).activity)]; }

  std::array<Work, 4> work_{};
  std::array<Thread, kMaxThreads> threads_{};
  uint64_t executions_ = 0;
  uint64_t hardware_ = 0;
  uint64_t faults_ = 0;
  uint64_t retries_ = 0;
  uint64_t longest_hold_ = 0;
  uint64_t holds_ = 0;
  uint64_t held_ = 0;
  uint64_t seen_ = 0;  // the latest step
  uint32_t mmu_lock_ = 0;
};

// A machine's side of a meter, if it has one. Setup and the time at rest do not count.
class Metering {
 public:
  void Begin(Meter* meter, uint32_t mmu_lock) {
    meter_ = meter;
    if (meter != nullptr) meter->set_mmu_lock(mmu_lock);
  }
  // Calls count(meter, thread).
  template <typename F>
  void Count(F count) {
    if (meter_ != nullptr && World::Get().parallel()) count(*meter_, World::Get().thread());
  }
  template <typename Mmu>
  void Collapse(Mmu& mmu, Gfn first, Gfn last) {
    WorkFor(Activity::kCollapse);
    mmu.Collapse(first, last);
    WorkFor(Activity::kOther);
  }
  template <typename Mmu, typename Vcpu>
  FaultResult Fault(Mmu& mmu, Vcpu& vcpu, const GuestFault& fault) {
    WorkFor(Activity::kFault);
    const FaultResult result = mmu.Fault(vcpu, fault);
    WorkFor(Activity::kOther);
    Count([result](Meter& meter, int) { meter.Faulted(result == FaultResult::kRetry); });
    return result;
  }

 private:
  void WorkFor(Activity activity) {
    Count([activity](Meter& meter, int self) { meter.SetActivity(self, activity); });
  }

  Meter* meter_ = nullptr;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_METER_H_
