#include "core/platform/native/rcu.h"

#include <type_traits>

namespace racewalk {

NativeRcu::~NativeRcu() {
  if (pending_.load(std::memory_order_relaxed) != 0) {
    NativeFail(ViolationKind::kUseAfterFree, "L7", "an RCU domain goes away before its callbacks",
               Location::current());
  }
}

void NativeRcu::RegisterSlowly() {
  struct Registration {
    Registration() { urcu_memb_register_thread(); }
    ~Registration() { urcu_memb_unregister_thread(); }
  };
  static thread_local const Registration kRegistration;
  static_cast<void>(kRegistration);
  registered = true;
}

void NativeRcu::AssertMayWait(Location loc) {
  if (urcu_memb_read_ongoing() != 0) {
    NativeFail(ViolationKind::kDeadlock, "P2",
               "{thread} waits for a grace period inside of a read section", loc);
  }
}

void NativeRcu::call(Head& head, void (*callback)(void*), void* argument, Location /*loc*/) {
  Register();
  head.domain_ = this;
  head.callback_ = callback;
  head.argument_ = argument;
  pending_.fetch_add(1, std::memory_order_relaxed);
  TsanRelease(&head);
  urcu_memb_call_rcu(&head.head_, &Run);
}

void NativeRcu::Run(rcu_head* raw) {
  static_assert(std::is_standard_layout_v<Head>);
  Head& head = *reinterpret_cast<Head*>(raw);
  TsanAcquire(&head);
  NativeRcu& domain = *head.domain_;
  TsanAcquire(&domain.sections_);
  registered = true;  // by liburcu, which does not allow it twice

  head.callback_(head.argument_);
  // `head` may be gone.
  domain.pending_.fetch_sub(1, std::memory_order_relaxed);
  TsanRelease(&domain.callbacks_);
}

void NativeRcu::synchronize(Location loc) {
  AssertMayWait(loc);
  Register();
  urcu_memb_synchronize_rcu();
  TsanAcquire(&sections_);
}

void NativeRcu::barrier(Location loc) {
  AssertMayWait(loc);
  Register();
  {
    const TsanIgnoreWrites ignore;
    urcu_memb_barrier();
  }
  TsanAcquire(&callbacks_);
}

}  // namespace racewalk
