#include "core/platform/native/quiescent_thread.h"

#include "core/platform/native/fail.h"

namespace racewalk {
namespace {

[[noreturn]] void Fail(const char* what, std::source_location loc) {
  NativeFail(ViolationKind::kLockDiscipline, "P3", what, loc);
}

}  // namespace

void QuiescentThread::RegisterSlowly() {
  struct Registration {
    Registration() {
      urcu_qsbr_register_thread();
      urcu_qsbr_thread_offline();  // or its silence would hold back everybody
    }
    ~Registration() {
      urcu_qsbr_unregister_thread();
      registered = false;
      ended = true;
    }
  };
  // Its sections would protect nothing.
  if (ended) Fail("{thread} uses RCU while it ends", Location::current());
  static thread_local const Registration kRegistration;
  static_cast<void>(kRegistration);
  registered = true;
}

void QuiescentThread::AssertOutside(Location loc) {
  if (sections != 0) Fail("{thread} says inside of a read section that it is in none", loc);
}

void QuiescentThread::Begin(Location loc) {
  AssertOutside(loc);
  if (running) Fail("{thread} runs already", loc);
  Register();
  running = true;
  urcu_qsbr_thread_online();
  TsanAcquire(&waits);
}

void QuiescentThread::End(Location loc) {
  AssertOutside(loc);
  if (!running) Fail("{thread} goes away and does not run", loc);
  running = false;
  urcu_qsbr_thread_offline();
}

void QuiescentThread::AnnounceSlowly(Location loc) {
  // It would be online from now on.
  if (!running) Fail("{thread} announces that it is in no read section and does not run", loc);
  urcu_qsbr_quiescent_state();
  TsanAcquire(&waits);
}

void QuiescentThread::EnterSlowly() {
  if (sections++ != 0 || running) return;
  Register();
  urcu_qsbr_thread_online();
  TsanAcquire(&waits);
}

void QuiescentThread::LeaveSlowly(Location loc) {
  if (sections == 0) Fail("{thread} leaves a read section that it is not in", loc);
  if (--sections != 0 || running) return;
  urcu_qsbr_thread_offline();
}

}  // namespace racewalk
