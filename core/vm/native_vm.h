// A VM on real threads with a fake environment, for tests of any MMU.
#ifndef RACEWALK_CORE_VM_NATIVE_VM_H_
#define RACEWALK_CORE_VM_NATIVE_VM_H_

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/mmu.h"
#include "core/platform/native.h"
#include "core/slots/memory_slots.h"
#include "core/tables/peek.h"
#include "core/vcpu/vcpu.h"
#include "core/vm/fake_environment.h"

namespace racewalk {

// Random numbers for one thread, with no state that others would share.
class Draw {
 public:
  explicit Draw(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t Below(uint64_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % n;
  }

 private:
  uint64_t state_;
};

// What differs between MMUs is in an Arch of static members:
//   G, Mmu, Tables, Entry, Variant, Options
//   point kFollow                  what orders the reads on the way down the tables
//   bool kDropsOnFault             an access that faults leaves nothing cached for its page
//   bool kFlushEndsWalks           a flush returns when no walk of the hardware's goes on that
//                                  began before it; if not, a walk is a section of the tables' RCU
//   bool Notes(options)            the hardware notes in entries what it does
//   bool Logs(options)             and logs what it writes
//   void EachRoot(mmu, visit)      at rest: visit(table)
//   bool Taken(entry)              somebody is changing it and keeps others off
//   bool BooksAreRight(vm, count)  at rest: what the MMU counts equals the recount
//   void Settle(mmu)               what runs by itself is over
template <typename Arch>
struct NativeVmSetup {
  typename Arch::Variant variant{};
  typename Arch::Options options{};
  uint32_t table_pages = 4096;
  // Slot 0 has every guest frame, at the address of the same number.
  bool slot_of_everything = true;
};

// A way to set one up, for tests that run through many.
template <typename Variant, typename Options>
struct NativeKind {
  const char* name;
  Variant variant{};
  Options options{};
  friend std::ostream& operator<<(std::ostream& out, const NativeKind& kind) {
    return out << kind.name;
  }
};
// For INSTANTIATE_TEST_SUITE_P.
std::string NameOfKind(const auto& info) { return info.param.name; }

// The same for typed tests, of one MMU and of several.
template <typename NativeVm, const auto& kinds, std::size_t index>
struct NativeCase {
  using Vm = NativeVm;
  static constexpr const auto& kKind = kinds[index];
};
template <typename Vm, const auto& kinds, typename = std::make_index_sequence<std::size(kinds)>>
struct NativeCasesOf;
template <typename Vm, const auto& kinds, std::size_t... index>
struct NativeCasesOf<Vm, kinds, std::index_sequence<index...>> {
  using Types = testing::Types<NativeCase<Vm, kinds, index>...>;
};
template <typename, typename>
struct NativeCasesOfBoth;
template <typename... A, typename... B>
struct NativeCasesOfBoth<testing::Types<A...>, testing::Types<B...>> {
  using Types = testing::Types<A..., B...>;
};
struct NativeCaseName {
  template <typename Case>
  static std::string GetName(int /*index*/) {
    return Case::kKind.name;
  }
};

template <typename Arch>
class NativeVm {
 public:
  using P = typename Arch::P;
  using G = typename Arch::G;
  using Setup = NativeVmSetup<Arch>;
  using Table = typename Arch::Tables::Table;
  using Entry = typename Arch::Entry;
  using Slot = MemorySlot<P>;
  static constexpr int kMaxLeafLevel = Arch::Mmu::State::kMaxLeafLevel;
  static_assert(Mmu<typename Arch::Mmu, P>);

  explicit NativeVm(int vcpu_count, const Setup& setup = {})
      : environment(vcpu_count), tables_(1, setup.table_pages) {
    std::vector<Vcpu<P>*> vcpus;
    for (int i = 0; i < vcpu_count; ++i) {
      vcpus_.push_back(std::make_unique<Vcpu<P>>(i));
      vcpus.push_back(vcpus_.back().get());
    }
    mmu = std::make_unique<typename Arch::Mmu>(environment, tables_, rcu_, std::move(vcpus),
                                               setup.variant, setup.options);
    if (setup.slot_of_everything) mmu->AddSlot(0, 0, G::kFrames - 1, 0);
  }
  // Callbacks may still be queued: after Destroy because a test asked for that.
  ~NativeVm() {
    if (mmu != nullptr) Destroy();
    rcu_.barrier();
  }

  Vcpu<P>& vcpu(int i) { return *vcpus_[static_cast<std::size_t>(i)]; }

  // --- The guest, by vCPU i's own thread. ---

  // One attempt of a guest access by its software side: a fault.
  FaultResult Fault(int i, Gfn gfn, bool write) {
    mmu->PrepareEntry(vcpu(i));
    GuestFault fault{.gfn = gfn, .write = write};
    const Found found = Find(i, gfn);
    Report(found.entry, found.level, fault);
    return mmu->Fault(vcpu(i), fault);
  }

  // A guest access until it is done: it has reached a page, or has been done for
  // the guest, or there is nothing to reach. False if it has reached a page that
  // is not the one that the host has there (T1).
  bool Access(int i, Gfn gfn, bool write) {
    return Access(i, gfn, write, [] {});
  }
  // Calls retried() before it tries again.
  template <typename F>
  bool Access(int i, Gfn gfn, bool write, F retried) {
    for (;; retried()) {
      GuestFault fault{.gfn = gfn, .write = write};
      mmu->PrepareEntry(vcpu(i));
      environment.BeginGuest(i);
      Pfn reached = kNoPfn;
      bool right = true;
      if (vcpu(i).Enter()) {
        reached = Translate(i, fault);
        environment.RunGuest(i);
        // The host takes no page back before the guest has been interrupted.
        if (reached != kNoPfn) right = Touch(gfn, write, reached);
        vcpu(i).Exit();
      }
      environment.EndGuest(i);
      mmu->HandleExit(vcpu(i));
      if (reached != kNoPfn) return right;
      switch (mmu->Fault(vcpu(i), fault)) {
        case FaultResult::kEmulate:
          if (WriteFor(gfn)) return true;
          break;
        case FaultResult::kNoMemory:
        case FaultResult::kNoMemorySlot:
          return true;
        case FaultResult::kRetry:
          P::Pause();
          break;
        case FaultResult::kFixed:
        case FaultResult::kSpurious:
          break;
      }
    }
  }

  bool WriteFor(Gfn gfn) {
    return mmu->WriteFor(gfn, [this](Hva address) { environment.Write(address); });
  }

  // What maps gfn below the root that vCPU i uses, its page being that of gfn; if
  // that is no leaf, the entry at which the way down ends.
  Entry Lookup(int i, Gfn gfn) {
    const Found found = Find(i, gfn);
    return found.entry.leaf() ? found.entry.Part(gfn - G::Align(gfn, found.level)) : found.entry;
  }
  // The leaf's level; 0 if there is none.
  int LevelOf(int i, Gfn gfn) {
    const Found found = Find(i, gfn);
    return found.entry.leaf() ? found.level : 0;
  }
  // Before it accesses anything again, vCPU i forgets something that it has cached.
  bool FlushIsDue(int i) { return vcpu(i).pending() != 0 || !environment.dropped(i).empty(); }

  // The ranges that vCPU i is told to forget by `body`.
  template <typename F>
  std::vector<std::pair<Gfn, Gfn>> FlushedBy(int i, F body) {
    environment.BeginGuest(i);
    environment.EndGuest(i);
    body();
    return environment.dropped(i);
  }

  // --- The host. ---

  // What the host does to take [first, last] back, and the rest of its huge pages.
  void TakeBack(Hva first, Hva last, bool may_sleep = true) {
    const auto [from, to] = environment.Whole(first, last);
    mmu->InvalidateStart(from, to, may_sleep);
    environment.TakeBack(from, to);
    mmu->InvalidateEnd(from, to);
  }
  // The host has pages of that level from now on, other ones than before.
  void MoveToLevel(int level) {
    mmu->InvalidateStart(0, kEveryAddress, true);
    environment.MapAt(level, G::Span(level));
    environment.TakeBack(0, kEveryAddress);
    mmu->InvalidateEnd(0, kEveryAddress);
  }
  // The same at rest, and with nothing taken back yet: the pages stay.
  void MapAt(int level) { environment.MapAt(level, G::Span(level)); }

  // --- The VMM. ---

  // What a harvest of the slot reports; in ascending order, as slots are gone through.
  std::vector<Gfn> Harvest(uint32_t slot) {
    std::vector<Gfn> written;
    mmu->Harvest(slot, [&](Gfn gfn) { written.push_back(gfn); });
    return written;
  }

  void Close() {
    for (auto& vcpu : vcpus_) mmu->DropRoot(*vcpu);
  }
  void Destroy() {
    Close();
    mmu->Release();
    mmu->Unregistered();
    mmu->Destroy();
    mmu = nullptr;
  }

  // --- At rest. ---

  // What a walk over all that can be reached from the list of roots finds.
  struct Count {
    int64_t roots = 0;
    int64_t tables = 0;                           // without roots
    std::array<int64_t, kMaxLeafLevel> mapped{};  // by level, from 1
    int64_t wrong = 0;                            // leaves whose pages the host has not there
    int64_t taken = 0;                            // entries that somebody is changing
    bool operator==(const Count&) const = default;
    int64_t pages() const { return mapped[0]; }
    friend std::ostream& operator<<(std::ostream& out, const Count& count) {
      out << count.roots << " roots, " << count.tables << " tables, mapped by level";
      for (const int64_t leaves : count.mapped) out << " " << leaves;
      return out << ", " << count.wrong << " wrong, " << count.taken << " taken";
    }
  };
  Count Recount() {
    Count count;
    EachTable([&](const Table& table, int level, Gfn base) {
      ++(level == G::kLevels ? count.roots : count.tables);
      for (uint32_t i = 0; i < G::kEntries; ++i) {
        const Entry entry = table.entries[i].peek();
        if (Arch::Taken(entry)) ++count.taken;
        if (!entry.leaf()) continue;
        ++count.mapped[static_cast<std::size_t>(level) - 1];
        if (!IsRight(entry, base + i * G::Span(level), level)) ++count.wrong;
      }
    });
    return count;
  }
  bool BooksAreRight() { return Arch::BooksAreRight(*this, Recount()); }
  // Calls body(table, level, base) for each table that can be reached.
  template <typename F>
  void EachTable(F body) {
    Arch::ForEachRoot(*mmu, [&](Pfn root, bool /*valid*/) { PeekTables<G>(tables_, root, body); });
  }
  // Table pages, roots included, that have not gone back to the pool.
  int64_t LiveTablePages() {
    if (mmu != nullptr) Arch::Settle(*mmu);
    rcu_.barrier();
    int64_t live = 0;
    for (Pfn pfn = tables_.first(); pfn < tables_.end(); ++pfn) {
      const auto* table = tables_.Peek(pfn);
      if (table != nullptr && table->life.alive()) ++live;
    }
    return live;
  }

  FakeEnvironment environment;
  std::unique_ptr<typename Arch::Mmu> mmu;

 private:
  static constexpr Hva kEveryAddress = ~Hva{0} >> 1;

  // Where the way down the tables ends.
  struct Found {
    typename Table::Entry* word = nullptr;  // null: there is no root
    Entry entry{};
    int level = 0;
  };
  Found Find(int i, Gfn gfn) {
    Pfn table = environment.root(i);
    if (table == kNoPfn) return {};
    Found found;
    for (int level = G::kLevels;; --level) {
      auto& word = tables_.At(table).entries[G::Index(gfn, level)];
      found = {&word, word.load(P::order(Arch::kFollow)), level};
      if (!found.entry.table()) break;
      tables_.Follow(found.entry, level - 1, G::Align(gfn, level));
      table = found.entry.pfn();
    }
    return found;
  }
  bool Notes() { return Arch::Notes(mmu->state().options); }
  // What the hardware says of an access that this entry has stopped.
  void Report(const Entry& entry, int level, GuestFault& fault) {
    fault.present = entry.leaf() && entry.Translates(Notes());
    fault.access_flag = entry.leaf() && !fault.present && entry.Translates(/*notes=*/true);
    fault.level = level;
  }

  // What the hardware does: the page that gfn is translated to; kNoPfn if that
  // does not allow the access, and then `fault` says why.
  Pfn Translate(int i, GuestFault& fault) {
    auto& cached = environment.Cached(i, fault.gfn);
    if (cached.pfn != kNoPfn && cached.gfn == fault.gfn) {
      if (!fault.write || (cached.writable && cached.dirty)) return cached.pfn;
      if (!cached.writable && !Arch::kDropsOnFault) {
        fault.present = true;  // whatever the tables say by now
        fault.level = cached.level;
        return kNoPfn;
      }
    }
    cached = {};
    if (!Arch::kFlushEndsWalks) rcu_.read_lock();
    while (!Walk(i, fault, cached)) continue;
    if (!Arch::kFlushEndsWalks) rcu_.read_unlock();
    return cached.pfn;
  }
  // False if somebody has changed the entry meanwhile.
  bool Walk(int i, GuestFault& fault, FakeEnvironment::Translation& cached) {
    const Found found = Find(i, fault.gfn);
    Entry entry = found.entry;
    Report(entry, found.level, fault);
    if (!fault.present || (fault.write && !entry.writable())) return true;
    const Entry noted = entry.Noted(fault.write, Notes());
    if (noted != entry && !found.word->hardware_compare_exchange(entry, noted)) return false;
    if (Arch::Logs(mmu->state().options) && noted != entry.Noted(false, Notes())) {
      environment.Log(i, fault.gfn);
    }
    cached = {.gfn = fault.gfn,
              .pfn = noted.Part(fault.gfn - G::Align(fault.gfn, found.level)).pfn(),
              .writable = noted.writable(),
              .dirty = noted == noted.Noted(true, Notes()),
              .level = found.level};
    return true;
  }

  // The access itself. Slots are replaced only when nobody is in the guest with
  // what the old ones allowed, so it is the page of one of them.
  bool Touch(Gfn gfn, bool write, Pfn pfn) {
    MemorySlots<P>& slots = mmu->state().slots;
    slots.BeginReading();
    const Slot* slot = slots.Find(gfn);
    const bool right = slot != nullptr && pfn == environment.PageOf(slot->AddressOf(gfn));
    if (right && write) environment.Write(slot->AddressOf(gfn));
    slots.EndReading();
    return right;
  }

  bool IsRight(const Entry& leaf, Gfn first, int level) const {
    const Gfn pages = G::Span(level);
    for (const Slot& slot : mmu->state().slots.Peek()) {
      if (!slot.Contains(first) || !slot.Contains(first + pages - 1)) continue;
      return leaf.pfn() == environment.PageOf(slot.AddressOf(first)) &&
             leaf.pfn() + pages - 1 == environment.PageOf(slot.AddressOf(first + pages - 1));
    }
    return false;
  }

  typename Arch::Tables tables_;
  typename P::Rcu rcu_{"tables"};
  std::vector<std::unique_ptr<Vcpu<P>>> vcpus_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_NATIVE_VM_H_
