// A VM on real threads with a fake environment, for tests of the TDP MMU.
#ifndef RACEWALK_CORE_TDP_NATIVE_VM_H_
#define RACEWALK_CORE_TDP_NATIVE_VM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "core/mmu.h"
#include "core/platform/native.h"
#include "core/slots/memory_slots.h"
#include "core/tdp/iterator.h"
#include "core/tdp/mmu.h"
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

struct NativeVmSetup {
  TdpVariant variant{};
  TdpOptions options{};
  uint32_t table_pages = 4096;
  // Slot 0 has every guest frame, at the address of the same number.
  bool slot_of_everything = true;
};

template <typename G>
class NativeVm {
 public:
  using P = NativePlatform;
  using Entry = Spte<P>;
  using Slot = MemorySlot<P>;
  static constexpr int kMaxLeafLevel = TdpState<P, G>::kMaxLeafLevel;
  static_assert(Mmu<TdpMmu<P, G>, P>);

  explicit NativeVm(int vcpu_count, const NativeVmSetup& setup = {})
      : environment(vcpu_count), tables_(1, setup.table_pages) {
    std::vector<Vcpu<P>*> vcpus;
    for (int i = 0; i < vcpu_count; ++i) {
      vcpus_.push_back(std::make_unique<Vcpu<P>>(i));
      vcpus.push_back(vcpus_.back().get());
    }
    mmu = std::make_unique<TdpMmu<P, G>>(environment, tables_, rcu_, std::move(vcpus),
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
    const Entry leaf = Lookup(i, gfn);
    const bool present = leaf.leaf() && !leaf.tracked();
    return mmu->Fault(vcpu(i), {.gfn = gfn, .write = write, .present = present});
  }

  // A guest access until it is done: it has reached a page, or has been done for
  // the guest, or there is nothing to reach. False if it has reached a page that
  // is not the one that the host has there (T1).
  bool Access(int i, Gfn gfn, bool write) {
    for (;;) {
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

  // The leaf that maps gfn below the root that vCPU i uses, its page being that
  // of gfn; empty if there is none.
  Entry Lookup(int i, Gfn gfn) {
    Entry found;
    WithLeaf(i, gfn, [&](TdpIterator<P, G>& iter) { found = iter.old.Part(gfn - iter.gfn); });
    return found;
  }
  // Its level; 0 if there is none.
  int LevelOf(int i, Gfn gfn) {
    int level = 0;
    WithLeaf(i, gfn, [&](TdpIterator<P, G>& iter) { level = iter.level; });
    return level;
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
    int64_t frozen = 0;
    bool operator==(const Count&) const = default;
    int64_t pages() const { return mapped[0]; }
    friend std::ostream& operator<<(std::ostream& out, const Count& count) {
      out << count.roots << " roots, " << count.tables << " tables, mapped by level";
      for (const int64_t leaves : count.mapped) out << " " << leaves;
      return out << ", " << count.wrong << " wrong, " << count.frozen << " frozen";
    }
  };
  Count Recount() {
    Count count;
    mmu->roots().PeekEach([&](TdpRoot<P, G>& root) {
      ++count.roots;
      CountTable(root.table.peek(), G::kLevels, 0, count);
    });
    return count;
  }
  bool StatisticsAreRight() {
    const Count count = Recount();
    bool right = mmu->state().table_pages.peek() == count.tables;
    for (std::size_t i = 0; i < count.mapped.size(); ++i) {
      right = right && mmu->state().mapped_pages[i].peek() == count.mapped[i];
    }
    return right;
  }
  // Table pages, roots included, that have not gone back to the pool.
  int64_t LiveTablePages() {
    if (mmu != nullptr && mmu->state().worker.has_value()) mmu->state().worker->barrier();
    rcu_.barrier();
    int64_t live = 0;
    for (Pfn pfn = tables_.first(); pfn < tables_.end(); ++pfn) {
      const auto* table = tables_.Peek(pfn);
      if (table != nullptr && table->life.alive()) ++live;
    }
    return live;
  }

  FakeEnvironment environment;
  std::unique_ptr<TdpMmu<P, G>> mmu;

 private:
  static constexpr Hva kEveryAddress = ~Hva{0} >> 1;

  // Calls body(iter) at the leaf that maps gfn, if there is one.
  template <typename F>
  void WithLeaf(int i, Gfn gfn, F body) {
    rcu_.read_lock();
    TdpIterator<P, G> iter(tables_, rcu_, environment.root(i), 1, gfn, gfn + 1);
    while (iter.valid() && !iter.old.leaf()) iter.Next();
    if (iter.valid()) body(iter);
    rcu_.read_unlock();
  }

  // What the hardware does: the page that gfn is translated to; kNoPfn if that
  // does not allow the access, and then `fault` says whether there was an entry.
  Pfn Translate(int i, GuestFault& fault) {
    auto& cached = environment.Cached(i, fault.gfn);
    if (cached.pfn != kNoPfn && cached.gfn == fault.gfn &&
        (!fault.write || (cached.writable && cached.dirty))) {
      return cached.pfn;
    }
    cached = {};
    WithLeaf(i, fault.gfn, [&](TdpIterator<P, G>& iter) {
      for (Entry entry = iter.old;;) {
        fault.present = entry.leaf() && !entry.tracked();
        if (!fault.present || (fault.write && !entry.writable())) return;
        const Entry noted = Noted(entry, fault.write);
        if (noted != entry && !iter.word().hardware_compare_exchange(entry, noted)) continue;
        if (mmu->state().options.dirty_bit_logging && noted.dirty() && !entry.dirty()) {
          environment.Log(i, fault.gfn);
        }
        cached = {.gfn = fault.gfn,
                  .pfn = noted.Part(fault.gfn - iter.gfn).pfn(),
                  .writable = noted.writable(),
                  .dirty = noted.dirty() || !mmu->state().options.ad_bits};
        return;
      }
    });
    return cached.pfn;
  }
  Entry Noted(const Entry& entry, bool write) const {
    if (!mmu->state().options.ad_bits) return entry;
    return entry.with(spte_bits::kAccessed | (write ? spte_bits::kDirty : 0));
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

  void CountTable(Pfn pfn, int level, Gfn base, Count& count) {
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      const Entry entry = tables_.Peek(pfn)->entries[i].peek();
      const Gfn gfn = base + i * G::Span(level);
      if (entry.frozen()) ++count.frozen;
      if (entry.leaf()) {
        ++count.mapped[static_cast<std::size_t>(level) - 1];
        if (!IsRight(entry, gfn, level)) ++count.wrong;
      }
      if (entry.table()) {
        ++count.tables;
        CountTable(entry.pfn(), level - 1, gfn, count);
      }
    }
  }

  TdpTables<P, G> tables_;
  P::Rcu rcu_{"tables"};
  std::vector<std::unique_ptr<Vcpu<P>>> vcpus_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_TDP_NATIVE_VM_H_
