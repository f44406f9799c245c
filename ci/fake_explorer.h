// A world small enough to reason about, for tests of the command: two threads
// add one to a counter. Weakened, they do so by a load and a store, and an
// update can get lost.
#ifndef RACEWALK_CI_FAKE_EXPLORER_H_
#define RACEWALK_CI_FAKE_EXPLORER_H_

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/token_target.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

struct FakeBehaviour {
  bool bad_subject = false;          // Create refuses it
  bool nothing_to_race = false;      // there is one thread only
  bool nondeterministic = false;     // an execution depends on those before it
  bool always_weak = false;          // as if a point were weakened
  uint64_t crash_at = ~uint64_t{0};  // the execution that ends the process
  uint64_t hang_at = ~uint64_t{0};   // the execution that never ends
  int extra_steps = 0;               // at each thread's end; makes other executions of it
};

class FakeExplorer final : public Explorer {
 public:
  FakeExplorer(Subject subject, FakeBehaviour behaviour)
      : subject_(std::move(subject)),
        behaviour_(behaviour),
        weak_(subject_.weakened.any() || behaviour.always_weak) {}

  const Subject& subject() const override { return subject_; }
  const std::vector<std::string>& thread_names() const override { return names_; }
  std::string OperationText(int thread, uint64_t ordinal) const override {
    return absl::StrCat("add ", ordinal, " by ", names_[static_cast<std::size_t>(thread)]);
  }
  Profile Pilot() override {
    return {.threads = 3, .steps = static_cast<uint64_t>(2 * StepsOfThread())};
  }

  Batch Run(Strategy& strategy, uint64_t seed, uint64_t first, uint64_t count,
            std::vector<uint64_t>* interleavings) override {
    Batch batch;
    for (uint64_t index = first; index < first + count && !batch.violated && !strategy.exhausted();
         ++index) {
      if (index == behaviour_.crash_at) abort();
      while (index == behaviour_.hang_at) pause();
      const uint64_t key = ExecutionKey(seed, index);
      const Recording recording = Execute(strategy, key, false);
      ++batch.executions;
      batch.steps += recording.steps;
      for (const Decision& decision : recording.decisions) {
        batch.choices +=
            decision.is_pick && (decision.options & (decision.options - 1)) == 0 ? 0 : 1;
      }
      if (interleavings != nullptr) interleavings->push_back(recording.interleaving);
      if (recording.violation.kind == ViolationKind::kNone) continue;
      batch.violated = true;
      batch.key = key;
      batch.index = index;
      batch.violation = recording.violation;
    }
    return batch;
  }

  Recording Record(Strategy& strategy, uint64_t key, bool events) override {
    return Execute(strategy, key, events);
  }

 private:
  int StepsOfThread() const { return (weak_ ? 2 : 1) + behaviour_.extra_steps; }

  Recording Execute(Strategy& strategy, uint64_t key, bool events) {
    Recording recording;
    uint64_t counter = behaviour_.nondeterministic ? executions_++ : 0;
    uint64_t hash = 1;
    std::array<uint64_t, 2> seen{};
    std::array<int, 2> done{};
    std::array<Announcement, kMaxThreads> next{};
    next.fill({.kind = OpKind::kRmw, .location = 1});
    PickView view{.threads = 3, .next = &next};
    view.enabled = behaviour_.nothing_to_race ? 1u : 3u;
    strategy.Begin(key);
    const uint64_t start = counter;
    while (view.enabled != 0) {
      const int thread = strategy.Pick(view);
      recording.decisions.push_back(
          {.options = view.enabled, .taken = static_cast<uint32_t>(thread)});
      const auto index = static_cast<std::size_t>(thread);
      const int step = done[index]++;
      Event event{.step = view.step,
                  .thread = thread,
                  .at = point::table_publish,
                  .word = {.what = "counter"},
                  .where = std::source_location::current()};
      const auto note = [&](EventKind kind, uint64_t value) {
        event.kind = kind;
        event.value = value;
        if (events) recording.events.push_back(event);
        hash = (hash ^ (static_cast<uint64_t>(thread) + 3 * value)) * 0x9E3779B97F4A7C15u;
      };
      if (step == 0 && events) {
        Event begin = event;
        begin.kind = EventKind::kBegin;
        recording.events.push_back(begin);
      }
      if (!weak_ && step == 0) {
        note(EventKind::kFetchAdd, ++counter);
      } else if (step == 0) {
        seen[index] = counter;
        note(EventKind::kLoad, counter);
      } else if (weak_ && step == 1) {
        counter = seen[index] + 1;
        note(EventKind::kStore, counter);
      } else {
        note(EventKind::kPlainLoad, counter);
      }
      view.current = thread;
      ++view.step;
      if (done[index] == StepsOfThread()) view.enabled &= ~(1u << thread);
    }
    strategy.End();
    recording.steps = view.step;
    recording.fingerprint = hash;
    recording.interleaving = hash;
    recording.divergence = strategy.divergence();
    const uint64_t expected = behaviour_.nothing_to_race ? 1 : 2;
    if (counter - start != expected) {
      recording.violation = {.kind = ViolationKind::kLostDirty,
                             .invariant = "D1",
                             .what = "{thread} lost an update of {other}, counter {value}",
                             .value = counter,
                             .thread = view.current,
                             .other = 1 - view.current,
                             .step = view.step - 1,
                             .other_step = view.step - 2,
                             .where = std::source_location::current(),
                             .other_where = std::source_location::current()};
    }
    return recording;
  }

  Subject subject_;
  FakeBehaviour behaviour_;
  bool weak_;
  uint64_t executions_ = 0;
  std::vector<std::string> names_{"a", "b", "rcu"};
};

inline ExplorerFactory FakeFactory(FakeBehaviour behaviour = {}) {
  return [behaviour](const Subject& subject) -> absl::StatusOr<std::unique_ptr<Explorer>> {
    if (behaviour.bad_subject) return absl::InvalidArgumentError("it does not fit; use another");
    return std::make_unique<FakeExplorer>(subject, behaviour);
  };
}

}  // namespace racewalk

#endif  // RACEWALK_CI_FAKE_EXPLORER_H_
