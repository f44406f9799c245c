// Whether the host still calls the VM's notifier (kernel: mm/mmu_notifier.c).
//
// Callbacks run in a sleepable read section and look at the link inside it.
// Unregistering first releases every mapping, while the host still calls: a
// host that finds no notifier must be free to take any page (N6). Then it
// unlinks and waits for the sections that may have seen the link. After
// Unregister has returned no callback runs (N5), so that what they use may go.
#ifndef RACEWALK_CORE_NOTIFIER_REGISTRATION_H_
#define RACEWALK_CORE_NOTIFIER_REGISTRATION_H_

#include "core/platform/platform.h"

namespace racewalk {

template <Platform P>
class Registration {
 public:
  // Runs callback() unless the notifier has been unregistered; says whether it did.
  template <typename F>
  bool Call(F callback) {
    sections_.read_lock();
    const bool linked = linked_.load(P::order(point::unlink_follow));
    if (linked) callback();
    sections_.read_unlock();
    return linked;
  }

  // Calls release(), which must unmap everything for good. May sleep. Called once.
  template <typename F>
  void Unregister(F release) {
    const bool in_order = P::keeps(point::release_before_unlink);
    if (in_order) release();
    linked_.store(false, P::order(point::unlink_publish));
    if (!in_order) release();
    if (P::keeps(point::unregister_waits)) sections_.synchronize();
  }

 private:
  typename P::Rcu sections_{"notifier"};
  typename P::template Atomic<bool> linked_{
      true, WordName{.what = "notifier_linked", .type = ValueType::kBool}};
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_NOTIFIER_REGISTRATION_H_
