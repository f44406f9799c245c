// What the core asks of the world it runs in.
//
// The core is templates over one Platform and uses nothing else of
// concurrency: no std::atomic, no fences, no locks of its own. A platform is a
// class of static members, so that a native build folds every question it can
// answer at compile time.
#ifndef RACEWALK_CORE_PLATFORM_PLATFORM_H_
#define RACEWALK_CORE_PLATFORM_PLATFORM_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "core/environment.h"
#include "core/platform/event.h"
#include "core/protocol.h"
#include "core/violation.h"

namespace racewalk {

// A memory order and the point (if any) that asked for it. `publishes` is the
// second point of an operation that has an acquire half and a release half.
struct Order {
  std::memory_order value;
  point at = point::none;
  point publishes = point::none;

  // NOLINTNEXTLINE(google-explicit-constructor): std::memory_order_relaxed reads as itself.
  constexpr Order(std::memory_order order, point p = point::none, point second = point::none)
      : value(order), at(p), publishes(second) {}
};

// The order of an operation whose halves are `acquire` and `release`.
constexpr std::memory_order Combine(std::memory_order acquire, std::memory_order release) {
  const bool acquires = acquire != std::memory_order_relaxed;
  const bool releases = release != std::memory_order_relaxed;
  if (acquires && releases) return std::memory_order_acq_rel;
  if (acquires) return std::memory_order_acquire;
  return releases ? std::memory_order_release : std::memory_order_relaxed;
}

// A failed compare-exchange stores nothing, so its order is the load half of
// the order of success, weakened or not.
constexpr std::memory_order FailureOrder(std::memory_order success) {
  switch (success) {
    case std::memory_order_seq_cst:
      return std::memory_order_seq_cst;
    case std::memory_order_acq_rel:
    case std::memory_order_acquire:
      return std::memory_order_acquire;
    default:
      return std::memory_order_relaxed;
  }
}

// What the core says it is doing, for oracles and timelines. Costs nothing natively.
enum class TraceKind : uint8_t {
  kUnlocked,       // an exclusive hold of a shared lock is about to end; from the world itself
  kWalk,           // a walk begins; b: 1 if it is bounded
  kVisit,          // a walk that may yield looks at an entry; a: gfn, b: level
  kYielded,        // a walk gave up the MMU lock and took it again
  kTableFreed,     // a table page goes back to the allocator; a: pfn
  kRootZapped,     // an invalid root is empty and its owner lets go; a: pfn
  kMapped,         // a fault has found or made a mapping of its page; a: gfn
  kEntrySet,       // an entry of a table was changed; a: pfn of the table << 16 | index, b: bits
  kSlotsReplaced,  // another array of memory slots is about to be published; a: its number
  kFlush,          // all vCPUs are about to be made to forget translations; a: FlushScope
  kCollapsed,      // a table has given way to a block or to nothing; a: gfn, b: its entry's level
};

// What one flush, of all vCPUs, covers and how they are told.
enum class FlushScope : uint8_t {
  kPage,     // of one page, from outside
  kRange,    // of more, but not all
  kVm,       // of everything, from outside
  kRequest,  // of everything, by each vCPU itself when it enters the guest again
};
inline constexpr std::size_t kFlushScopes = 4;

// What P::Srcu is: a domain of sleepable RCU. Sections nest, end on the thread
// that began them and may block, on locks or for others; `held` is the caller's
// own. synchronize waits for the sections of this domain that were open at its
// start, and is not called inside of one. What they did happens-before its end;
// what precedes it happens-before the sections that begin after its start (natively
// it may be later, see QuiescentSrcu: the core relies on the end of waits only).
template <typename S>
concept SleepableRcu = std::constructible_from<S, const char*> && requires(S& srcu, const S& view) {
  srcu.read_lock();
  srcu.read_unlock();
  { view.held() } -> std::same_as<bool>;
  srcu.synchronize();
};

// The concept. Names in lower case are contracts of the blueprint or follow the
// standard library; `loc` arguments default to the caller's position.
//
// Atomic<T>   T is an integer, enum or small trivially copyable struct with
//             operator==. load/store/exchange/compare_exchange (strong)/
//             fetch_and/fetch_or/fetch_add take an Order. `reload` is a load by a
//             thread that did nothing to be ordered since it loaded `seen`: a
//             world may take the two for one of that order. `initialize` is a
//             store to a word that no other thread may know yet. `peek` is for
//             oracles: the newest value, no ordering, no event. hardware_load
//             and hardware_compare_exchange are what a page walker does: the
//             newest value, and no happens-before edge.
// Plain<T>    ordinary data whose races must be found.
// Counter     a statistic: what has been added, by any threads; orders nothing.
//             `peek` is for oracles, and exact at rest.
// Mutex, SharedMutex  lock/unlock (and _shared); `contended` says whether
//             somebody waits; the Assert calls check the caller's own hold.
// Rcu         a domain: read sections nest, and without kChecks `held` may say yes
//             where there is none; call/synchronize/barrier as the
//             kernel's. Head is what `call` threads its callbacks through.
// Srcu        see SleepableRcu.
// kSrcuHoldsRcu  whether a section of any Srcu does what one of any Rcu does, so that
//             the core need not enter one of those inside of it. Then both are
//             of the same grace periods.
// Slots       hands out frame numbers [first, first + count), newest freed
//             first or from quarantine, as the world chooses.
// Ghost       a generation carried along with an entry's value, ignored by
//             comparison; empty natively.
// Environment the type by which the core calls what is outside of it: Environment,
//             or a final class of it, whose calls need not be virtual.
// kChecks     whether the core watches itself: Check, and what is only kept and
//             looked at for it (lives, levels and bases of tables). False for
//             embedders only; then nothing may rely on a Check. What a correct
//             core may run into, such as an empty pool, it says by Require.
template <typename P>
concept Platform =
    requires(point p, bool condition, const char* text, uint64_t n, Order order,
             typename P::template Atomic<uint64_t>& word, uint64_t& expected,
             typename P::template Plain<uint64_t>& plain, typename P::Counter& counter,
             int64_t amount, typename P::Mutex& mutex, typename P::SharedMutex& shared,
             typename P::Rcu& rcu, typename P::Rcu::Head& head, void (*callback)(void*),
             void* argument, typename P::Slots& slots, const Violation& violation) {
      { word.load(order) } -> std::same_as<uint64_t>;
      { word.reload(n, order) } -> std::same_as<uint64_t>;
      word.store(n, order);
      { word.exchange(n, order) } -> std::same_as<uint64_t>;
      { word.compare_exchange(expected, n, order) } -> std::same_as<bool>;
      { word.fetch_and(n, order) } -> std::same_as<uint64_t>;
      { word.fetch_or(n, order) } -> std::same_as<uint64_t>;
      { word.fetch_add(n, order) } -> std::same_as<uint64_t>;
      { word.hardware_load() } -> std::same_as<uint64_t>;
      { word.hardware_compare_exchange(expected, n) } -> std::same_as<bool>;
      word.initialize(n);
      { word.peek() } -> std::same_as<uint64_t>;
      { plain.load() } -> std::same_as<uint64_t>;
      plain.store(n);
      counter.add(amount);
      { counter.peek() } -> std::same_as<int64_t>;
      mutex.lock();
      mutex.unlock();
      mutex.AssertHeld();
      shared.lock();
      shared.unlock();
      shared.lock_shared();
      shared.unlock_shared();
      shared.AssertHeld();
      shared.AssertHeldShared();  // shared or exclusive
      { shared.contended() } -> std::same_as<bool>;
      rcu.read_lock();
      rcu.read_unlock();
      { rcu.held() } -> std::same_as<bool>;
      rcu.call(head, callback, argument);
      rcu.synchronize();
      rcu.barrier();
      requires SleepableRcu<typename P::Srcu>;
      { P::kSrcuHoldsRcu } -> std::convertible_to<bool>;
      requires(!P::kSrcuHoldsRcu ||
               std::same_as<typename P::Rcu::GracePeriods, typename P::Srcu::GracePeriods>);
      { slots.take() } -> std::same_as<uint32_t>;  // Slots::kNone if none is left
      slots.give(uint32_t{1});
      typename P::Ghost;
      requires std::derived_from<typename P::Environment, Environment>;
      { P::kChecks } -> std::convertible_to<bool>;
      // The order that point p asks for; the second form has two halves.
      { P::order(p) } -> std::same_as<Order>;
      { P::order(p, p) } -> std::same_as<Order>;
      // Whether the step (or the right design) at point p is taken.
      { P::keeps(p) } -> std::same_as<bool>;
      // Whether a long walk that holds `shared` should yield at point p now.
      { P::ShouldYield(shared, p) } -> std::same_as<bool>;
      // Called on every retry; lets others run.
      P::Pause();
      // Reports a violation unless `condition`; does not return if it is false.
      // Where kChecks is false, it does nothing.
      P::Check(condition, ViolationKind::kAssertion, text, text);
      P::Fail(violation);  // the same with more to say
      P::Trace(TraceKind::kVisit, n, n);
      // Heap objects of the core; a deleted one is watched for use.
      { P::template New<uint64_t>(n) } -> std::same_as<uint64_t*>;
      P::Delete(static_cast<uint64_t*>(nullptr));
    };

// As P::Check, in every build: for what is no bug of the core.
template <Platform P>
void Require(bool condition, const char* what,
             std::source_location loc = std::source_location::current()) {
  if (!condition) [[unlikely]] {
    P::Fail({.kind = ViolationKind::kAssertion, .invariant = "", .what = what, .where = loc});
  }
}

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_PLATFORM_H_
