// RCU and sleepable RCU of real threads that announce when they are in no section,
// on liburcu-qsbr.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_RCU_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_RCU_H_

#include <source_location>

#include "core/platform/native/basic_rcu.h"
#include "core/platform/native/fail.h"
#include "core/platform/native/quiescent_thread.h"

namespace racewalk {

struct QuiescentFlavour : QuiescentThread {
  // liburcu wants callers online.
  static void Call(rcu_head* head, void (*run)(rcu_head*)) {
    Enter();
    urcu_qsbr_call_rcu(head, run);
    Leave(Location::current());
  }
  static bool MayBeInside() { return MayRead(); }
  static void Synchronize() { urcu_qsbr_synchronize_rcu(); }
  static void Barrier() { urcu_qsbr_barrier(); }
};

using QuiescentRcu = BasicRcu<QuiescentFlavour>;

// Thread-safe, and of the same grace periods: a section of an MMU's slots that
// blocks holds back freed tables too. That is what the one test for both costs. What
// precedes a wait is seen by a thread that runs from its next announcement on.
// Without assertions `held` says of a thread that runs what it might be.
class QuiescentSrcu {
 public:
  using Location = std::source_location;
  using GracePeriods = QuiescentFlavour;

  explicit QuiescentSrcu(const char* /*name*/ = "srcu") {}
  QuiescentSrcu(const QuiescentSrcu&) = delete;
  QuiescentSrcu& operator=(const QuiescentSrcu&) = delete;

  [[gnu::always_inline]] void read_lock(Location loc = Location::current()) {
    NativeHolds::Add(this, NativeHolds::Mode::kSection, loc);
    QuiescentThread::Enter();
  }
  [[gnu::always_inline]] void read_unlock(Location loc = Location::current()) {
    NativeHolds::Remove(this, NativeHolds::Mode::kSection, loc);
    TsanRelease(&sections_);
    QuiescentThread::Leave(loc);
  }
  bool held() const {
    if constexpr (NativeHolds::kKept) return NativeHolds::Has(this);
    return QuiescentThread::MayRead();
  }
  void synchronize(Location loc = Location::current()) {
    if (QuiescentThread::Inside()) {
      NativeFail(ViolationKind::kDeadlock, "P2",
                 "{thread} waits for a grace period inside of a read section", loc);
    }
    QuiescentThread::Register();
    QuiescentThread::BeginWait();
    urcu_qsbr_synchronize_rcu();
    TsanAcquire(&sections_);
  }

 private:
  char sections_ = 0;  // only its address is used
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_QUIESCENT_RCU_H_
