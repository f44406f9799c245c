// Goal: the host's memory hands out base and huge pages as a host does, loses
// no write while it moves them, and its lockless lookup never returns a page
// that has been freed.
// Method: one thread of the explored world, in order, says what it saw; then
// litmus tests with two threads.
#include "scenarios/machine/host_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/relacy/litmus.h"

namespace racewalk::litmus {
namespace {

using Host = HostMemory<P>;
using Keep = Host::Keep;
using Numbers = std::vector<uint64_t>;

// The pool begins at frame `block`.
template <uint32_t addresses, uint32_t frames, uint32_t block>
struct HostState {
  Host host{addresses, block, frames, block};
  Outcome r{};
};

// What `body` notes, or the violation.
struct Observed {
  Numbers noted;
  std::string verdict;
  bool operator==(const Observed&) const = default;
};
Observed Saw(Numbers noted) { return {std::move(noted), "clean"}; }

template <uint32_t addresses, uint32_t frames, uint32_t block>
Observed Observe(const std::function<void(Host&, Numbers&)>& body) {
  using S = HostState<addresses, frames, block>;
  Observed observed;
  const Result result = Litmus<S>({[&](S& s) {
                          observed.noted.clear();
                          body(s.host, observed.noted);
                        }})
                            .AtRest([](S& s) { s.host.CheckAtRest(); })
                            .Run({.executions = 1});
  observed.verdict = result.verdict();
  return observed;
}

void PrintTo(const Observed& observed, std::ostream* out) {
  *out << observed.verdict << ':';
  for (const uint64_t n : observed.noted) *out << ' ' << n;
}

// Looks the page up and lets go of it.
HostPage Look(Host& host, Hva address) {
  const HostPage page = host.FaultIn(address, false);
  if (page.pfn != kNoPfn) host.Release(page, false);
  return page;
}
Pfn PfnOf(Host& host, Hva address) { return Look(host, address).pfn; }

TEST(HostMemory, BasePages) {
  const auto body = [](Host& host, Numbers& n) {
    for (const Hva address : Numbers{2, 0}) {
      const HostPage page = host.FaultIn(address, true);
      n.insert(n.end(), {page.pfn, page.generation, page.writable ? 1U : 0U});
      host.Release(page, true);
    }
    n.push_back(host.Present(1) ? 1U : 0U);
    n.push_back(host.Huge(0) ? 1U : 0U);
    n.push_back(static_cast<uint64_t>(host.MappingLevel(0)));
    n.push_back(host.Maps(2, 1) ? 1U : 0U);
    n.push_back(host.AddressOf(1));
    n.push_back(host.AddressOf(3));
  };
  EXPECT_EQ((Observe<4, 8, 1>(body)), Saw({1, 1, 1, 2, 2, 1, 0, 0, 1, 1, 2, Host::kNoAddress}));
}

TEST(HostMemory, BringsInTheWholeBlock) {
  const auto body = [](Host& host, Numbers& n) {
    const HostPage page = Look(host, 6);
    n = {page.pfn, page.generation, static_cast<uint64_t>(host.MappingLevel(6))};
    for (Hva address = 3; address < 8; ++address) {
      n.push_back(host.Huge(address) ? host.PfnAt(address) : 0);
    }
    n.push_back(host.AddressOf(7));
    n.push_back(Look(host, 4).generation);  // one allocation, one stamp
    n.push_back(Look(host, 0).generation);
  };
  EXPECT_EQ((Observe<8, 8, 4>(body)), Saw({6, 1, 2, 0, 4, 5, 6, 7, 7, 1, 2}));
}

TEST(HostMemory, BringsInBasePagesIfAskedTo) {
  const Result result = Litmus<HostState<0, 0, 2>>({[](HostState<0, 0, 2>& s) {
                          Host host(4, 2, 8, 2, /*brings_in_huge=*/false);
                          s.r = {static_cast<int>(PfnOf(host, 1)), host.Present(0) ? 1 : 0,
                                 host.FormBlock(0) ? 1 : 0, host.MappingLevel(0)};
                        }}).Run({.executions = 1});
  EXPECT_EQ(result.seen, (std::set<Outcome>{{2, 0, 1, 2}}));
}

TEST(HostMemory, WithoutAFreeBlockBasePagesDo) {
  const auto body = [](Host& host, Numbers& n) {
    n = {PfnOf(host, 1), PfnOf(host, 5), PfnOf(host, 4), PfnOf(host, 7)};
    n.push_back(host.Huge(5) ? 1U : 0U);
    n.push_back(static_cast<uint64_t>(host.MappingLevel(5)));
    n.push_back(host.MappingLevel(1) == 2 ? 1U : 0U);
  };
  // One block and two frames more: the fourth page finds none.
  EXPECT_EQ((Observe<8, 6, 4>(body)), Saw({5, 8, 9, kNoPfn, 0, 1, 1}));
}

TEST(HostMemory, NoHugePageAcrossTheEnd) {
  const auto body = [](Host& host, Numbers& n) {
    n = {PfnOf(host, 4), host.Huge(4) ? 1U : 0U, PfnOf(host, 5)};
  };
  EXPECT_EQ((Observe<6, 16, 4>(body)), Saw({4, 0, 5}));
}

TEST(HostMemory, SplitKeepsFramesAndStamps) {
  const auto body = [](Host& host, Numbers& n) {
    PfnOf(host, 0);
    n.push_back(host.Drop(1, Keep::kDiscard) ? 1U : 0U);  // not before it is split
    n.push_back(host.Move(1) ? 1U : 0U);
    host.SplitBlock(2);
    for (Hva address = 0; address < 4; ++address) {
      const HostPage page = Look(host, address);
      n.insert(n.end(), {page.pfn, page.generation, host.Huge(address) ? 1U : 0U});
    }
    n.push_back(host.Drop(1, Keep::kDiscard) ? 1U : 0U);
    n.push_back(host.AddressOf(5));
    n.push_back(host.Present(1) ? 1U : 0U);
    n.push_back(host.Present(2) ? 1U : 0U);
    const HostPage again = Look(host, 1);  // its block is not absent: a base page
    n.insert(n.end(), {again.pfn, again.generation, host.Huge(1) ? 1U : 0U});
  };
  EXPECT_EQ((Observe<4, 8, 4>(body)), Saw({0, 0,  //
                                           4, 1,
                                           0, 5,
                                           1, 0,
                                           6, 1,
                                           0, 7,
                                           1, 0,  //
                                           1, Host::kNoAddress,
                                           0, 1,
                                           5, 2,
                                           0}));
}

TEST(HostMemory, DropBlock) {
  const auto body = [](Host& host, Numbers& n) {
    n.push_back(host.DropBlock(0, Keep::kSave) ? 1U : 0U);
    host.WriteByHost(1);
    n.push_back(host.DropBlock(2, Keep::kSave) ? 1U : 0U);
    n.insert(n.end(), {host.Present(0) ? 1U : 0U, host.AddressOf(4), host.ContentsOf(1)});
    PfnOf(host, 0);
    n.push_back(host.ContentsOf(1));
    n.push_back(host.discards(1));
    host.DropBlock(1, Keep::kDiscard);
    n.insert(n.end(), {host.ContentsOf(1), host.discards(1), host.discards(3)});
  };
  EXPECT_EQ((Observe<4, 8, 4>(body)), Saw({0, 1, 0, Host::kNoAddress, 1, 1, 0, 0, 1, 1}));
}

TEST(HostMemory, FormBlockTakesTheContentsAlong) {
  const auto body = [](Host& host, Numbers& n) {
    for (Hva address = 0; address < 4; ++address) host.WriteByHost(address);
    host.SplitBlock(0);
    host.Drop(0, Keep::kSave);
    host.Drop(3, Keep::kDiscard);
    const HostPage held = host.FaultIn(1, false);
    n.push_back(host.FormBlock(3) ? 1U : 0U);
    for (Hva address = 0; address < 4; ++address) {
      n.insert(n.end(), {host.Huge(address) ? host.PfnAt(address) : 0, host.ContentsOf(address)});
    }
    n.push_back(Look(host, 3).generation);
    n.insert(n.end(), {host.AddressOf(held.pfn), host.AddressOf(6)});
    host.Release(held, false);
    n.push_back(host.AddressOf(held.pfn));
    // What was dirty still is, so that no write is lost.
    host.DropBlock(0, Keep::kSave);
    for (Hva address = 0; address < 4; ++address) n.push_back(host.ContentsOf(address));
  };
  EXPECT_EQ((Observe<4, 8, 4>(body)), Saw({1,                         //
                                           8, 1, 9, 2, 10, 3, 11, 0,  //
                                           2, 1, Host::kNoAddress,    //
                                           Host::kNoAddress,          //
                                           1, 2, 3, 0}));
}

TEST(HostMemory, FormBlockOnlyWhereItCan) {
  const auto body = [](Host& host, Numbers& n) {
    n.push_back(host.FormBlock(0) ? 1U : 0U);  // nothing there
    PfnOf(host, 0);
    n.push_back(host.FormBlock(0) ? 1U : 0U);  // huge already
    host.SplitBlock(0);
    host.Revoke(0, 1);
    n.push_back(host.FormBlock(0) ? 1U : 0U);  // no room: it may be used again
    host.Touch(0, host.PfnAt(0), {1}, GuestAccess::kWrite);
    host.Touch(1, host.PfnAt(1), {1}, GuestAccess::kRead);
  };
  EXPECT_EQ((Observe<2, 3, 2>(body)), Saw({0, 0, 0}));
  EXPECT_EQ((Observe<2, 2, 1>([](Host& host, Numbers& n) {
              PfnOf(host, 0);
              n.push_back(host.FormBlock(0) ? 1U : 0U);
            })),
            Saw({0}));
}

TEST(HostMemory, ReusesTheNewestFirst) {
  const auto pages = [](Host& host, Numbers& n) {
    for (const Hva address : Numbers{0, 1, 2}) n.push_back(PfnOf(host, address));
    for (const Hva address : Numbers{0, 2, 1}) host.Drop(address, Keep::kDiscard);
    for (const Hva address : Numbers{3, 4, 5}) n.push_back(PfnOf(host, address));
    n.push_back(Look(host, 3).generation);
  };
  EXPECT_EQ((Observe<8, 8, 1>(pages)), Saw({1, 2, 3, 2, 3, 1, 4}));

  const auto blocks = [](Host& host, Numbers& n) {
    for (const Hva address : Numbers{0, 2, 4}) n.push_back(PfnOf(host, address));
    for (const Hva address : Numbers{0, 4, 2}) host.DropBlock(address, Keep::kDiscard);
    for (const Hva address : Numbers{6, 0, 2, 4}) n.push_back(PfnOf(host, address));
  };
  EXPECT_EQ((Observe<8, 16, 2>(blocks)), Saw({2, 4, 6, 4, 6, 2, 8}));
}

TEST(HostMemory, ABlockIsReusedWhenAllOfItIsFree) {
  const auto body = [](Host& host, Numbers& n) {
    for (const Hva address : Numbers{0, 2}) n.push_back(PfnOf(host, address));
    const HostPage held = host.FaultIn(3, false);
    host.DropBlock(0, Keep::kDiscard);
    host.DropBlock(2, Keep::kDiscard);
    n.push_back(PfnOf(host, 4));  // frame 5 is held, so not frames 4 and 5
    n.push_back(host.AddressOf(held.pfn));
    host.Release(held, false);
    n.push_back(PfnOf(host, 0));
  };
  EXPECT_EQ((Observe<6, 16, 2>(body)), Saw({2, 4, 2, 3, 4}));
}

TEST(HostMemory, WhatABlockPassesOverIsUsedBeforeTheRest) {
  const auto body = [](Host& host, Numbers& n) {
    n.push_back(PfnOf(host, 8));  // the last block has no room: a base page
    n.push_back(PfnOf(host, 0));  // frames 5 to 7 are passed over
    n.push_back(PfnOf(host, 9));
    n.push_back(PfnOf(host, 4));
    host.Drop(9, Keep::kDiscard);
    host.SplitBlock(0);
    for (const Hva address : Numbers{0, 1}) host.Drop(address, Keep::kDiscard);
    for (const Hva address : Numbers{0, 1, 8, 9}) n.push_back(PfnOf(host, address));
  };
  EXPECT_EQ((Observe<10, 16, 4>(body)), Saw({4, 8, 5, 12, 9, 8, 4, 5}));
}

TEST(HostMemory, ContentsAndDiscards) {
  const auto body = [](Host& host, Numbers& n) {
    host.WriteByHost(0);
    host.WriteByHost(1);
    n = {host.ContentsOf(0), host.ContentsOf(1)};
    host.Drop(0, Keep::kSave);
    host.Drop(1, Keep::kDiscard);
    n.insert(n.end(), {host.ContentsOf(0), host.ContentsOf(1)});
    n.insert(n.end(), {host.discards(0), host.discards(1)});
    for (const Hva address : Numbers{0, 1}) {
      const HostPage page = Look(host, address);
      host.Touch(9, page.pfn, {page.generation}, GuestAccess::kRead);  // reads what it should
      n.push_back(host.ContentsOf(address));
    }
    host.Move(0);
    n.push_back(host.ContentsOf(0));
    host.Drop(0, Keep::kSave);
    n.push_back(host.ContentsOf(0));
  };
  EXPECT_EQ((Observe<2, 4, 1>(body)), Saw({1, 2, 1, 0, 0, 1, 1, 0, 1, 1}));
}

// The guest writes all of a block through one translation.
TEST(HostMemory, OneStampForAHugePage) {
  const auto body = [](Host& host, Numbers& n) {
    const HostPage page = host.FaultIn(0, true);
    for (Pfn i = 0; i < 2; ++i)
      host.Touch(8 + i, page.pfn + i, {page.generation}, GuestAccess::kWrite);
    for (Pfn i = 0; i < 2; ++i) host.Mark(page.pfn + i, true);
    host.Release(page, true);
    host.DropBlock(0, Keep::kSave);
    n = {host.ContentsOf(0), host.ContentsOf(1)};
  };
  EXPECT_EQ((Observe<2, 4, 2>(body)), Saw({1, 2}));
}

template <typename F>
std::string VerdictOf(F body) {
  return Observe<4, 8, 2>([&](Host& host, Numbers&) { body(host); }).verdict;
}

TEST(HostMemory, OraclesObject) {
  using Ghost = P::Ghost;
  const auto read = [](Host& host, Pfn pfn, Ghost ghost) {
    host.Touch(0, pfn, ghost, GuestAccess::kRead);
  };
  EXPECT_EQ(VerdictOf([&](Host& host) { read(host, 2, {1}); }), "stale-translation");
  EXPECT_EQ(VerdictOf([&](Host& host) {
              PfnOf(host, 0);
              read(host, 3, {1});
            }),
            "clean");
  EXPECT_EQ(VerdictOf([&](Host& host) {
              PfnOf(host, 0);
              host.Revoke(1, 1);
              read(host, 2, {1});
              read(host, 3, {1});
            }),
            "stale-translation");
  EXPECT_EQ(VerdictOf([&](Host& host) {
              PfnOf(host, 0);
              host.DropBlock(0, Keep::kDiscard);
              PfnOf(host, 2);  // the same frames, allocated anew
              read(host, 2, {2});
              read(host, 2, {1});
            }),
            "stale-translation");
  // Splitting leaves in place what was revoked; dropping does not.
  const auto split = [&](Pfn pfn) {
    return VerdictOf([&](Host& host) {
      const HostPage held = host.FaultIn(0, false);
      host.Revoke(0, 1);
      host.SplitBlock(0);
      host.Drop(0, Keep::kDiscard);
      read(host, pfn, {1});
      host.Release(held, false);
    });
  };
  EXPECT_EQ(split(3), "clean");
  EXPECT_EQ(split(2), "stale-translation");
  // A guest's write that nobody has marked.
  EXPECT_EQ(VerdictOf([&](Host& host) {
              PfnOf(host, 0);
              host.Touch(1, 3, {1}, GuestAccess::kWrite);
              host.DropBlock(0, Keep::kSave);
            }),
            "lost-dirty");
  EXPECT_EQ(VerdictOf([&](Host& host) {
              const HostPage page = host.FaultIn(0, true);
              host.DropBlock(0, Keep::kSave);
              host.Release(page, true);
            }),
            "use-after-free");
  EXPECT_EQ(VerdictOf([&](Host& host) { host.FaultIn(0, true); }), "refcount");
}

// Thread 0 runs `change`; thread 1 looks address 1 up and notes in r[0]
// whether it got the page of the first allocation, in r[1] that what it got is
// allocated for that address.
template <typename S, typename F>
Result LookUpDuring(F change) {
  return Litmus<S>({[=](S& s) { change(s.host); },
                    [](S& s) {
                      const HostPage page = s.host.FaultIn(1, false);
                      s.r[0] = page.generation == 1 ? 1 : 2;
                      s.r[1] = s.host.AddressOf(page.pfn) == 1 ? 1 : 0;
                      s.host.Release(page, false);
                    }})
      .Setup([](S& s) { Look(s.host, 1); })
      .AtRest([](S& s) { s.host.CheckAtRest(); })
      .Run({.executions = 20'000});
}

TEST(LitmusHostMemory, FaultInNeverReturnsAFreedPage) {
  using Base = HostState<2, 2, 1>;
  using Huge = HostState<4, 8, 2>;
  const std::set<Outcome> both = {{1, 1}, {2, 1}};
  for (const Result& result : {
           LookUpDuring<Base>([](Host& host) { host.Drop(1, Keep::kDiscard); }),
           LookUpDuring<Base>([](Host& host) { host.Move(1); }),
           LookUpDuring<Huge>([](Host& host) { host.DropBlock(0, Keep::kDiscard); }),
           LookUpDuring<Huge>([](Host& host) {
             host.SplitBlock(0);
             host.Drop(1, Keep::kDiscard);
           }),
           LookUpDuring<Huge>([](Host& host) {
             host.SplitBlock(0);
             host.FormBlock(0);
           }),
       }) {
    EXPECT_EQ(result.verdict(), "clean");
    EXPECT_EQ(result.seen, both);
  }
}

// No load sees an old store.
class NewestReads : public RandomDecisions {
 public:
  NewestReads() : RandomDecisions(1) {}
  uint32_t Choose(uint32_t n, Choice kind) override {
    return kind == Choice::kStaleRead ? 0 : RandomDecisions::Choose(n, kind);
  }
};

// The only frame goes to another address between lookup and reference: this is
// what the second read is for. (A second read that sees an old store is the
// MMU's to notice: what changed the entry was an invalidation.)
TEST(LitmusHostMemory, FaultInReadsAgain) {
  using S = HostState<2, 1, 1>;
  NewestReads decisions;
  const Result result = Litmus<S>({[](S& s) {
                                     s.host.Drop(1, Keep::kDiscard);
                                     Look(s.host, 0);
                                   },
                                   [](S& s) {
                                     const HostPage page = s.host.FaultIn(1, false);
                                     s.r[0] = static_cast<int>(s.host.AddressOf(page.pfn));
                                     if (page.pfn != kNoPfn) s.host.Release(page, false);
                                   }})
                            .Setup([](S& s) { Look(s.host, 1); })
                            .AtRest([](S& s) { s.host.CheckAtRest(); })
                            .Run({.executions = 20'000, .decisions = &decisions});
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{1}, {static_cast<int>(Host::kNoAddress)}}));
}

// Both bring in the same block: one does, and whoever comes too early for its
// own entry waits.
TEST(LitmusHostMemory, OneBlockIsBroughtInOnce) {
  using S = HostState<2, 4, 2>;
  const auto look = [](Hva address) {
    return [=](S& s) { s.r[address] = static_cast<int>(Look(s.host, address).generation); };
  };
  const Result result = Litmus<S>({look(0), look(1)})
                            .AtRest([](S& s) {
                              s.r[2] = static_cast<int>(s.host.PfnAt(0));
                              s.r[3] = s.host.Huge(0) && s.host.Maps(1, s.host.PfnAt(0) + 1);
                              s.host.CheckAtRest();
                            })
                            .Run();
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{1, 1, 2, 1}}));
}

// Thread 0 writes through the host's mapping while thread 1 runs `change`. Then
// r[0] is what the memory contains, and it is read as the guest would.
template <typename S, typename F>
Result WriteDuring(F change) {
  return Litmus<S>({[](S& s) { s.host.WriteByHost(1); }, [=](S& s) { change(s.host); }})
      .Setup([](S& s) { Look(s.host, 1); })
      .AtRest([](S& s) {
        s.r[0] = static_cast<int>(s.host.ContentsOf(1));
        const HostPage page = Look(s.host, 1);
        s.host.Touch(1, page.pfn, {page.generation}, GuestAccess::kRead);
        s.host.CheckAtRest();
      })
      .Run({.executions = 20'000});
}

TEST(LitmusHostMemory, NoWriteByTheHostIsLost) {
  using Base = HostState<2, 2, 1>;
  using Huge = HostState<4, 8, 2>;
  const std::set<Outcome> kept = {{1}};
  for (const Result& result : {
           WriteDuring<Base>([](Host& host) { host.Drop(1, Keep::kSave); }),
           WriteDuring<Base>([](Host& host) { host.Move(1); }),
           WriteDuring<Huge>([](Host& host) { host.DropBlock(0, Keep::kSave); }),
           WriteDuring<Huge>([](Host& host) {
             host.SplitBlock(0);
             host.FormBlock(0);
           }),
       }) {
    EXPECT_EQ(result.verdict(), "clean");
    EXPECT_EQ(result.seen, kept);
  }
  const Result discarded = WriteDuring<Base>([](Host& host) { host.Drop(1, Keep::kDiscard); });
  EXPECT_EQ(discarded.verdict(), "clean");
  EXPECT_EQ(discarded.seen, (std::set<Outcome>{{0}, {1}}));
}

// A fault may bring a huge page in between any two steps of the host's.
TEST(LitmusHostMemory, SplittingUntilTheDropSucceeds) {
  using S = HostState<2, 4, 2>;
  const auto drop = [](S& s) {
    while (!s.host.Drop(0, Keep::kDiscard)) s.host.SplitBlock(0);
  };
  const auto fault = [](S& s) {
    s.host.WriteByHost(1);
    s.r[0] = static_cast<int>(s.host.ContentsOf(1));
  };
  const Result result = Litmus<S>({drop, fault})
                            .AtRest([](S& s) { s.host.CheckAtRest(); })
                            .Run({.executions = 20'000});
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{1}}));
}

// Frames of a block are ordered after whoever freed each of them.
TEST(LitmusHostMemory, TakenBlocksAreOrderedAfterTheFrees) {
  struct S {
    P::Slots slots{2, 2, P::Slots::Reuse::kNewestFirst};
    std::array<P::Plain<int>, 2> data;
    Outcome r{};
  };
  const auto give = [](uint32_t i) {
    return [=](S& s) {
      s.data[i].store(1);
      s.slots.give(2 + i);
    };
  };
  const auto take = [](S& s) {
    P::Atomic<int> step{0};
    step.load(kRelaxed);
    const uint32_t slot = s.slots.take_block(2);
    s.r[0] = static_cast<int>(slot);
    if (slot == P::Slots::kNone) return;
    for (auto& word : s.data) word.store(2);
  };
  const Result result =
      Litmus<S>({give(0), give(1), take}).Setup([](S& s) { s.slots.take_block(2); }).Run();
  EXPECT_EQ(result.verdict(), "clean");
  EXPECT_EQ(result.seen, (std::set<Outcome>{{-1}, {2}}));
}

}  // namespace
}  // namespace racewalk::litmus
