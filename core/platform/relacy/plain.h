// P::Plain of the explored world: an unordered access to it is a violation.
#ifndef RACEWALK_CORE_PLATFORM_RELACY_PLAIN_H_
#define RACEWALK_CORE_PLATFORM_RELACY_PLAIN_H_

#include <array>
#include <source_location>

#include "core/platform/relacy/atomic.h"

namespace racewalk {

// A type may say what a race on it means: static Violation Race(const T&
// newest, const T& next), where `next` is what the access leaves.
template <typename T>
class RelacyPlain {
 public:
  using Location = std::source_location;

  explicit RelacyPlain(WordName name = {}) : data_(World::Get().engine().NewVar()), name_(name) {}
  explicit RelacyPlain(T value, WordName name = {}, Location loc = Location::current())
      : RelacyPlain(name) {
    store(value, loc);
  }
  ~RelacyPlain() { World::Get().engine().FreeVar(data_); }
  RelacyPlain(const RelacyPlain&) = delete;
  RelacyPlain& operator=(const RelacyPlain&) = delete;

  void set_name(WordName name) { name_ = name; }

  T load(Location loc = Location::current()) const {
    pulse_.Check(loc);
    if (!written_) {
      World::Get().Fail({.kind = ViolationKind::kUninitializedRead,
                         .invariant = "L1",
                         .what = "{thread} reads data before anything was written to it",
                         .where = loc});
    }
    if (!data_->load(*rl::ctx().threadx_)) FailRace(value_, loc);
    Remember(EventKind::kPlainLoad, loc);
    return value_;
  }

  void store(T value, Location loc = Location::current()) {
    pulse_.Check(loc);
    if (!written_) {
      data_->init(*rl::ctx().threadx_);
      written_ = true;
    } else if (!data_->store(*rl::ctx().threadx_)) {
      FailRace(value, loc);
    }
    value_ = value;
    Remember(EventKind::kPlainStore, loc);
  }

  // For oracles: no event, no race.
  T peek() const { return value_; }

 private:
  [[noreturn]] void FailRace([[maybe_unused]] const T& next, Location loc) const {
    Violation violation{.kind = ViolationKind::kDataRace,
                        .invariant = "",
                        .what =
                            "{thread} and {other} use the same data with nothing between them "
                            "that orders the two"};
    if constexpr (requires { T::Race(value_, next); }) violation = T::Race(value_, next);
    violation.where = loc;
    violation.other = World::Get().engine().RacingThread(data_);
    if (violation.other >= 0) {
      const Seen& seen = seen_[static_cast<std::size_t>(violation.other)];
      violation.other_where = seen.where;
      violation.other_step = seen.step;
    }
    World::Get().Fail(violation);
  }

  void Remember(EventKind kind, Location loc) const {
    World& world = World::Get();
    Seen& mine = seen_[static_cast<std::size_t>(world.thread())];
    // Of a thread's accesses its last write tells more than its later reads.
    if (kind == EventKind::kPlainStore || !mine.wrote) {
      mine = {loc, world.steps(), kind == EventKind::kPlainStore};
    }
    if (world.recording()) {
      world.Record({.kind = kind, .word = name_, .value = ToBits(value_), .where = loc});
    }
  }

  // A thread's access, for the other side of a race.
  struct Seen {
    Location where;
    uint64_t step = 0;
    bool wrote = false;
  };

  rl::var_data* data_;
  T value_{};
  bool written_ = false;
  WordName name_;
  mutable std::array<Seen, kMaxThreads> seen_{};
  Pulse pulse_;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_PLATFORM_RELACY_PLAIN_H_
