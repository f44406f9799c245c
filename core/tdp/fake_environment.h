// The least that a TDP MMU needs around it, for tests on real threads: a host
// that gives every guest frame a page, and guests that do nothing.
#ifndef RACEWALK_CORE_TDP_FAKE_ENVIRONMENT_H_
#define RACEWALK_CORE_TDP_FAKE_ENVIRONMENT_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "core/environment.h"
#include "core/platform/native.h"

namespace racewalk {

// Thread-safe. Guest frames that are equal modulo kPages share one page, so
// that the largest table can be used without as many pages. A page that was
// taken back never comes again: frame numbers go up by kPages.
class FakeEnvironment final : public Environment {
 public:
  using P = NativePlatform;
  static constexpr Pfn kPages = 4096;

  explicit FakeEnvironment(int vcpus) : pages_(std::make_unique<P::Atomic<Pfn>[]>(kPages)) {
    for (Pfn page = 0; page < kPages; ++page) pages_[page].initialize(page + kPages);
    for (int i = 0; i < vcpus; ++i) seats_.push_back(std::make_unique<Seat>());
  }

  // --- The host. ---

  // relaxed: a change is made between the notifier's start and end, and what
  // orders it for faults is the retry protocol, which is to be tested.
  Pfn PageOf(Gfn gfn) const { return pages_[gfn % kPages].load(std::memory_order_relaxed); }
  // Between InvalidateStart and InvalidateEnd of [first, last].
  void TakeBack(Gfn first, Gfn last) {
    last = std::min(last, first + kPages - 1);
    for (Gfn gfn = first; gfn <= last; ++gfn) {
      // relaxed: as above
      pages_[gfn % kPages].fetch_add(kPages, std::memory_order_relaxed);
    }
  }
  // What FaultIn returns; set it before threads start.
  bool writable = true;
  bool out_of_memory = false;

  HostPage FaultIn(Gfn gfn, bool /*write*/) override {
    if (out_of_memory) return {};
    references_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    return {.pfn = PageOf(gfn), .generation = 0, .writable = writable};
  }
  void ReleasePage(const HostPage& page, bool dirty) override {
    references_.fetch_add(-1, std::memory_order_relaxed);  // relaxed: a statistic
    if (dirty) Mark(page.pfn);
  }
  void MarkPage(Pfn pfn, bool /*accessed*/, bool dirty) override {
    if (dirty) Mark(pfn);
  }

  // --- The processors. ---

  // By vCPU `vcpu`, around the entry to guest mode and what the guest does.
  void BeginGuest(int vcpu) { Turn(vcpu); }
  void EndGuest(int vcpu) { Turn(vcpu); }
  // What the guest does, between the two: nothing, but every so often others run meanwhile.
  void RunGuest(int vcpu) {
    if (visits_per_yield != 0 && At(vcpu).turns % visits_per_yield == 1) std::this_thread::yield();
  }
  uint64_t visits_per_yield = 0;  // even; 0: never; set it before threads start
  void FlushOwnTlb(int vcpu) override { At(vcpu).flushes += 1; }
  void SetHardwareRoot(int vcpu, Pfn table) override { At(vcpu).root = table; }
  void Interrupt(int vcpu) override {
    interrupts_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    const uint64_t seen = Turns(vcpu);
    while (seen % 2 != 0 && Turns(vcpu) == seen) P::Pause();
  }

  // --- What happened. Of a vCPU: for its own thread, or at rest. ---

  int64_t references() const { return references_.peek(); }  // to pages, not given back
  uint64_t dirty_marks() const { return dirty_marks_.peek(); }
  uint64_t late_marks() const { return late_marks_.peek(); }  // of pages that had been taken back
  uint64_t interrupts() const { return interrupts_.peek(); }
  uint64_t flushes(int vcpu) const { return At(vcpu).flushes; }
  Pfn root(int vcpu) const { return At(vcpu).root; }

 private:
  struct Seat {
    mutable P::Mutex mutex;  // an interrupt orders what the guest did
    uint64_t turns = 0;      // odd: in the guest
    uint64_t flushes = 0;
    Pfn root = kNoPfn;
  };

  Seat& At(int vcpu) const { return *seats_[static_cast<std::size_t>(vcpu)]; }
  void Turn(int vcpu) {
    Seat& seat = At(vcpu);
    seat.mutex.lock();
    ++seat.turns;
    seat.mutex.unlock();
  }
  uint64_t Turns(int vcpu) const {
    const Seat& seat = At(vcpu);
    seat.mutex.lock();
    const uint64_t turns = seat.turns;
    seat.mutex.unlock();
    return turns;
  }
  void Mark(Pfn pfn) {
    dirty_marks_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    // relaxed: a statistic
    if (PageOf(pfn) != pfn) late_marks_.fetch_add(1, std::memory_order_relaxed);
  }

  std::unique_ptr<P::Atomic<Pfn>[]> pages_;
  std::vector<std::unique_ptr<Seat>> seats_;
  P::Atomic<int64_t> references_{0};
  P::Atomic<uint64_t> dirty_marks_{0};
  P::Atomic<uint64_t> late_marks_{0};
  P::Atomic<uint64_t> interrupts_{0};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_FAKE_ENVIRONMENT_H_
