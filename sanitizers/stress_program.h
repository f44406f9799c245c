// One round of a scaled subject on the machine of real threads.
#ifndef RACEWALK_SANITIZERS_STRESS_PROGRAM_H_
#define RACEWALK_SANITIZERS_STRESS_PROGRAM_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <thread>
#include <vector>

#include "core/platform/native/presence.h"
#include "core/platform/native/rcu.h"
#include "sanitizers/round.h"
#include "sanitizers/scaled.h"
#include "sanitizers/stress_machine.h"
#include "scenarios/machine/execute.h"

namespace racewalk {

// Runs it from making the VM to its end; StressWorld has been set. Which MMU it
// is, and of which geometry, costs minutes to compile, so each has a file of its own.
void RunTdpRound(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs);
void RunStage2Round(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs);
void RunSmallTdpRound(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs);
void RunSmallStage2Round(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs);

template <typename Arch>
class StressProgram {
 public:
  using Tables = typename Arch::Tables;

  StressProgram(const RoundPlan& plan, const ScaledSubject& subject, RoundLogs logs)
      : plan_(plan),
        subject_(subject),
        logs_(logs),
        machine_(subject.prepared.shape, Pool(), Mappings()) {}

  void Run() {
    const PreparedSubject& prepared = subject_.prepared;
    const StressThread self("main", kMaxScenarioThreads, LogOf(kMaxScenarioThreads));
    RunOnce(prepared.setup);
    if (prepared.close_after_setup) machine_.DropRoot(0);
    Race();
    if (!machine_.destroyed()) RunOnce(prepared.after);
    for (const CheckLine& check : subject_.checks) Verify(machine_, check);
    machine_.FinishMigration();
    machine_.CheckAtRest();
    machine_.TearDown();
  }

 private:
  // Beyond all frames of the host, so that no number means two things.
  static constexpr Pfn kFirstTable = 1U << 16;
  static constexpr uint32_t kTablePages = 1U << 11;
  static_assert(3 * kMaxRoundPages < kFirstTable);

  // One for all rounds of a process: making it takes longer than a round, and
  // pages that other VMs had are as good as any.
  static Tables& Pool() {
    static auto* const pool = [] {
      auto* made = new Tables(kFirstTable, kTablePages);
      made->PrepareAll();
      return made;
    }();
    return *pool;
  }

  // The page cache's room, if there is any use for it.
  uint32_t Mappings() const {
    const auto uses = [](const Script& script) {
      return std::any_of(
          script.operations.begin(), script.operations.end(), [](const Operation& operation) {
            return operation.verb == Verb::kGpcActivate || operation.verb == Verb::kGpcRefresh ||
                   operation.verb == Verb::kGpcUse;
          });
    };
    const PreparedSubject& prepared = subject_.prepared;
    const bool any = uses(prepared.setup) || uses(prepared.after) ||
                     std::any_of(prepared.threads.begin(), prepared.threads.end(), uses);
    return any ? PageCache<StressPlatform, StressSlots>::kMaxMappings : 1;
  }

  EventLog* LogOf(std::size_t index) const {
    return index < logs_.threads.size() ? &logs_.threads[index] : nullptr;
  }

  void Race() {
    const auto& scripts = subject_.prepared.threads;
    std::atomic<std::size_t> to_come = scripts.size();
    machine_.set_alone(false);
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < scripts.size(); ++i) {
      threads.emplace_back([this, &to_come, i] {
        const StressThread self(plan_.scenario.threads[i].name, i, LogOf(i));
        TakePlaces();
        StartTogether(to_come);
        for (uint32_t turn = 0; turn < plan_.turns; ++turn) {
          RunOnce(subject_.prepared.threads[i]);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    machine_.set_alone(true);
  }

  // What a thread takes over from one that has ended, here one of an earlier
  // round. In the race it would be one of this: an order that nothing promises.
  static void TakePlaces() {
    Presence::ThreadNumber();
    NativeRcu::Register();
  }

  // Not a std::barrier: whoever sleeps there is woken so late that the first to
  // come has done all it had to. They give way to each other, for there may be
  // fewer processors than threads. acq_rel: nobody begins before all are there.
  static void StartTogether(std::atomic<std::size_t>& to_come) {
    to_come.fetch_sub(1, std::memory_order_acq_rel);
    while (to_come.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }

  void RunOnce(const Script& script) {
    for (uint64_t i = 0; i < script.operations.size(); ++i) {
      StressThread::Current()->BeginOperation();
      StressThread::Log(
          {.kind = EventKind::kBegin, .value = i, .where = std::source_location::current()});
      Execute(machine_, script.operations[i], script.vcpu);
      machine_.EndOperation();
      StressThread::Log(
          {.kind = EventKind::kEnd, .value = i, .where = std::source_location::current()});
    }
  }

  const RoundPlan& plan_;
  const ScaledSubject& subject_;
  RoundLogs logs_;
  StressMachine<Arch> machine_;
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_STRESS_PROGRAM_H_
