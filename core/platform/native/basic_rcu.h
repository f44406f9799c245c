// What the RCUs of real threads have in common: a domain on one of liburcu's flavours.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_BASIC_RCU_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_BASIC_RCU_H_

#include <urcu/call-rcu.h>

#include <atomic>
#include <cstdint>
#include <source_location>
#include <type_traits>

#include "core/platform/native/fail.h"
#include "core/platform/native/holds.h"
#include "core/platform/native/tsan.h"

namespace racewalk {

// Thread-safe. Callbacks run on liburcu's own thread, where they may do all but
// wait. Flavour has static members:
//   void Register()                 the running thread is known to liburcu from now on
//   void RegisteredByLibrary()      the same of a thread of liburcu's own
//   void Enter(), Leave(loc)        a section, which nests
//   bool Inside()                   whether the running thread is in one, of any domain: false if
//                                   the flavour does not know
//   bool MayBeInside()              the same: true if it does not know
//   void Call(head, run), Synchronize(), Barrier()
//
// All domains of a flavour share liburcu's grace periods: a section of one holds
// back the callbacks of all. That is more than a domain promises and never less, but
// a thread in any section must not wait for any domain (checked as far as the flavour knows).
// `held` keeps the domains apart where assertions are on.
//
// For ThreadSanitizer: sections that have ended happen-before callbacks and
// the end of waits; a call before its callback; a callback before barrier's
// return. Left out is the edge from a call to the sections that begin after
// its grace period has started: that start cannot be seen from here, and an
// edge to sections that begin earlier would hide missing orders. So
// what a grace period alone would publish is better published by a release.
template <typename Flavour>
class BasicRcu {
 public:
  using Location = std::source_location;
  using GracePeriods = Flavour;

  // Part of an object that is handed to `call`; in use until its callback.
  class Head {
   private:
    friend class BasicRcu;
    rcu_head head_;  // first, so that a pointer to it is one to Head
    BasicRcu* domain_;
    void (*callback_)(void*);
    void* argument_;
  };

  explicit BasicRcu(const char* /*name*/ = "rcu") {}
  // No callback may be pending: call barrier() before.
  ~BasicRcu() {
    if (pending_.load(std::memory_order_relaxed) != 0) {
      NativeFail(ViolationKind::kUseAfterFree, "L7", "an RCU domain goes away before its callbacks",
                 Location::current());
    }
  }
  BasicRcu(const BasicRcu&) = delete;
  BasicRcu& operator=(const BasicRcu&) = delete;

  [[gnu::always_inline, gnu::flatten]] void read_lock(Location loc = Location::current()) {
    NativeHolds::Add(this, NativeHolds::Mode::kSection, loc);
    Flavour::Enter();
  }
  [[gnu::always_inline, gnu::flatten]] void read_unlock(Location loc = Location::current()) {
    NativeHolds::Remove(this, NativeHolds::Mode::kSection, loc);
    TsanRelease(&sections_);
    Flavour::Leave(loc);
  }
  bool held() const {
    if constexpr (NativeHolds::kKept) return NativeHolds::Has(this);
    return Flavour::MayBeInside();
  }
  // Runs callback(argument) on another thread after a grace period.
  void call(Head& head, void (*callback)(void*), void* argument,
            Location /*loc*/ = Location::current()) {
    Flavour::Register();
    head.domain_ = this;
    head.callback_ = callback;
    head.argument_ = argument;
    pending_.fetch_add(1, std::memory_order_relaxed);
    TsanRelease(&head);
    Flavour::Call(&head.head_, &Run);
  }
  void synchronize(Location loc = Location::current()) {
    AssertMayWait(loc);
    Flavour::Register();
    Flavour::Synchronize();
    TsanAcquire(&sections_);
  }
  // Waits until every callback queued before has run.
  void barrier(Location loc = Location::current()) {
    AssertMayWait(loc);
    Flavour::Register();
    {
      const TsanIgnoreWrites ignore;
      Flavour::Barrier();
    }
    TsanAcquire(&callbacks_);
  }

  // Makes the running thread known to liburcu, which its first use of a domain
  // does otherwise. liburcu has a lock for that, and for threads that end: whoever
  // registers late is ordered after all that have ended, for ThreadSanitizer too.
  static void Register() { Flavour::Register(); }

 private:
  static void Run(rcu_head* raw) {
    static_assert(std::is_standard_layout_v<Head>);
    Head& head = *reinterpret_cast<Head*>(raw);
    TsanAcquire(&head);
    BasicRcu& domain = *head.domain_;
    TsanAcquire(&domain.sections_);
    Flavour::RegisteredByLibrary();

    head.callback_(head.argument_);
    // `head` may be gone.
    domain.pending_.fetch_sub(1, std::memory_order_relaxed);
    TsanRelease(&domain.callbacks_);
  }
  static void AssertMayWait(Location loc) {
    if (Flavour::Inside()) {
      NativeFail(ViolationKind::kDeadlock, "P2",
                 "{thread} waits for a grace period inside of a read section", loc);
    }
  }

  std::atomic<uint64_t> pending_{0};
  // Only their addresses are used.
  char sections_ = 0;
  char callbacks_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_BASIC_RCU_H_
