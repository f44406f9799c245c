// A VM on real threads with a fake environment, for tests of the TDP MMU.
#ifndef RACEWALK_CORE_TDP_NATIVE_VM_H_
#define RACEWALK_CORE_TDP_NATIVE_VM_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/mmu.h"
#include "core/platform/native.h"
#include "core/tdp/fake_environment.h"
#include "core/tdp/iterator.h"
#include "core/tdp/mmu.h"
#include "core/vcpu/vcpu.h"

namespace racewalk {

template <typename G>
class NativeVm {
 public:
  using P = NativePlatform;
  using Entry = Spte<P>;
  static_assert(Mmu<TdpMmu<P, G>, P>);

  explicit NativeVm(int vcpu_count, TdpVariant variant = {}, uint32_t table_pages = 4096)
      : environment(vcpu_count), tables_(1, table_pages) {
    std::vector<Vcpu<P>*> vcpus;
    for (int i = 0; i < vcpu_count; ++i) {
      vcpus_.push_back(std::make_unique<Vcpu<P>>(i));
      vcpus.push_back(vcpus_.back().get());
    }
    mmu = std::make_unique<TdpMmu<P, G>>(environment, tables_, rcu_, std::move(vcpus), variant);
  }
  // Callbacks may still be queued: after Destroy because a test asked for that.
  ~NativeVm() {
    if (mmu != nullptr) Destroy();
    rcu_.barrier();
  }

  Vcpu<P>& vcpu(int i) { return *vcpus_[static_cast<std::size_t>(i)]; }

  // One attempt of a guest access by its software side: a fault.
  FaultResult Fault(int i, Gfn gfn, bool write) {
    mmu->PrepareEntry(vcpu(i));
    return mmu->Fault(vcpu(i), gfn, write);
  }

  // A guest access, by vCPU i's own thread, until it has reached a page.
  // False if that page is not the one that the host has there (T1).
  bool Access(int i, Gfn gfn, bool write) {
    for (;;) {
      mmu->PrepareEntry(vcpu(i));
      environment.BeginGuest(i);
      Entry leaf;
      bool right = true;
      if (vcpu(i).Enter()) {
        leaf = Find(environment.root(i), gfn);
        environment.RunGuest(i);
        // The host takes no page back before the guest has been interrupted.
        right = !leaf.leaf() || leaf.pfn() == environment.PageOf(gfn);
        vcpu(i).Exit();
      }
      environment.EndGuest(i);
      if (!right) return false;
      if (leaf.leaf() && (leaf.writable() || !write)) return true;
      if (mmu->Fault(vcpu(i), gfn, write) == FaultResult::kRetry) P::Pause();
    }
  }

  // What the host does to take [first, last] back.
  void TakeBack(Gfn first, Gfn last, bool may_sleep = true) {
    mmu->InvalidateStart(first, last, may_sleep);
    environment.TakeBack(first, last);
    mmu->InvalidateEnd();
  }

  // The leaf for gfn below the root that vCPU i uses; empty if there is none.
  Entry Lookup(int i, Gfn gfn) { return Find(environment.root(i), gfn); }

  void Close() {
    for (auto& vcpu : vcpus_) mmu->DropRoot(*vcpu);
  }
  void Destroy() {
    Close();
    mmu->Release();
    mmu->Destroy();
    mmu = nullptr;
  }

  // --- At rest. ---

  // What a walk over all that can be reached from the list of roots finds.
  struct Count {
    int64_t roots = 0;
    int64_t tables = 0;  // without roots
    int64_t pages = 0;
    int64_t wrong = 0;  // leaves whose page the host has taken back
    int64_t frozen = 0;
    bool operator==(const Count&) const = default;
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
    return mmu->state().table_pages.peek() == count.tables &&
           mmu->state().mapped_pages.peek() == count.pages;
  }
  // Table pages, roots included, that have not gone back to the pool.
  int64_t LiveTablePages() {
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
  Entry Find(Pfn root, Gfn gfn) {
    Entry found;
    rcu_.read_lock();
    for (TdpIterator<P, G> iter(tables_, rcu_, root, 1, gfn, gfn + 1); iter.valid(); iter.Next()) {
      if (iter.old.leaf()) found = iter.old;
    }
    rcu_.read_unlock();
    return found;
  }

  void CountTable(Pfn pfn, int level, Gfn base, Count& count) {
    for (uint32_t i = 0; i < G::kEntries; ++i) {
      const Entry entry = tables_.Peek(pfn)->entries[i].peek();
      const Gfn gfn = base + i * G::Span(level);
      if (entry.frozen()) ++count.frozen;
      if (entry.leaf()) {
        ++count.pages;
        if (entry.pfn() != environment.PageOf(gfn)) ++count.wrong;
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
