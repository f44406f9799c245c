#include "core/platform/relacy/locks.h"

namespace racewalk {
namespace {

[[noreturn]] void FailDiscipline(const char* what, std::source_location loc) {
  World::Get().Fail(
      {.kind = ViolationKind::kLockDiscipline, .invariant = "P3", .what = what, .where = loc});
}

}  // namespace

RelacyMutex::RelacyMutex(const char* name) : name_(name), location_(World::Get().NewLocation()) {}

void RelacyMutex::lock(Location loc) {
  World& world = World::Get();
  pulse_.Check(loc);
  world.Wait(
      OpKind::kLock, location_,
      [](const void* self) { return static_cast<const RelacyMutex*>(self)->holder_ < 0; }, this,
      loc);
  pulse_.Check(loc);
  holder_ = world.thread();
  AcquireFrom(released_);
  world.Note(location_, EventKind::kLock, 0, 0);
  if (world.recording()) {
    world.Record({.kind = EventKind::kLock, .word = {.what = name_}, .where = loc});
  }
}

void RelacyMutex::unlock(Location loc) {
  AssertHeld(loc);
  holder_ = -1;
  ReleaseInto(released_);
  World& world = World::Get();
  if (world.recording()) {
    world.Record({.kind = EventKind::kUnlock, .word = {.what = name_}, .where = loc});
  }
}

void RelacyMutex::AssertHeld(Location loc) const {
  pulse_.Check(loc);
  if (holder_ != World::Get().thread()) {
    FailDiscipline("{thread} does not hold the lock that it must hold", loc);
  }
}

RelacySharedMutex::RelacySharedMutex(const char* name)
    : name_(name), location_(World::Get().NewLocation()) {}

void RelacySharedMutex::Record(EventKind kind, Location loc) const {
  World& world = World::Get();
  if (world.recording()) world.Record({.kind = kind, .word = {.what = name_}, .where = loc});
}

void RelacySharedMutex::lock(Location loc) {
  World& world = World::Get();
  pulse_.Check(loc);
  if (HeldBy(world.thread())) FailDiscipline("{thread} takes a lock that it holds", loc);
  ++waiting_writers_;
  world.Wait(
      OpKind::kLock, location_,
      [](const void* self) { return static_cast<const RelacySharedMutex*>(self)->Free(); }, this,
      loc);
  pulse_.Check(loc);
  --waiting_writers_;
  writer_ = world.thread();
  hold_of_[static_cast<std::size_t>(writer_)] = ++acquisitions_;
  AcquireFrom(writer_released_);
  AcquireFrom(readers_released_);
  world.Note(location_, EventKind::kLock, ++holds_, 0);
  Record(EventKind::kLock, loc);
}

void RelacySharedMutex::unlock(Location loc) {
  AssertHeld(loc);
  World::Get().Trace(TraceKind::kUnlocked, 0, 0, loc);
  writer_ = -1;
  ReleaseInto(writer_released_);
  Record(EventKind::kUnlock, loc);
}

void RelacySharedMutex::lock_shared(Location loc) {
  World& world = World::Get();
  pulse_.Check(loc);
  if (HeldBy(world.thread())) FailDiscipline("{thread} takes a lock that it holds", loc);
  ++waiting_readers_;
  world.Wait(
      OpKind::kLockShared, location_,
      [](const void* self) { return static_cast<const RelacySharedMutex*>(self)->writer_ < 0; },
      this, loc);
  pulse_.Check(loc);
  --waiting_readers_;
  ++readers_;
  ++shared_[static_cast<std::size_t>(world.thread())];
  hold_of_[static_cast<std::size_t>(world.thread())] = ++acquisitions_;
  AcquireFrom(writer_released_);
  world.Note(location_, EventKind::kLockShared, holds_, 0);
  Record(EventKind::kLockShared, loc);
}

void RelacySharedMutex::unlock_shared(Location loc) {
  pulse_.Check(loc);
  int& mine = shared_[static_cast<std::size_t>(World::Get().thread())];
  if (mine == 0) FailDiscipline("{thread} gives up a lock that it does not hold", loc);
  --mine;
  --readers_;
  ReleaseInto(readers_released_);
  Record(EventKind::kUnlockShared, loc);
}

void RelacySharedMutex::AssertHeld(Location loc) const {
  pulse_.Check(loc);
  if (writer_ != World::Get().thread()) {
    FailDiscipline("{thread} needs the lock exclusively and does not hold it so", loc);
  }
}

void RelacySharedMutex::AssertHeldShared(Location loc) const {
  pulse_.Check(loc);
  if (!HeldBy(World::Get().thread())) {
    FailDiscipline("{thread} does not hold the lock that it must hold", loc);
  }
}

}  // namespace racewalk
