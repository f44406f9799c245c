#include "core/platform/relacy/world.h"

#include <bit>
#include <cstdlib>

#include "core/platform/relacy/rcu.h"
#include "core/platform/relacy/relacy.h"

namespace racewalk {
namespace internal {
constinit World world;
void SwitchTo(int threads, int picked);  // engine.cc
}  // namespace internal

namespace {

// An execution that needs more steps than this makes no progress: the longest
// scenario of the library needs some hundreds.
constexpr uint64_t kMaxSteps = 50'000;

// A thread that has paused this often is not offered before everybody who can
// run has stepped: or two that retry by turns would starve a third.
constexpr uint32_t kPatience = 4;

// Livelock: everybody who can run has retried so often in an unchanged state.
constexpr uint32_t kVainRetries = 16;

// What a timeline shows of it; null: nothing, other events say it.
const char* TextOf(TraceKind kind) {
  switch (kind) {
    case TraceKind::kYielded:
      return "gave up the MMU lock and took it again";
    case TraceKind::kTableFreed:
      return "frees table page";
    case TraceKind::kRootZapped:
      return "has emptied invalid root";
    case TraceKind::kMapped:
      return "has a mapping for guest frame";
    case TraceKind::kSlotsReplaced:
      return "is about to publish memory slots";
    default:
      return nullptr;
  }
}

}  // namespace

void ReleaseInto(Clock& clock) {
  rl::thread_info_base& self = *rl::ctx().threadx_;
  self.own_acq_rel_order_ += 1;
  const auto threads = static_cast<std::size_t>(World::Get().threads());
  for (std::size_t i = 0; i < threads; ++i) {
    clock.time[i] = std::max(clock.time[i], self.acq_rel_order_[i]);
  }
}

void AcquireFrom(const Clock& clock) {
  rl::thread_info_base& self = *rl::ctx().threadx_;
  self.own_acq_rel_order_ += 1;
  const auto threads = static_cast<std::size_t>(World::Get().threads());
  for (std::size_t i = 0; i < threads; ++i) {
    self.acq_rel_order_[i] = std::max(self.acq_rel_order_[i], clock.time[i]);
  }
}

Clock SaveClock() {
  Clock clock;
  const rl::thread_info_base& self = *rl::ctx().threadx_;
  const auto threads = static_cast<std::size_t>(World::Get().threads());
  for (std::size_t i = 0; i < threads; ++i) clock.time[i] = self.acq_rel_order_[i];
  return clock;
}

void RestoreClock(const Clock& clock) {
  rl::thread_info_base& self = *rl::ctx().threadx_;
  const auto threads = static_cast<std::size_t>(World::Get().threads());
  for (std::size_t i = 0; i < threads; ++i) {
    if (static_cast<int>(i) != self.index_) self.acq_rel_order_[i] = clock.time[i];
  }
}

void World::Begin(int threads, Engine* engine, Decisions* decisions) {
  Discard();
  slots_.fill(Slot{});
  engine_ = engine;
  decisions_ = decisions;
  violation_ = Violation{};
  threads_ = threads;
  current_ = 0;
  paused_ = -1;
  has_paused_ = false;
  unfinished_ = (1U << threads) - 1;
  waiting_ = 0;
  cut_ = false;
  parallel_ = false;
  locations_ = 0;
  state_ = 0;
  announcements_.fill(Announcement{});
  step_ = 0;
  serial_steps_ = 0;
  choices_ = 0;
  fingerprint_ = 0;
  interleaving_ = 0;
  live_objects_ = 0;
  stopped_ = false;
}

void World::Discard() {
  for (const Block& block : blocks_) {
    block.destroy(block.memory);
    std::free(block.memory);
  }
  blocks_.clear();
  domains_.clear();
}

void World::RemoveDomain(RelacyRcu* domain) { std::erase(domains_, domain); }

uint32_t World::Fair(uint32_t enabled) {
  if (!has_paused_) return enabled;
  uint32_t fair = enabled;
  if (paused_ >= 0) fair &= ~(1U << paused_);
  paused_ = -1;
  uint32_t withheld = 0;
  for (int i = 0; i < threads_; ++i) {
    Slot& slot = slots_[Index(i)];
    if (slot.pauses < kPatience || (enabled & (1U << i)) == 0) continue;
    bool starves = false;
    for (int j = 0; j < threads_; ++j) {
      starves |=
          j != i && (enabled & (1U << j)) != 0 && slots_[Index(j)].last_step <= slot.patient_since;
    }
    if (starves) {
      withheld |= 1U << i;
    } else {
      slot.pauses = 0;
    }
  }
  // Whoever stepped longest ago is always left, unless it is alone and paused.
  const uint32_t left = fair & ~withheld;
  if (left == 0) return enabled;
  cut_ |= left != fair;
  return left;
}

int World::PickNext() {
  uint32_t enabled = unfinished_ & ~waiting_;
  for (uint32_t rest = unfinished_ & waiting_; rest != 0; rest &= rest - 1) {
    const int i = std::countr_zero(rest);
    if (CanRun(i)) enabled |= 1U << i;
  }
  if (enabled == 0) FailDeadlock();
  enabled = Fair(enabled);
  const PickView view{threads_, current_, enabled, step_, &announcements_};
  if (std::has_single_bit(enabled)) {
    decisions_->Forced(view);
    return std::countr_zero(enabled);
  }
  const int picked = decisions_->Pick(view);
  ++choices_;
  if (taken_ != nullptr) {
    taken_->push_back({true, Choice::kStaleRead, enabled, static_cast<uint32_t>(picked)});
  }
  return picked;
}

uint32_t World::Choose(uint32_t n, Choice kind) {
  if (!parallel_) return 0;
  const uint32_t chosen = decisions_->Choose(n, kind);
  ++choices_;
  if (taken_ != nullptr) taken_->push_back({false, kind, n, chosen});
  fingerprint_ = Mix(fingerprint_ ^ (uint64_t{chosen} << 8) ^ static_cast<uint64_t>(kind));
  return chosen;
}

void World::Step(OpKind kind, uint32_t location, point at) {
  if (++(parallel_ ? step_ : serial_steps_) > kMaxSteps) {
    Fail({.kind = ViolationKind::kLivelock,
          .invariant = "P1",
          .what = "{thread} is still retrying after {value} steps, and nothing moves on",
          .value = kMaxSteps,
          .thread = current_});
  }
  if (!parallel_) return;
  announcements_[Index(current_)] = {kind, location, at};
  slots_[Index(current_)].last_step = step_;
  const int next = PickNext();
  if (next != current_) internal::SwitchTo(threads_, next);
}

void World::Wait(OpKind kind, uint32_t location, Ready ready, const void* argument,
                 std::source_location where) {
  if (!parallel_) {
    if (ready(argument)) return;
    Fail({.kind = ViolationKind::kDeadlock,
          .invariant = "P2",
          .what = "{thread} waits for something that nobody is left to do",
          .thread = current_,
          .where = where});
  }
  Slot& slot = slots_[Index(current_)];
  slot.ready = ready;
  slot.argument = argument;
  slot.where = where;
  waiting_ |= 1U << current_;
  Step(kind, location, point::none);
  waiting_ &= ~(1U << current_);
  slot.ready = nullptr;
}

void World::Pause(std::source_location where) {
  // Relacy: after a yield, what has been seen to be superseded is not read again.
  rl::thread_info_base& self = *rl::ctx().threadx_;
  self.last_yield_ = self.own_acq_rel_order_;
  if (recording()) Record({.kind = EventKind::kPause, .where = where});
  paused_ = current_;
  has_paused_ = true;
  Slot& slot = slots_[Index(current_)];
  if (slot.pauses++ == 0) slot.patient_since = step_;
  slot.vain = slot.state_seen == state_ ? slot.vain + 1 : 1;
  slot.state_seen = state_;
  if (InVain()) {
    Fail({.kind = ViolationKind::kLivelock,
          .invariant = "P1",
          .what = "{thread} retries for ever: nothing has changed in {value} attempts, and nobody "
                  "is left who could change it",
          .value = slot.vain,
          .thread = current_,
          .where = where});
  }
  Step(OpKind::kPause, 0, point::none);
}

bool World::InVain() const {
  for (int i = 0; i < threads_; ++i) {
    const Slot& slot = slots_[Index(i)];
    if (!CanRun(i)) continue;
    if (slot.vain < kVainRetries || slot.state_seen != state_) return false;
  }
  return true;
}

void World::FailDeadlock() {
  Violation violation{.kind = ViolationKind::kDeadlock,
                      .invariant = "P2",
                      .what = "{thread} waits for ever, and so does everybody else"};
  for (int i = 0; i < threads_; ++i) {
    const Slot& slot = slots_[Index(i)];
    if ((unfinished_ & 1U << i) == 0) continue;
    if (i == threads_ - 1 && violation.thread < 0) {
      violation.what = "a grace period never ends: a read section was left open";
      for (const RelacyRcu* domain : domains_) {
        if (domain->OldestReader() >= 0) violation.other = domain->OldestReader();
      }
    }
    if (violation.thread < 0) {
      violation.thread = i;
      violation.where = slot.where;
    } else if (violation.other < 0 && i != threads_ - 1) {
      violation.other = i;
      violation.other_where = slot.where;
    }
  }
  Fail(violation);
}

void World::Fail(Violation violation) {
  violation.step = step_;
  // Setup and the time at rest belong to no thread, whatever fiber they run on.
  if (violation.thread < 0 && parallel_) violation.thread = current_;
  if (!parallel_) violation.thread = -1;
  violation_ = violation;
  rl::ctx().fail_test("", rl::test_result_user_assert_failed, rl::debug_info());
  std::abort();  // not reached: fail_test leaves this fiber for good
}

bool World::Keeps(point p, std::source_location where) {
  if (!weakened(p)) return true;
  if (recording()) {
    Record({.kind = EventKind::kTrace, .at = p, .trace = "left out", .where = where});
  }
  return false;
}

void World::Trace(TraceKind kind, uint64_t a, uint64_t b, std::source_location where) {
  if (recording() && TextOf(kind) != nullptr) {
    Record({.kind = EventKind::kTrace, .value = a, .trace = TextOf(kind), .where = where});
  }
  if (observer_ != nullptr) observer_->OnTrace(kind, a, b, where);
}

bool World::HasCallbackWork() const {
  for (const RelacyRcu* domain : domains_) {
    if (domain->HasPending() && domain->Startable() + domain->Runnable() > 0) return true;
  }
  return false;
}

void World::RunCallbackThread() {
  for (;;) {
    Wait(
        OpKind::kRcuWork, 0,
        [](const void* self) {
          const auto* world = static_cast<const World*>(self);
          if (world->HasCallbackWork()) return true;
          // Done only when nothing can be queued any more and nothing is pending.
          if (!world->OthersFinished()) return false;
          for (const RelacyRcu* domain : world->domains_) {
            if (domain->HasPending()) return false;
          }
          return true;
        },
        this, std::source_location::current());
    uint32_t actions = 0;
    for (const RelacyRcu* domain : domains_) actions += domain->Startable() + domain->Runnable();
    if (actions == 0) return;
    uint32_t chosen = actions == 1 ? 0 : Choose(actions, Choice::kGracePeriod);
    for (RelacyRcu* domain : domains_) {
      const uint32_t startable = domain->Startable();
      if (chosen < startable) {
        domain->StartGracePeriod(chosen);
        break;
      }
      chosen -= startable;
      const uint32_t runnable = domain->Runnable();
      if (chosen < runnable) {
        domain->RunCallback(chosen);
        break;
      }
      chosen -= runnable;
    }
  }
}

void* World::Allocate(std::size_t bytes, Destroy destroy) {
  auto* memory = static_cast<std::byte*>(std::malloc(bytes));
  if (memory == nullptr) std::abort();
  blocks_.push_back({memory, bytes, destroy, true});
  ++live_objects_;
  return memory;
}

uint32_t World::ObjectOf(const void* part) const {
  const auto* byte = static_cast<const std::byte*>(part);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    if (byte >= block.memory && byte < block.memory + block.bytes) {
      return static_cast<uint32_t>(i + 1);
    }
  }
  return 0;
}

void World::Release(void* memory, std::source_location where) {
  for (Block& block : blocks_) {
    if (block.memory != memory) continue;
    if (!block.live) break;
    block.live = false;
    --live_objects_;
    return;
  }
  Fail({.kind = ViolationKind::kDoubleFree,
        .invariant = "L4",
        .what = "{thread} frees an object that is not allocated",
        .where = where});
}

}  // namespace racewalk
