// A shared mutex whose readers share no cache line that is written.
#ifndef RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_MUTEX_H_
#define RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_MUTEX_H_

#include <atomic>
#include <mutex>
#include <source_location>

#include "core/platform/native/presence.h"

namespace racewalk {

// As std::shared_mutex, and contended(). A reader says where it is and looks
// for a writer; a writer says that it comes and waits until nobody is inside.
// So readers cost next to nothing, do not disturb each other, and writers pay
// for both with a heavy fence each (AsymmetricFence).
//
// Fairness: while a writer is there or waits, readers queue up on the mutex
// that writers take, so that neither side starves the other where that mutex
// is fair. A reader's unlock is acquired by writers only, but for readers that
// queue: they are ordered like writers.
class PresenceSharedMutex {
 public:
  void lock() {
    Queue();
    // relaxed: ordered by the fence in AwaitLeft.
    writer_.store(true, std::memory_order_relaxed);
    bool waits = false;
    Presence::AwaitLeft(&inside_, [&] {
      waits = true;
      waiting_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a hint
    });
    if (waits) waiting_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: a hint
  }
  void unlock() {
    // release: pairs with lock_shared.
    writer_.store(false, std::memory_order_release);
    queue_.unlock();
  }
  void lock_shared() {
    Enter();
    // acquire: of what the last writer did (unlock).
    if (!writer_.load(std::memory_order_acquire)) [[likely]] {
      return;
    }
    LockSharedSlowly();
  }
  void unlock_shared() { Presence::Leave(&inside_, std::source_location::current()); }

  // Whether somebody waits for it. A hint, for a holder that could yield.
  bool contended() const { return waiting_.load(std::memory_order_relaxed) != 0; }

 private:
  void Enter() { Presence::Enter(&inside_, std::source_location::current()); }
  // Not inline: it is the rare case.
  [[gnu::noinline]] void LockSharedSlowly() {
    Presence::Leave(&inside_, std::source_location::current());
    // No writer has it while it is entered, and the next one will wait.
    Queue();
    Enter();
    queue_.unlock();
  }
  void Queue() {
    if (queue_.try_lock()) return;
    waiting_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a hint
    queue_.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: a hint
  }

  char inside_ = 0;                  // only its address is used
  std::atomic<bool> writer_{false};  // one is inside or waits for the readers to leave
  std::atomic<int> waiting_{0};
  std::mutex queue_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_NATIVE_PRESENCE_MUTEX_H_
