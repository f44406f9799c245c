// Goal: the oracles of the page cache object to what they should, and to no more.
// Method: one thread of the explored world does what a wrong cache would do.
#include "scenarios/machine/page_cache.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/functional/function_ref.h"
#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus::page_cache_test {
namespace {

using Host = HostMemory<P>;
using Keep = Host::Keep;

// A VM without slots, so that the cache itself does nothing.
struct NoEnvironment final : Environment {
  HostPage FaultIn(Hva, bool) override { return {}; }
  int MappingLevel(Hva) override { return 1; }
  void ReleasePage(const HostPage&, bool) override {}
  void MarkPage(Pfn, bool, bool) override {}
  bool IsCounted(Pfn) override { return true; }
  void GetPage(Pfn) override {}
  void PutPage(Pfn) override {}
  void CleanPage(Pfn /*pfn*/) override {}
  HostMapping MapPage(const HostPage&) override { return kNoMapping; }
  void UnmapPage(HostMapping) override {}
  void WriteMapping(HostMapping) override {}
  void DrainLog(int, absl::FunctionRef<void(Gfn)>) override {}
  void FlushOwnTlb(int) override {}
  void FlushRange(int, Gfn, Gfn, bool) override {}
  void Interrupt(int) override {}
  void SetHardwareRoot(int, Pfn) override {}
};

struct State {
  NoEnvironment environment;
  MemorySlots<P> slots;
  Invalidation<P> invalidation;
  PfnCaches<P> caches{environment, slots, invalidation};
  SlotOracle<P> slot_oracle{slots};
  Host host{2, 1, 4, 1};
  PageCache<P> cache{caches, host, slot_oracle};
  Outcome r{};
};

// What comes of it when address 0 has been mapped as `mapping`.
std::string VerdictOf(const std::function<void(State&, HostMapping)>& body) {
  return Litmus<State>({[&](State& s) {
           const HostPage page = s.host.FaultIn(0, /*write=*/true);
           const HostMapping mapping = s.cache.Map(page);
           s.host.Release(page, /*dirty=*/true);
           body(s, mapping);
         }})
      .AtRest([](State& s) { s.cache.CheckGone(); })
      .Run({.executions = 1})
      .verdict();
}

TEST(PageCache, APageIsWrittenWhileTheHostHasIt) {
  EXPECT_EQ(VerdictOf([](State& s, HostMapping mapping) {
              s.cache.Write(mapping);
              s.host.Revoke(1, 1);
              s.cache.Write(mapping);
              s.cache.CheckInvalid(0, 1);
              s.cache.CheckValid();
              s.cache.Unmap(mapping);
              s.host.Drop(0, Keep::kSave);
            }),
            "clean");
}

TEST(PageCache, NoPageIsWrittenThatTheHostHasTakenBack) {
  const auto write_after = [](const std::function<void(Host&)>& change) {
    return VerdictOf([&](State& s, HostMapping mapping) {
      change(s.host);
      s.cache.Write(mapping);
    });
  };
  EXPECT_EQ(write_after([](Host& host) { host.Revoke(0, 0); }), "stale-translation");
  EXPECT_EQ(write_after([](Host& host) { host.Drop(0, Keep::kSave); }), "use-after-free");
  EXPECT_EQ(write_after([](Host& host) { host.Move(0); }), "use-after-free");
  EXPECT_EQ(write_after([](Host& host) {
              host.Drop(0, Keep::kDiscard);
              host.Release(host.FaultIn(1, /*write=*/true), false);  // the same frame
            }),
            "use-after-free");
  // Between the two somebody else has a reference, so that the frame stays.
  EXPECT_EQ(VerdictOf([](State& s, HostMapping mapping) {
              const HostPage held = s.host.FaultIn(0, /*write=*/true);
              s.host.Drop(0, Keep::kSave);
              s.cache.Write(mapping);
              s.host.Release(held, false);
            }),
            "use-after-free");
}

TEST(PageCache, APageIsUnmappedOnceAndNotWrittenAfter) {
  EXPECT_EQ(VerdictOf([](State&, HostMapping) {}), "leak");
  EXPECT_EQ(VerdictOf([](State& s, HostMapping mapping) {
              s.cache.Unmap(mapping);
              s.cache.Unmap(mapping);
            }),
            "double-free");
  EXPECT_EQ(VerdictOf([](State& s, HostMapping mapping) {
              s.cache.Unmap(mapping);
              s.cache.Write(mapping);
            }),
            "use-after-free");
}

}  // namespace
}  // namespace racewalk::litmus::page_cache_test
