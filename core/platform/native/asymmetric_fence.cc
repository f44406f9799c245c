#include "core/platform/native/asymmetric_fence.h"

#include "core/platform/native/fail.h"

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace racewalk {
namespace {

#if defined(__linux__)
bool Membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0) == 0; }
bool Register() { return Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }
bool FenceAll() { return Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }
#else
bool Register() { return false; }
bool FenceAll() { return false; }
#endif

}  // namespace

const bool AsymmetricFence::kCheap = Register();

void AsymmetricFence::Heavy() {
  Full();
  if (!kCheap || FenceAll()) return;
  NativeFail(ViolationKind::kAssertion, "", "the kernel refuses a membarrier it has offered",
             std::source_location::current());
}

// Not std::atomic_thread_fence, which g++ refuses when it builds for ThreadSanitizer.
void AsymmetricFence::Full() { __sync_synchronize(); }

}  // namespace racewalk
