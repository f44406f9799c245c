// The last things that one thread did.
#ifndef RACEWALK_SANITIZERS_EVENT_LOG_H_
#define RACEWALK_SANITIZERS_EVENT_LOG_H_

#include <array>
#include <atomic>
#include <cstdint>

namespace racewalk {

class EventLog {
 public:
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  void Tick() { written_.store(written() + 1, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> written_{0};
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_EVENT_LOG_H_
