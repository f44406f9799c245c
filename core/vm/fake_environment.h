// The least that an MMU needs around it, for tests on real threads: a host
// that gives every address a page, and guests that do nothing.
#ifndef RACEWALK_CORE_VM_FAKE_ENVIRONMENT_H_
#define RACEWALK_CORE_VM_FAKE_ENVIRONMENT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/environment.h"
#include "core/platform/native.h"

namespace racewalk {

// Thread-safe. Addresses that are equal modulo kPages share one page, so that
// the largest table can be used without as many pages. A page that was taken
// back never comes again: frame numbers go up by kPages. What is in a page
// belongs to its address and stays when the page goes, as if it was swapped.
class FakeEnvironment final : public Environment {
 public:
  using P = NativePlatform;
  // What a block at the highest level of the real geometry maps.
  static constexpr Pfn kPages = Pfn{1} << 18;

  explicit FakeEnvironment(int vcpus) : pages_(std::make_unique<Page[]>(kPages)) {
    for (Pfn page = 0; page < kPages; ++page) pages_[page].pfn.initialize(page + kPages);
    for (int i = 0; i < vcpus; ++i) seats_.push_back(std::make_unique<Seat>());
  }

  // --- The host. ---

  // relaxed: a change is made between the notifier's start and end, and what
  // orders it for faults is the retry protocol, which is to be tested.
  Pfn PageOf(Hva address) const { return PageAt(address).pfn.load(std::memory_order_relaxed); }

  // From now on the host has huge pages of `pages` pages, which map at `level`.
  // Before threads start and before any page is taken back; or between
  // InvalidateStart and InvalidateEnd of everything, followed by a TakeBack of that.
  void MapAt(int level, Gfn pages) {
    level_.store(level, std::memory_order_relaxed);       // relaxed: ordered by the MMU lock
    huge_pages_.store(pages, std::memory_order_relaxed);  // relaxed: for the host itself
  }
  // The huge pages around [first, last]: the host takes no part of one.
  std::pair<Hva, Hva> Whole(Hva first, Hva last) const {
    const Gfn pages = huge_pages_.load(std::memory_order_relaxed);  // relaxed: as above
    return {first & ~(pages - 1), last | (pages - 1)};
  }
  // Between InvalidateStart and InvalidateEnd of [first, last], which are Whole.
  void TakeBack(Hva first, Hva last) {
    last = std::min(last, first + kPages - 1);
    const Gfn pages = huge_pages_.load(std::memory_order_relaxed);  // relaxed: as above
    host_lock_.lock();
    for (Hva base = first; base <= last; base += pages) {
      Pfn newest = 0;
      for (Hva address = base; address < base + pages; ++address) {
        newest = std::max(newest, PageOf(address) / kPages);
      }
      P::Check(newest + 1 < ~Pfn{0} / kPages, ViolationKind::kAssertion, "",
               "the fake host is out of page numbers");
      for (Hva address = base; address < base + pages; ++address) {
        // relaxed: as in PageOf
        PageAt(address).pfn.store((newest + 1) * kPages + Index(address),
                                  std::memory_order_relaxed);
      }
    }
    host_lock_.unlock();
  }
  // What FaultIn returns; set it before threads start.
  bool writable = true;
  bool out_of_memory = false;

  HostPage FaultIn(Hva address, bool /*write*/) override {
    const uint64_t before =
        lookups_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    if (out_of_memory) return {};
    const HostPage page{.pfn = PageOf(address),
                        .generation = 0,
                        .writable = writable,
                        .counted = IsCounted(PageOf(address))};
    if (page.counted) GetPage(page.pfn);
    // It may sleep, and the page may have been taken back by when it wakes.
    if (visits_per_yield != 0 && before % kLookupsPerYield == 0) std::this_thread::yield();
    return page;
  }
  int MappingLevel(Hva /*address*/) override {
    return level_.load(std::memory_order_relaxed);  // relaxed: as in MapAt
  }
  void ReleasePage(const HostPage& page, bool dirty) override {
    references_.fetch_add(-1, std::memory_order_relaxed);  // relaxed: a statistic
    if (dirty) Mark(page.pfn);
  }
  // The page at address `device` is a device's, and so is whatever replaces it.
  Hva device = ~Hva{0};  // set it before threads start
  bool IsCounted(Pfn pfn) override { return Index(pfn) != Index(device); }
  void GetPage(Pfn /*pfn*/) override {
    references_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
  }
  void PutPage(Pfn /*pfn*/) override {
    references_.fetch_add(-1, std::memory_order_relaxed);  // relaxed: a statistic
  }
  void CleanPage(Pfn /*pfn*/) override {}
  void MarkPage(Pfn pfn, bool /*accessed*/, bool dirty) override {
    if (dirty) Mark(pfn);
  }

  // The contents are how often the page was written. Both find and leave the
  // newest, since they are read-modify-writes.
  void Write(Hva address) {
    // relaxed: what a guest writes is no software's data
    PageAt(address).writes.fetch_add(1, std::memory_order_relaxed);
  }
  uint32_t Contents(Hva address) {
    // relaxed: as above
    return PageAt(address).writes.fetch_add(0, std::memory_order_relaxed);
  }

  // A mapping is the number of the page.
  HostMapping MapPage(const HostPage& page) override {
    mappings_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    return page.pfn;
  }
  void UnmapPage(HostMapping /*mapping*/) override {
    mappings_.fetch_add(-1, std::memory_order_relaxed);  // relaxed: a statistic
  }
  void WriteMapping(HostMapping mapping) override {
    const Pfn pfn = static_cast<Pfn>(mapping);
    PageAt(pfn).writes.fetch_add(1, std::memory_order_relaxed);  // relaxed: as in Write
    // relaxed: a statistic
    if (PageOf(pfn) != pfn) late_writes_.fetch_add(1, std::memory_order_relaxed);
  }

  // --- The processors. ---

  // A cached translation of one guest frame.
  struct Translation {
    Gfn gfn = 0;
    Pfn pfn = kNoPfn;  // kNoPfn: none
    bool writable = false;
    bool dirty = false;  // a write need not be noted in the entry
    int level = 1;       // of the entry that it comes from
  };

  // By vCPU `vcpu`, around the entry to guest mode and what the guest does.
  void BeginGuest(int vcpu) {
    Seat& seat = At(vcpu);
    seat.mutex.lock();
    ++seat.turns;
    for (const auto& [first, last] : std::exchange(seat.dropped, {})) {
      for (Translation& cached : seat.tlb) {
        if (first <= cached.gfn && cached.gfn <= last) cached = {};
      }
    }
    seat.mutex.unlock();
  }
  void EndGuest(int vcpu) {
    Seat& seat = At(vcpu);
    seat.mutex.lock();
    ++seat.turns;
    seat.mutex.unlock();
  }
  // What the guest does, between the two: nothing, but every so often others run meanwhile.
  void RunGuest(int vcpu) {
    if (visits_per_yield != 0 && At(vcpu).turns % visits_per_yield == 1) std::this_thread::yield();
  }
  uint64_t visits_per_yield = 0;  // even; 0: never; set it before threads start
  // Where the TLB would have gfn.
  Translation& Cached(int vcpu, Gfn gfn) { return At(vcpu).tlb[gfn % kTranslations]; }
  void FlushOwnTlb(int vcpu) override {
    At(vcpu).tlb.fill({});
    At(vcpu).flushes += 1;
  }
  // From another thread: drops it before the next turn, and lets this one end.
  void FlushRange(int vcpu, Gfn first, Gfn last, bool /*wait_for_walks*/) override {
    Seat& seat = At(vcpu);
    seat.mutex.lock();
    seat.dropped.emplace_back(first, last);
    seat.mutex.unlock();
    AwaitEndOfTurn(vcpu);
  }
  // The hardware has set D in the entry of gfn.
  void Log(int vcpu, Gfn gfn) { At(vcpu).log.push_back(gfn); }
  void DrainLog(int vcpu, absl::FunctionRef<void(Gfn)> visit) override {
    for (const Gfn gfn : std::exchange(At(vcpu).log, {})) visit(gfn);
  }
  void SetHardwareRoot(int vcpu, Pfn table) override { At(vcpu).root = table; }
  void Interrupt(int vcpu) override {
    interrupts_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    AwaitEndOfTurn(vcpu);
  }

  // --- What happened. Of a vCPU: for its own thread, or at rest. ---

  int64_t references() const { return references_.peek(); }  // to pages, not given back
  uint64_t lookups() const { return lookups_.peek(); }       // by FaultIn
  uint64_t dirty_marks() const { return dirty_marks_.peek(); }
  uint32_t dirty_marks(Hva address) const { return PageAt(address).marks.peek(); }
  uint64_t late_marks() const { return late_marks_.peek(); }    // of pages that had been taken back
  int64_t mappings() const { return mappings_.peek(); }         // and not unmapped
  uint64_t late_writes() const { return late_writes_.peek(); }  // through these, as late_marks
  uint64_t interrupts() const { return interrupts_.peek(); }
  uint64_t flushes(int vcpu) const { return At(vcpu).flushes; }
  // What it was told by FlushRange since its last turn, in order.
  const std::vector<std::pair<Gfn, Gfn>>& dropped(int vcpu) const { return At(vcpu).dropped; }
  Pfn root(int vcpu) const { return At(vcpu).root; }

 private:
  static constexpr std::size_t kTranslations = 16;
  static constexpr uint64_t kLookupsPerYield = 8;

  struct Page {
    P::Atomic<Pfn> pfn;
    P::Atomic<uint32_t> writes;
    P::Atomic<uint32_t> marks;
  };
  struct Seat {
    mutable P::Mutex mutex;                    // an interrupt orders what the guest did
    uint64_t turns = 0;                        // odd: in the guest
    std::vector<std::pair<Gfn, Gfn>> dropped;  // of its translations, before the next turn
    uint64_t flushes = 0;
    Pfn root = kNoPfn;
    std::array<Translation, kTranslations> tlb{};
    std::vector<Gfn> log;
  };

  static Pfn Index(Hva address) { return static_cast<Pfn>(address % kPages); }
  Page& PageAt(Hva address) const { return pages_[Index(address)]; }
  Seat& At(int vcpu) const { return *seats_[static_cast<std::size_t>(vcpu)]; }
  uint64_t Turns(int vcpu) const {
    const Seat& seat = At(vcpu);
    seat.mutex.lock();
    const uint64_t turns = seat.turns;
    seat.mutex.unlock();
    return turns;
  }
  void AwaitEndOfTurn(int vcpu) const {
    const uint64_t seen = Turns(vcpu);
    while (seen % 2 != 0 && Turns(vcpu) == seen) P::Pause();
  }
  void Mark(Pfn pfn) {
    dirty_marks_.fetch_add(1, std::memory_order_relaxed);       // relaxed: a statistic
    PageAt(pfn).marks.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
    // relaxed: a statistic
    if (PageOf(pfn) != pfn) late_marks_.fetch_add(1, std::memory_order_relaxed);
  }

  std::unique_ptr<Page[]> pages_;
  P::Mutex host_lock_{"host_lock"};  // one TakeBack at a time
  P::Atomic<int> level_{1};
  P::Atomic<Gfn> huge_pages_{1};
  std::vector<std::unique_ptr<Seat>> seats_;
  P::Atomic<int64_t> references_{0};
  P::Atomic<uint64_t> lookups_{0};
  P::Atomic<uint64_t> dirty_marks_{0};
  P::Atomic<uint64_t> late_marks_{0};
  P::Atomic<int64_t> mappings_{0};
  P::Atomic<uint64_t> late_writes_{0};
  P::Atomic<uint64_t> interrupts_{0};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_FAKE_ENVIRONMENT_H_
