#include "core/platform/native/rcu.h"

namespace racewalk {

void MembFlavour::RegisterSlowly() {
  struct Registration {
    Registration() { urcu_memb_register_thread(); }
    ~Registration() { urcu_memb_unregister_thread(); }
  };
  static thread_local const Registration kRegistration;
  static_cast<void>(kRegistration);
  registered = true;
}

}  // namespace racewalk
