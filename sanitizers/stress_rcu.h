// RCU of a round: liburcu's read side and grace periods, with a callback thread
// of its own.
#ifndef RACEWALK_SANITIZERS_STRESS_RCU_H_
#define RACEWALK_SANITIZERS_STRESS_RCU_H_

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>
#include <thread>

#include "core/platform/native/rcu.h"

namespace racewalk {

// As NativeRcu, but for when callbacks run. liburcu's own thread rests for ten
// milliseconds between two batches, in which a round would be over: what is
// freed too early would never be used again in time to show, and the end of each
// round would wait. Here a callback runs as soon as its grace period is over.
//
// Neither `call` nor the thread orders callers with each other: the queue is
// ordered for the processor by fences, which race detectors do not see, and for
// them by the same annotations as NativeRcu's.
class StressRcu {
 public:
  using Location = std::source_location;

  class Head {
   private:
    friend class StressRcu;
    std::atomic<Head*> next_{nullptr};
    void (*callback_)(void*) = nullptr;
    void* argument_ = nullptr;
  };

  explicit StressRcu(const char* name = "rcu");
  // No callback may be pending: call barrier() before.
  ~StressRcu();
  StressRcu(const StressRcu&) = delete;
  StressRcu& operator=(const StressRcu&) = delete;

  void read_lock(Location loc = Location::current());
  void read_unlock(Location loc = Location::current());
  bool held() const { return native_.held(); }
  void call(Head& head, void (*callback)(void*), void* argument,
            Location loc = Location::current());
  void synchronize(Location loc = Location::current());
  void barrier(Location loc = Location::current());

  // Callbacks that have yet to run, about.
  uint64_t pending() const {
    return queued_.load(std::memory_order_relaxed) - done_.load(std::memory_order_relaxed);
  }

 private:
  void RunCallbacks(const std::string& name);
  // Runs what is queued, the oldest first; false if nothing was.
  bool RunBatch();

  NativeRcu native_;
  std::atomic<Head*> queue_{nullptr};  // the newest first
  std::atomic<uint64_t> queued_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<bool> stop_{false};
  char callbacks_ = 0;  // only its address is used
  std::thread thread_;
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_RCU_H_
