// The cheapest world around an MMU that is still one, for benchmarks: what is
// measured is the MMU. FakeEnvironment counts what happens, in words that all
// threads write; here nothing is written that threads share.
#ifndef RACEWALK_CORE_VM_LEAN_ENVIRONMENT_H_
#define RACEWALK_CORE_VM_LEAN_ENVIRONMENT_H_

#include <array>
#include <cstddef>

#include "absl/functional/function_ref.h"
#include "core/environment.h"
#include "core/platform/native.h"

namespace racewalk {

// Thread-safe. A host that has every address, each at the page of its own
// number, and never takes one back; vCPUs that are never in the guest. Looking a
// page up is one load, giving it back nothing.
class LeanEnvironment final : public Environment {
 public:
  static constexpr int kMostVcpus = 8;

  // The level at which the host maps everything; before faults, or with all
  // that was mapped at another level gone.
  // relaxed: nothing is ordered by a host that never changes; also below.
  void MapAt(int level) { level_.store(level, std::memory_order_relaxed); }
  Pfn root(int vcpu) const { return roots_[static_cast<std::size_t>(vcpu)].table; }

  // relaxed: as above
  HostPage FaultIn(Hva address, bool /*write*/) override {
    return {.pfn = base_.load(std::memory_order_relaxed) + static_cast<Pfn>(address),
            .generation = 0,
            .writable = true,
            .counted = true};
  }
  // relaxed: as above
  int MappingLevel(Hva /*address*/) override { return level_.load(std::memory_order_relaxed); }
  void ReleasePage(const HostPage& /*page*/, bool /*dirty*/) override {}
  bool IsCounted(Pfn /*pfn*/) override { return true; }
  void GetPage(Pfn /*pfn*/) override {}
  void PutPage(Pfn /*pfn*/) override {}
  void MarkPage(Pfn /*pfn*/, bool /*accessed*/, bool /*dirty*/) override {}
  void CleanPage(Pfn /*pfn*/) override {}
  HostMapping MapPage(const HostPage& page) override { return page.pfn; }
  void UnmapPage(HostMapping /*mapping*/) override {}
  void WriteMapping(HostMapping /*mapping*/) override {}
  void DrainLog(int /*vcpu*/, absl::FunctionRef<void(Gfn)> /*visit*/) override {}
  void FlushOwnTlb(int /*vcpu*/) override {}
  void FlushRange(int /*vcpu*/, Gfn /*first*/, Gfn /*last*/, bool /*wait*/) override {}
  void Interrupt(int /*vcpu*/) override {}
  void SetHardwareRoot(int vcpu, Pfn table) override {
    roots_[static_cast<std::size_t>(vcpu)].table = table;
  }

 private:
  struct alignas(64) Root {
    Pfn table = kNoPfn;  // of the vCPU's own thread
  };

  // Page numbers begin here: aligned, so that any address can be part of a block.
  NativePlatform::Atomic<Pfn> base_{Pfn{1} << 27};
  NativePlatform::Atomic<int> level_{1};
  std::array<Root, kMostVcpus> roots_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_LEAN_ENVIRONMENT_H_
