#include "core/platform/native/rcu.h"

#include "core/platform/native/fail.h"

namespace racewalk {

void MembFlavour::RegisterSlowly() {
  struct Registration {
    Registration() { urcu_memb_register_thread(); }
    ~Registration() {
      urcu_memb_unregister_thread();
      registered = false;
      ended = true;
    }
  };
  if (ended) {  // its sections would protect nothing
    NativeFail(ViolationKind::kLockDiscipline, "P3", "{thread} uses RCU while it ends",
               std::source_location::current());
  }
  static thread_local const Registration kRegistration;
  static_cast<void>(kRegistration);
  registered = true;
}

}  // namespace racewalk
