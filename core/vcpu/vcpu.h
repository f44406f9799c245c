// A vCPU's mode and requests (kernel: include/linux/kvm_host.h, "vcpu->mode";
// virt/kvm/kvm_main.c, kvm_make_all_cpus_request).
//
// The vCPU announces that it enters guest mode and then looks for requests;
// a requester posts its request and then looks at the mode. Each side's store
// must precede its load in a single total order, or both miss the other: all
// four accesses are seq_cst, and each is a point.
#ifndef RACEWALK_CORE_VCPU_VCPU_H_
#define RACEWALK_CORE_VCPU_VCPU_H_

#include <cstdint>
#include <optional>

#include "core/environment.h"
#include "core/platform/platform.h"

namespace racewalk {

enum class GuestMode : uint8_t { kOutside, kInGuest };

// Bits of the request word.
inline constexpr uint32_t kRequestFlush = 1U << 0;
inline constexpr uint32_t kRequestFreeObsoleteRoot = 1U << 1;

// v14: a page that was looked up for gfn, with its reference, when the sequence
// of invalidations was as it says; not mapped yet.
struct PageStash {
  Gfn gfn = 0;
  HostPage page;
  uint64_t sequence = 0;
};

// Enter, Exit, TakeRequests and the fields below them belong to the thread
// that runs the vCPU; Request may be called by any thread.
template <Platform P>
class Vcpu {
 public:
  static constexpr uint32_t kNoRoot = 0;

  explicit Vcpu(int index)
      : index_(index),
        mode_(GuestMode::kOutside,
              WordName{.what = "mode", .owner = Number(index), .type = ValueType::kMode}),
        requests_(
            0, WordName{.what = "requests", .owner = Number(index), .type = ValueType::kRequests}) {
  }

  int index() const { return index_; }

  // Enters guest mode; false if a request must be handled first.
  bool Enter() {
    mode_.store(GuestMode::kInGuest, P::order(point::mode_announced));
    if (requests_.load(P::order(point::requests_checked)) == 0) return true;
    Exit();
    return false;
  }
  void Exit() {
    // relaxed: a requester that misses it sends an interrupt too many; what the
    // guest did is no software's data.
    mode_.store(GuestMode::kOutside, std::memory_order_relaxed);
  }

  // All pending requests, which the caller now owes.
  uint32_t TakeRequests() { return requests_.exchange(0, P::order(point::requests_taken)); }

  // Posts `request`; when it returns, the vCPU is outside of guest mode or has
  // left it since, and will see the request before it enters again.
  void Request(uint32_t request, typename P::Environment& environment) {
    requests_.fetch_or(request, P::order(point::request_posted));
    if (mode_.load(P::order(point::mode_checked)) == GuestMode::kInGuest &&
        P::keeps(point::kick_waits)) {
      environment.Interrupt(index_);
    }
  }

  // Makes the vCPU leave the guest if it is there.
  void Kick(typename P::Environment& environment) {
    // relaxed: nothing was posted that it could miss
    if (mode_.load(std::memory_order_relaxed) == GuestMode::kInGuest) {
      environment.Interrupt(index_);
    }
  }

  // Slot of the root this vCPU holds a reference to, and the role it wants.
  uint32_t root = kNoRoot;
  uint32_t role = 0;
  std::optional<PageStash> stash;  // v14

  // For oracles.
  uint32_t pending() const { return requests_.peek(); }

 private:
  static uint32_t Number(int index) { return static_cast<uint32_t>(index); }

  int index_;
  typename P::template Atomic<GuestMode> mode_;
  typename P::template Atomic<uint32_t> requests_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VCPU_VCPU_H_
