#include "core/platform/relacy/rcu.h"

#include <algorithm>

#include "core/platform/relacy/world.h"

namespace racewalk {
namespace {

std::size_t Self() { return static_cast<std::size_t>(World::Get().thread()); }

void RecordRcu(EventKind kind, const char* name, std::source_location loc, uint64_t value) {
  World& world = World::Get();
  if (world.recording()) {
    world.Record({.kind = kind, .word = {.what = name}, .value = value, .where = loc});
  }
}

}  // namespace

RelacyRcu::RelacyRcu(const char* name) : name_(name), location_(World::Get().NewLocation()) {
  World::Get().AddDomain(this);
}

RelacyRcu::~RelacyRcu() { World::Get().RemoveDomain(this); }

void RelacyRcu::read_lock(Location loc) {
  World& world = World::Get();
  if (readers_[Self()].depth > 0) {
    ++readers_[Self()].depth;
    return;
  }
  world.Step(OpKind::kRcuEnter, location_, point::none);
  Reader& reader = readers_[Self()];
  reader.depth = 1;
  ++reader.section;
  AcquireFrom(calls_started_);
  world.Note(location_, EventKind::kRcuEnter, 0, reader.section);
  RecordRcu(EventKind::kRcuEnter, name_, loc, reader.section);
}

void RelacyRcu::read_unlock(Location loc) {
  World& world = World::Get();
  Reader& reader = readers_[Self()];
  if (reader.depth == 0) {
    world.Fail({.kind = ViolationKind::kLockDiscipline,
                .invariant = "P3",
                .what = "{thread} leaves a read section that it is not in",
                .where = loc});
  }
  if (--reader.depth > 0) return;
  ReleaseInto(sections_ended_);
  for (Pending& pending : pending_) {
    if (pending.started && pending.waits_for[Self()] == reader.section) {
      pending.waits_for[Self()] = 0;
      ReleaseInto(pending.ended);
    }
  }
  for (Pending* waiter : waiters_) {
    if (waiter->waits_for[Self()] == reader.section) {
      waiter->waits_for[Self()] = 0;
      ReleaseInto(waiter->ended);
    }
  }
  RecordRcu(EventKind::kRcuExit, name_, loc, reader.section);
}

bool RelacyRcu::held() const { return readers_[Self()].depth > 0; }

void RelacyRcu::call(Head& /*head*/, void (*callback)(void*), void* argument, Location loc) {
  Pending pending{.callback = callback, .argument = argument, .called = {}, .ended = {}};
  ReleaseInto(pending.called);
  pending.ordinal = ++queued_;
  pending_.push_back(pending);
  RecordRcu(EventKind::kRcuCall, name_, loc, queued_);
}

void RelacyRcu::Start(Pending& pending) {
  pending.started = true;
  calls_started_.Join(pending.called);
  pending.ended = sections_ended_;
  pending.ended.Join(pending.called);
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    pending.waits_for[i] = readers_[i].depth > 0 ? readers_[i].section : 0;
  }
}

bool RelacyRcu::Over(const Pending& pending) {
  return pending.started && std::all_of(pending.waits_for.begin(), pending.waits_for.end(),
                                        [](uint64_t section) { return section == 0; });
}

void RelacyRcu::synchronize(Location loc) {
  World& world = World::Get();
  world.Step(OpKind::kWait, location_, point::none);
  Pending mine{.callback = nullptr, .argument = nullptr, .called = {}, .ended = {}};
  ReleaseInto(mine.called);
  Start(mine);
  waiters_.push_back(&mine);
  world.Wait(
      OpKind::kWait, location_,
      [](const void* pending) { return Over(*static_cast<const Pending*>(pending)); }, &mine, loc);
  std::erase(waiters_, &mine);
  AcquireFrom(mine.ended);
  world.Note(location_, EventKind::kRcuWaited, 0, 0);
  RecordRcu(EventKind::kRcuWaited, name_, loc, 0);
}

void RelacyRcu::barrier(Location loc) {
  World& world = World::Get();
  if (!world.parallel()) {
    // Single-threaded: there is no callback thread to wait for.
    while (!pending_.empty()) {
      if (Startable() > 0) StartGracePeriod(0);
      if (Runnable() == 0) break;
      RunCallback(0);
    }
  }
  struct Target {
    const RelacyRcu* domain;
    uint64_t queued;
  } target{this, queued_};
  world.Wait(
      OpKind::kWait, location_,
      [](const void* argument) {
        const auto* t = static_cast<const Target*>(argument);
        return !t->domain->Owes(t->queued);
      },
      &target, loc);
  AcquireFrom(callbacks_done_);
  world.Note(location_, EventKind::kRcuWaited, 1, target.queued);
  RecordRcu(EventKind::kRcuWaited, name_, loc, target.queued);
}

uint32_t RelacyRcu::Startable() const {
  return static_cast<uint32_t>(std::count_if(
      pending_.begin(), pending_.end(), [](const Pending& pending) { return !pending.started; }));
}

uint32_t RelacyRcu::Runnable() const {
  return static_cast<uint32_t>(std::count_if(pending_.begin(), pending_.end(), Over));
}

void RelacyRcu::StartGracePeriod(uint32_t which) {
  auto pending = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& candidate) {
    return !candidate.started && which-- == 0;
  });
  Start(*pending);
  World::Get().Note(location_, EventKind::kRcuStart, 0, 0);
  RecordRcu(EventKind::kRcuStart, name_, Location::current(), pending->ordinal);
}

void RelacyRcu::RunCallback(uint32_t which) {
  auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& candidate) {
    return Over(candidate) && which-- == 0;
  });
  const Pending pending = *found;
  pending_.erase(found);
  // Callbacks may run on different CPUs: what one has seen is not passed on to
  // the next, though all of them run on one fiber here.
  const Clock before = SaveClock();
  AcquireFrom(pending.ended);
  World::Get().Note(location_, EventKind::kRcuCallback, 0, 0);
  RecordRcu(EventKind::kRcuCallback, name_, Location::current(), pending.ordinal);
  running_ = pending.ordinal;
  pending.callback(pending.argument);
  running_ = 0;
  ReleaseInto(callbacks_done_);
  RestoreClock(before);
}

bool RelacyRcu::Owes(uint64_t calls) const {
  return (running_ != 0 && running_ <= calls) ||
         std::any_of(pending_.begin(), pending_.end(),
                     [&](const Pending& pending) { return pending.ordinal <= calls; });
}

int RelacyRcu::OldestReader() const {
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    if (readers_[i].depth > 0) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace racewalk
