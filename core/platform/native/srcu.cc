#include "core/platform/native/srcu.h"

namespace racewalk {
namespace {

constinit std::atomic<std::size_t> threads{0};

// How often a section has ended that somebody slept for. Of all domains: a
// reader that wakes must not touch its own domain, which may be gone by then.
constinit std::atomic<int> wakes{0};

}  // namespace

NativeSrcu::~NativeSrcu() {
  for (const Stripe& each : stripes_) {
    for (const Counts& counts : each.phases) {
      // relaxed: a count that is not ordered before the end of the domain is a misuse anyway.
      if (counts.begun.load(std::memory_order_relaxed) !=
          counts.ended.load(std::memory_order_relaxed) / kOne) {
        NativeFail(ViolationKind::kUseAfterFree, "L7",
                   "an SRCU domain goes away before its sections", Location::current());
      }
    }
  }
}

void NativeSrcu::ChooseStripe() {
  // relaxed: any spread will do.
  stripe = threads.fetch_add(1, std::memory_order_relaxed) % kStripes;
}

// The loop of Drain misses no section that ends. Its read-modify-write of
// `ended` and the section's are of one word, so one comes first: if the
// section's, Drain counts it; if Drain's, the section sees kAwaited and comes
// here, and `wakes` then differs from what Drain had loaded before: had that
// load seen this increment, then by their orders the section would have come first.
void NativeSrcu::Wake() {
  // release: acquired by Drain's load.
  wakes.fetch_add(1, std::memory_order_release);
  wakes.notify_all();
}

// Whether the sections that `ended` counts, loaded by an acquire, are all that
// have begun. They had begun before they ended, so `begun`, which is looked at
// later, counts them too; if it is no more, it counts no others.
bool NativeSrcu::IsOver(Counts& counts, uint64_t ended) {
  // It writes, so that each section's own count comes before or after, and
  // those after continue its release sequence.
  // release: acquired by the sections that begin after this (Enter).
  return counts.begun.fetch_add(0, std::memory_order_release) == ended / kOne;
}

void NativeSrcu::Drain(Counts& counts) {
  // acquire, here and below: of the sections that have ended (read_unlock).
  if (IsOver(counts, counts.ended.load(std::memory_order_acquire))) return;
  for (;;) {
    // acquire: pairs with Wake.
    const int before = wakes.load(std::memory_order_acquire);
    if (IsOver(counts, counts.ended.fetch_or(kAwaited, std::memory_order_acquire))) break;
    // relaxed: what was woken for is looked at again above.
    wakes.wait(before, std::memory_order_relaxed);
  }
  // relaxed: a section that still sees the bit wakes nobody.
  counts.ended.fetch_and(~kAwaited, std::memory_order_relaxed);
}

void NativeSrcu::DrainPhase(std::size_t phase) {
  for (Stripe& each : stripes_) Drain(each.phases[phase]);
}

// A thread that has begun a section after IsOver looked also sees the phase
// that was set before. So each thread can begin at most one more section in the
// phase that is drained, and every wait in Drain ends when those sections do.
void NativeSrcu::synchronize(Location loc) {
  if (held()) {
    NativeFail(ViolationKind::kDeadlock, "P2",
               "{thread} waits for a grace period inside of a read section", loc);
  }
  const std::scoped_lock turn(waits_);
  // relaxed: written under the lock that is held; IsOver publishes it.
  const std::size_t now = phase_.load(std::memory_order_relaxed);
  // Stragglers: they had looked at the phase before the previous wait set it.
  DrainPhase(1 - now);
  phase_.store(1 - now, std::memory_order_relaxed);
  DrainPhase(now);
}

}  // namespace racewalk
