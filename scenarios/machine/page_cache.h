// The machine's page cache: one for the VM, for whichever guest frame it was last
// asked for, and the pages that the host has mapped for it (G1, G2).
#ifndef RACEWALK_SCENARIOS_MACHINE_PAGE_CACHE_H_
#define RACEWALK_SCENARIOS_MACHINE_PAGE_CACHE_H_

#include <cstdint>
#include <optional>

#include "core/environment.h"
#include "core/geometry.h"
#include "core/pfncache/gfn_to_pfn_cache.h"
#include "core/platform/platform.h"
#include "core/tables/frame_array.h"
#include "core/tables/life.h"
#include "scenarios/machine/host_memory.h"
#include "scenarios/machine/oracle_word.h"
#include "scenarios/machine/slot_oracle.h"

namespace racewalk {

// Oracle state orders nothing. Slots: bool Allows(gfn, address), whether the
// guest frame may lead there; and AddressOf(gfn), where it leads at rest, if
// anywhere.
template <Platform P, typename Slots = SlotOracle<P>>
class PageCache {
 public:
  // Natively mappings are told apart for as long as there are no more than these.
  static constexpr uint32_t kMaxMappings = 1U << 16;

  PageCache(PfnCaches<P>& caches, HostMemory<P>& host, const Slots& slots,
            uint32_t most_mappings = kMaxMappings)
      : host_(host), slots_(slots), mappings_(most_mappings), cache_(caches) {}

  // --- What threads do. That a page cannot be had is no error. ---

  void Activate(Gfn gfn) { cache_.Activate(gfn); }
  void Refresh(Gfn gfn) { cache_.Refresh(gfn); }
  // alone: nobody else runs who could take the page away.
  void Use(Gfn gfn, bool alone) {
    const bool used = cache_.Use(gfn, [&](HostMapping mapping) {
      CheckFrame(gfn, mapping);
      Write(mapping);
    });
    P::Check(used || !alone || !IsUsable(gfn), ViolationKind::kAssertion, "G1",
             "the page cache is active and nobody takes its page away, but it cannot be used");
  }
  void Deactivate() { cache_.Deactivate(); }

  // --- Environment. ---

  HostMapping Map(const HostPage& page) {
    uint32_t number = ++made_;
    if constexpr (!P::kExplored) number = (number - 1) % mappings_.size() + 1;
    const bool again = mappings_.Contains(number - 1);
    Mapping& mine = mappings_.Prepare(number - 1);
    if (again) mine.Renew();
    mine.page = page;
    mine.address = host_.AddressOf(page.pfn);
    return number;
  }
  void Unmap(HostMapping mapping) {
    Mapping& mine = At(mapping);
    P::Check(mine.mapped, ViolationKind::kDoubleFree, "G2",
             "{thread} unmaps a page of a page cache that has been unmapped already");
    mine.mapped = false;
    mine.life.End();
  }
  void Write(HostMapping mapping) {
    Mapping& mine = At(mapping);
    P::Check(mine.mapped, ViolationKind::kUseAfterFree, "G2",
             "{thread} writes through a page cache to a page that has been unmapped");
    mine.life.Check();
    host_.WriteMapped(mine.page.pfn, mine.page.generation);
  }

  // --- Oracles. ---

  // While the host takes [first, last] back, between the notifier's start and end.
  void CheckInvalid(Hva first, Hva last) const {
    if (!cache_.valid() || cache_.address() < first || last < cache_.address()) return;
    Fail(ViolationKind::kStaleTranslation,
         "the page cache is valid for page {pfn} at host address {value}, although the host's "
         "invalidation of it has returned");
  }
  // At any time while the VM still hears of the host, who changes nothing before
  // the notifier's start has returned.
  void CheckValid() const {
    if (!cache_.valid()) return;
    if (!cache_.active()) {
      Fail(ViolationKind::kAssertion,
           "the page cache is valid for page {pfn} at host address {value}, but not active: no "
           "notifier finds it");
    }
    const Mapping& mapping = At(cache_.mapping());
    if (mapping.address != cache_.address() || mapping.page.pfn != cache_.pfn()) {
      Fail(ViolationKind::kBadMapping,
           "the page cache is valid for page {pfn} at host address {value}, but has the page of "
           "another address");
    }
    if (host_.Maps(cache_.address(), cache_.pfn())) return;
    Fail(ViolationKind::kStaleTranslation,
         "the page cache is valid for page {pfn}, which the host does not have at its address "
         "{value}");
  }
  // When the VM has gone.
  void CheckGone() const {
    for (uint32_t index = 0; index < mappings_.size() && mappings_.Contains(index); ++index) {
      P::Check(!mappings_.At(index).mapped, ViolationKind::kLeak, "G2",
               "a page of a page cache is still mapped after the VM is gone");
    }
  }

 private:
  struct Mapping {
    explicit Mapping(uint32_t index) : life(WordName{"mapping_life", index + 1}) { life.Begin(); }
    // Natively only, so long after it was unmapped that nobody means the old one.
    void Renew() {
      P::Check(!mapped, ViolationKind::kLeak, "G2",
               "a page of a page cache has been mapped for longer than the machine can count");
      mapped = true;
      life.Begin();
    }
    HostPage page{};
    Hva address = 0;
    bool mapped = true;
    LifeWord<P> life;
  };

  Mapping& At(HostMapping mapping) { return mappings_.At(static_cast<uint32_t>(mapping) - 1); }
  const Mapping& At(HostMapping mapping) const {
    return mappings_.At(static_cast<uint32_t>(mapping) - 1);
  }

  // With one thread running.
  bool IsUsable(Gfn gfn) const {
    const std::optional<Hva> address = slots_.AddressOf(gfn);
    return cache_.active() && address.has_value() && host_.Present(*address);
  }

  // G1: a use of the cache for gfn reaches what the slots have there.
  void CheckFrame(Gfn gfn, HostMapping mapping) const {
    const HostPage& page = At(mapping).page;
    const Hva address = host_.AddressOf(page.pfn);
    if (address == HostMemory<P>::kNoAddress || slots_.Allows(gfn, address)) return;
    P::Fail({.kind = ViolationKind::kBadMapping,
             .invariant = "G1",
             .what = "{thread} reaches page {pfn} through the page cache for guest frame "
                     "{gfn}, which the memory slots do not have there",
             .gfn = gfn,
             .pfn = page.pfn});
  }
  [[noreturn]] void Fail(ViolationKind kind, const char* what) const {
    P::Fail({.kind = kind,
             .invariant = "G1",
             .what = what,
             .pfn = cache_.pfn(),
             .value = cache_.address()});
  }

  HostMemory<P>& host_;
  const Slots& slots_;
  FrameArray<P, Mapping> mappings_;  // by number, from 1
  OracleWord<P, uint32_t> made_;     // of them
  GfnToPfnCache<P> cache_;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_PAGE_CACHE_H_
