// What a native platform asks of the thread of a vCPU.
#ifndef RACEWALK_CORE_VM_VCPU_LOOP_H_
#define RACEWALK_CORE_VM_VCPU_LOOP_H_

#include <concepts>

#include "core/platform/native_quiescent.h"

namespace racewalk {

// One is on the stack of a thread that faults in a loop.
template <typename P>
class VcpuLoop {
 public:
  // Once for each fault, retried or not, and in each turn of a wait.
  static void Announce() {}
};
template <std::derived_from<QuiescentPlatform> P>
class VcpuLoop<P> {
 public:
  static void Announce() { QuiescentThread::Announce(); }

 private:
  QuiescentThread::Running running_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_VM_VCPU_LOOP_H_
