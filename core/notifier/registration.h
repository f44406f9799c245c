// The VM's place on the host's list of those who must be told when memory goes
// (KVM: mmu_notifier_register, ..._unregister and the release on exit_mmap).
#ifndef RACEWALK_CORE_NOTIFIER_REGISTRATION_H_
#define RACEWALK_CORE_NOTIFIER_REGISTRATION_H_

#include "core/platform/platform.h"

namespace racewalk {

template <Platform P>
class Registration {
 public:
  // Runs callback() unless the notifier has been taken off the list; says
  // whether it did.
  template <typename F>
  bool Call(F callback) {
    sections_.read_lock();
    const bool linked = linked_.load(P::order(point::unlink_follow));
    if (linked) callback();
    sections_.read_unlock();
    return linked;
  }

  // When it returns, everything that is mapped has been unmapped for good by
  // release(), and no callback runs any more. Both the end of the address space
  // and the VM's own departure come here, perhaps at once: then release() runs
  // twice, even at the same time.
  template <typename F>
  void Leave(F release) {
    if (P::keeps(point::release_before_unlink)) {
      Call(release);
      Unlink();
    } else {
      Unlink();
      release();
    }
    if (P::keeps(point::unregister_waits)) sections_.synchronize();
  }

  // For oracles.
  bool linked() const { return linked_.peek(); }

 private:
  void Unlink() {
    list_lock_.lock();
    // relaxed: written under the lock that is held
    if (!P::keeps(point::unlinked_once) || linked_.load(std::memory_order_relaxed)) {
      P::Check(linked_.peek(), ViolationKind::kDoubleFree, "L4",
               "{thread} takes the notifier off a list on which it no longer is");
      linked_.store(false, P::order(point::unlink_publish));
    }
    list_lock_.unlock();
  }

  typename P::Srcu sections_{"notifier"};
  typename P::Mutex list_lock_{"notifier_list_lock"};
  typename P::template Atomic<bool> linked_{
      true, WordName{.what = "notifier_linked", .type = ValueType::kBool}};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_NOTIFIER_REGISTRATION_H_
