// RCU at specification level: exactly what a grace period promises, no more.
//
// Source of the rules: MODEL, "RCU, at specification level"; the promise itself
// is the kernel's (Documentation/RCU/Design/Requirements): a section that began
// before a grace period did happens-before its end, and what preceded the
// grace period happens-before every section that begins after its start.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_RCU_H_
#define RACEWALK_CORE_PLATFORM_RELACY_RCU_H_

#include <array>
#include <cstdint>
#include <source_location>
#include <vector>

#include "core/platform/decisions.h"
#include "core/platform/relacy/clock.h"

namespace racewalk {

class RelacyRcu {
 public:
  using Location = std::source_location;
  struct Head {};  // callbacks are kept outside of the object here

  explicit RelacyRcu(const char* name);
  ~RelacyRcu();
  RelacyRcu(const RelacyRcu&) = delete;
  RelacyRcu& operator=(const RelacyRcu&) = delete;

  void read_lock(Location loc = Location::current());
  void read_unlock(Location loc = Location::current());
  bool held() const;
  // Runs callback(argument) on the callback thread after a grace period.
  void call(Head& head, void (*callback)(void*), void* argument,
            Location loc = Location::current());
  void synchronize(Location loc = Location::current());
  // Waits until every callback queued before has run.
  void barrier(Location loc = Location::current());

  // For the callback thread.
  // Calls whose grace period may start, and whose callback may run; neither
  // happens in the order of the calls, since different CPUs may have made them.
  uint32_t Startable() const;
  uint32_t Runnable() const;
  bool HasPending() const { return !pending_.empty(); }
  void StartGracePeriod(uint32_t which);  // below Startable()
  void RunCallback(uint32_t which);       // below Runnable()
  // A thread whose section keeps a grace period from ending, or -1.
  int OldestReader() const;

 private:
  struct Pending {
    void (*callback)(void*);
    void* argument;
    Clock called;                                   // of the caller, at the call
    Clock ended;                                    // of the sections that must end first
    std::array<uint64_t, kMaxThreads> waits_for{};  // section ordinals, 0: none
    uint64_t ordinal = 0;                           // of the call, from 1
    bool started = false;
  };
  struct Reader {
    uint64_t section = 0;  // ordinal of the latest section
    int depth = 0;
  };
  // Whether a callback of one of the first `calls` calls has still to return.
  bool Owes(uint64_t calls) const;
  static bool Over(const Pending& pending);
  void Start(Pending& pending);

  const char* name_;
  uint32_t location_;
  std::array<Reader, kMaxThreads> readers_{};
  std::vector<Pending> pending_;   // in the order of the calls
  std::vector<Pending*> waiters_;  // of synchronize
  Clock sections_ended_;           // of all sections that have ended
  Clock calls_started_;            // of all calls whose grace period has started
  Clock callbacks_done_;
  uint64_t queued_ = 0;
  uint64_t running_ = 0;  // ordinal of the call whose callback runs, 0: none
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_RCU_H_
