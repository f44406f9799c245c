// Relacy, seen from the platform: the part that depends on the number of
// threads is behind these virtual calls, so the core is compiled once.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_ENGINE_H_
#define RACEWALK_CORE_PLATFORM_RELACY_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/platform/decisions.h"

namespace rl {
struct atomic_data;
struct var_data;
}  // namespace rl

namespace racewalk {

// What is run in each execution. Setup and AtRest are single-threaded; Thread
// runs on fiber `index`. All of them on small stacks.
class Program {
 public:
  virtual ~Program() = default;
  virtual void Setup() = 0;
  virtual void Thread(int index) = 0;
  virtual void AtRest() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual int threads() const = 0;

  // Owned by the engine; given back with Free*.
  virtual rl::atomic_data* NewAtomic() = 0;
  virtual void FreeAtomic(rl::atomic_data* data) = 0;
  virtual rl::var_data* NewVar() = 0;
  virtual void FreeVar(rl::var_data* data) = 0;

  // A store that is no read-modify-write, by the C++20 rule: it does not
  // continue a release sequence of its own thread's, as Relacy's does.
  // Returns the slot of the store history that holds it.
  virtual unsigned Store(rl::atomic_data* data, std::memory_order order) = 0;

  // The thread whose earlier access is not ordered before an access that the
  // running fiber has just been refused.
  virtual int RacingThread(const rl::var_data* data) const = 0;

  // Runs executions until `more` says stop or one fails; true if none failed.
  // After a failure the engine must be replaced.
  class Loop {
   public:
    virtual ~Loop() = default;
    virtual void Before() = 0;  // before each execution
    virtual bool After() = 0;   // after each clean one: whether to go on
  };
  virtual bool Run(Program& program, Loop& loop) = 0;
};

// `threads` counts the callback thread: 2 to kMaxThreads. One that is kept is
// given first. All engines of a process belong to one thread, which runs one at a time.
std::unique_ptr<Engine> MakeEngine(int threads);

// For the next MakeEngine of as many threads: an engine takes as long to make as
// some executions, and Relacy never frees the stacks of its fibers. Every
// execution was clean, and nothing that it made is left. Null is ignored.
void KeepEngine(std::unique_ptr<Engine> engine);

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_ENGINE_H_
