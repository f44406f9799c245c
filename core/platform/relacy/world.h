// The explored world: which fiber runs, what it is about to do, what has been
// seen. One per process, as Relacy's context is. Its bookkeeping is plain
// memory that Relacy does not see, so it orders nothing in the modelled program.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_WORLD_H_
#define RACEWALK_CORE_PLATFORM_RELACY_WORLD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include "core/platform/decisions.h"
#include "core/platform/event.h"
#include "core/platform/platform.h"
#include "core/platform/relacy/clock.h"
#include "core/platform/relacy/engine.h"
#include "core/protocol.h"
#include "core/violation.h"

namespace racewalk {

class RelacyRcu;

// A decision as it was taken; the explorer turns these into a trace.
struct TakenDecision {
  bool is_pick;
  Choice kind;
  uint32_t options;  // enabled threads (a mask), or how many there were to choose from
  uint32_t taken;
};

// Told what the core traces; an oracle. Runs on the tracing fiber: no
// formatting, small frames.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnTrace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) = 0;
};

class World {
 public:
  static World& Get();  // inline: asked for by every operation of every word

  // --- For the explorer, outside of executions. ---
  void Begin(int threads, Engine* engine, Decisions* decisions);
  // Frees what a failed execution left behind.
  void Discard();
  void set_weakened(const PointSet& weakened) { weakened_ = weakened; }
  void set_observer(Observer* observer) { observer_ = observer; }
  void set_recording(std::vector<Event>* events, std::vector<TakenDecision>* decisions) {
    events_ = events;
    taken_ = decisions;
  }
  // Calls `stop`, on the fiber that is running, after the first event of `step`
  // of each execution that is recorded; null: never.
  using Stop = void (*)(void*);
  void set_stop(uint64_t step, Stop stop, void* argument) {
    stop_step_ = step;
    stop_ = stop;
    stop_argument_ = argument;
  }
  const Violation& violation() const { return violation_; }
  uint64_t steps() const { return step_; }
  uint64_t choices() const { return choices_; }
  uint64_t fingerprint() const { return fingerprint_; }
  uint64_t interleaving() const { return interleaving_; }
  // A thread that could run was withheld for having retried too often, so that
  // schedules exist that no strategy was offered.
  bool cut() const { return cut_; }

  // --- For the scheduler. ---
  // The next thread to run; fails the execution if nobody can.
  int PickNext();
  void set_current(int thread) { current_ = thread; }
  void set_parallel(bool parallel) { parallel_ = parallel; }
  void Finish(int thread) { unfinished_ &= ~(1U << thread); }
  uint32_t Choose(uint32_t n, Choice kind);
  // The body of the callback thread, the last one.
  void RunCallbackThread();

  // --- For the platform, on fibers. ---
  int thread() const { return current_; }
  int threads() const { return threads_; }
  bool parallel() const { return parallel_; }
  bool weakened(point p) const { return weakened_.test(static_cast<std::size_t>(p)); }
  Engine& engine() { return *engine_; }
  uint32_t NewLocation() { return ++locations_; }

  // A scheduling point: announces, lets the strategy pick, returns when picked.
  void Step(OpKind kind, uint32_t location, point at);
  // A scheduling point that is not offered until ready(argument) holds.
  using Ready = bool (*)(const void*);
  void Wait(OpKind kind, uint32_t location, Ready ready, const void* argument,
            std::source_location where);
  // A retry: the thread is not offered again before another one has stepped,
  // and after some retries not before everybody has.
  void Pause(std::source_location where);
  [[noreturn]] void Fail(Violation violation);

  // Folds an operation that has just been done into the fingerprints.
  // `conflict` distinguishes operations whose order matters: the ordinal of
  // the store that was read or made.
  void Note(uint32_t location, EventKind kind, uint32_t conflict, uint64_t value) {
    const auto who = static_cast<uint64_t>(current_);
    fingerprint_ = Mix(fingerprint_ ^ (who << 56) ^ (uint64_t{location} << 32) ^
                       (static_cast<uint64_t>(kind) << 24) ^ value);
    Slot& slot = slots_[Index(current_)];
    interleaving_ += Mix((who << 60) ^ (uint64_t{++slot.operations} << 40) ^
                         (uint64_t{location} << 20) ^ conflict);
  }
  // A word has changed its value. The state is a sum over words, so that a
  // retry that takes and gives back a reference leaves it as it was.
  void Change(uint32_t location, uint64_t from, uint64_t to) {
    state_ ^= Mix(Mix(location) + from) ^ Mix(Mix(location) + to);
  }
  bool recording() const { return events_ != nullptr; }
  void Record(Event event) {
    event.step = step_;
    event.thread = current_;
    events_->push_back(event);
    // Only recorded executions get here: exploring pays nothing for it.
    if (stop_ != nullptr && step_ == stop_step_ && !stopped_) {
      stopped_ = true;
      stop_(stop_argument_);
    }
  }

  bool Keeps(point p, std::source_location where);
  void Trace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where);

  // RCU domains register themselves for the callback thread.
  void AddDomain(RelacyRcu* domain) { domains_.push_back(domain); }
  void RemoveDomain(RelacyRcu* domain);

  // Heap objects of the core. A freed one is destroyed only when the execution
  // is over, so that its words can say that it is dead instead of crashing.
  using Destroy = void (*)(void*);
  void* Allocate(std::size_t bytes, Destroy destroy);
  void Release(void* memory, std::source_location where);
  // A handle on the heap object that `part` is in; 0: none.
  uint32_t ObjectOf(const void* part) const;
  bool ObjectAlive(uint32_t object) const { return object == 0 || blocks_[object - 1].live; }
  uint64_t live_objects() const { return live_objects_; }

  static uint64_t Mix(uint64_t x) {
    x *= 0x9E3779B97F4A7C15ULL;
    return x ^ (x >> 29);
  }

 private:
  struct Slot {
    Ready ready = nullptr;
    const void* argument = nullptr;
    std::source_location where;
    uint64_t last_step = 0;      // when it stepped last
    uint64_t patient_since = 0;  // when it paused for the first time of `pauses`
    uint32_t pauses = 0;
    uint32_t vain = 0;        // pauses in a row that found the state unchanged
    uint64_t state_seen = 0;  // at the latest pause
    uint32_t operations = 0;
  };
  struct Block {
    std::byte* memory;
    std::size_t bytes;
    Destroy destroy;
    bool live;
  };

  static std::size_t Index(int thread) { return static_cast<std::size_t>(thread); }
  [[noreturn]] void FailDeadlock();
  // Without those who have paused and must let others go first; never empty.
  uint32_t Fair(uint32_t enabled);
  bool HasCallbackWork() const;
  // Whether all who can run have only retried, in the state as it is.
  bool InVain() const;
  // All but the callback thread.
  bool OthersFinished() const { return (unfinished_ & ((1U << (threads_ - 1)) - 1)) == 0; }
  // Unless it waits for something that does not hold yet.
  bool CanRun(int thread) const {
    const Slot& slot = slots_[Index(thread)];
    return (unfinished_ & 1U << thread) != 0 &&
           (slot.ready == nullptr || slot.ready(slot.argument));
  }

  std::array<Slot, kMaxThreads> slots_{};
  std::array<Announcement, kMaxThreads> announcements_{};
  Engine* engine_ = nullptr;
  Decisions* decisions_ = nullptr;
  Observer* observer_ = nullptr;
  std::vector<Event>* events_ = nullptr;
  std::vector<TakenDecision>* taken_ = nullptr;
  std::vector<RelacyRcu*> domains_;
  std::vector<Block> blocks_;
  PointSet weakened_;
  Violation violation_;
  Stop stop_ = nullptr;
  void* stop_argument_ = nullptr;
  uint64_t stop_step_ = 0;
  bool stopped_ = false;
  int threads_ = 0;
  int current_ = 0;
  int paused_ = -1;
  bool has_paused_ = false;  // any thread, ever
  uint32_t unfinished_ = 0;  // threads, as a mask
  uint32_t waiting_ = 0;     // those with a `ready`
  bool cut_ = false;
  bool parallel_ = false;
  uint32_t locations_ = 0;
  uint64_t state_ = 0;  // of all modelled words
  uint64_t step_ = 0;
  uint64_t serial_steps_ = 0;  // of setup and of the time at rest
  uint64_t choices_ = 0;
  uint64_t fingerprint_ = 0;
  uint64_t interleaving_ = 0;
  uint64_t live_objects_ = 0;
};

namespace internal {
extern World world;
}  // namespace internal

inline World& World::Get() { return internal::world; }

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_WORLD_H_
