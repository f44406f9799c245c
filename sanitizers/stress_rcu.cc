#include "sanitizers/stress_rcu.h"

#include <algorithm>
#include <chrono>

#include "core/platform/native/tsan.h"
#include "sanitizers/stress_thread.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace {

// How long the callback thread rests when there was nothing to do: longer and
// longer, since waking up takes the processor from those who race.
constexpr std::chrono::microseconds kFirstRest{10};
constexpr std::chrono::microseconds kLongestRest{320};

void Log(EventKind kind, std::source_location where) {
  StressThread::Log({.kind = kind, .word = "rcu", .where = where});
}

}  // namespace

StressRcu::StressRcu(const char* name)
    : native_(name), thread_([this, text = std::string(name)] { RunCallbacks(text); }) {}

StressRcu::~StressRcu() {
  if (pending() != 0) {
    NativeFail(ViolationKind::kUseAfterFree, "L7", "an RCU domain goes away before its callbacks",
               Location::current());
  }
  stop_.store(true, std::memory_order_relaxed);
  thread_.join();
}

void StressRcu::read_lock(Location loc) {
  Log(EventKind::kRcuEnter, loc);
  native_.read_lock(loc);
}

void StressRcu::read_unlock(Location loc) {
  native_.read_unlock(loc);
  Log(EventKind::kRcuExit, loc);
}

void StressRcu::call(Head& head, void (*callback)(void*), void* argument, Location loc) {
  Log(EventKind::kRcuCall, loc);
  head.callback_ = callback;
  head.argument_ = argument;
  queued_.fetch_add(1, std::memory_order_relaxed);
  TsanRelease(&head);
  // relaxed, with a fence: pairs with the one in RunBatch.
  Head* newest = queue_.load(std::memory_order_relaxed);
  do {
    head.next_.store(newest, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
  } while (!queue_.compare_exchange_weak(newest, &head, std::memory_order_relaxed));
}

void StressRcu::synchronize(Location loc) {
  Log(EventKind::kRcuWaited, loc);
  native_.synchronize(loc);
}

void StressRcu::barrier(Location loc) {
  Log(EventKind::kRcuWaited, loc);
  if (held()) {
    NativeFail(ViolationKind::kDeadlock, "P2",
               "{thread} waits for callbacks inside of a read section", loc);
  }
  const uint64_t until = queued_.load(std::memory_order_relaxed);
  while (done_.load(std::memory_order_relaxed) < until) std::this_thread::sleep_for(kFirstRest);
  std::atomic_thread_fence(std::memory_order_acquire);
  TsanAcquire(&callbacks_);
}

void StressRcu::RunCallbacks(const std::string& name) {
  // Of several domains, only one writes the log.
  EventLog* const log = name == "rcu" ? StressWorld::callback_log : nullptr;
  const StressThread self(name, kMaxScenarioThreads + 1, log);
  std::chrono::microseconds rest = kFirstRest;
  for (;;) {
    if (RunBatch()) {
      rest = kFirstRest;
      continue;
    }
    if (stop_.load(std::memory_order_relaxed)) return;
    std::this_thread::sleep_for(rest);
    rest = std::min(2 * rest, kLongestRest);
  }
}

bool StressRcu::RunBatch() {
  Head* newest = queue_.exchange(nullptr, std::memory_order_relaxed);
  if (newest == nullptr) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  Log(EventKind::kRcuStart, Location::current());
  native_.synchronize();
  Head* oldest = nullptr;
  while (newest != nullptr) {
    TsanAcquire(newest);
    Head* const next = newest->next_.load(std::memory_order_relaxed);
    newest->next_.store(oldest, std::memory_order_relaxed);
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    Head& head = *oldest;
    oldest = head.next_.load(std::memory_order_relaxed);
    StressThread::AtPoint();
    Log(EventKind::kRcuCallback, Location::current());
    head.callback_(head.argument_);
    // `head` may be gone.
    TsanRelease(&callbacks_);
    std::atomic_thread_fence(std::memory_order_release);
    done_.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

}  // namespace racewalk
