#include "scenarios/preconditions.h"

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "scenarios/diagnostics.h"
#include "scenarios/printer.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// Visits the operations in the order in which they run, repeats unrolled.
void Unroll(const std::vector<Operation>& operations,
            absl::FunctionRef<void(const Operation&)> visit) {
  for (const Operation& operation : operations) {
    if (operation.verb != Verb::kRepeat) {
      visit(operation);
      continue;
    }
    for (uint32_t i = 0; i < operation.number; ++i) Unroll(operation.body, visit);
  }
}

std::string Named(const Operation& operation) {
  return absl::StrCat("'", PrintOperation(operation), "'");
}

class Checker {
 public:
  explicit Checker(absl::string_view name) : name_(name) {}

  absl::Status Check(const Scenario& scenario) {
    RunInOrder(scenario.setup, state_);
    const State begin = state_;
    in_thread_ = true;
    for (const ScenarioThread& thread : scenario.threads) {
      State own = begin;
      RunInOrder(thread.operations, own);
      if (own.memory_end != nullptr) state_.memory_end = own.memory_end;
      if (own.notifier_end != nullptr) state_.notifier_end = own.notifier_end;
      if (own.vm_end != nullptr) state_.vm_end = own.vm_end;
    }
    in_thread_ = false;
    CheckBeside(scenario, state_.vm_end, begin.vm_end);
    CheckBeside(scenario, state_.memory_end, begin.memory_end);
    CheckBeside(scenario, state_.notifier_end, begin.notifier_end);
    RunInOrder(scenario.after, state_);
    return status_;
  }

 private:
  // What has ended, by which operation.
  struct State {
    const Operation* memory_end = nullptr;
    const Operation* notifier_end = nullptr;
    const Operation* vm_end = nullptr;
    const Operation* closed = nullptr;  // this thread's vCPU
    const Operation* End() const {
      if (vm_end != nullptr) return vm_end;
      return memory_end != nullptr ? memory_end : notifier_end;
    }
  };

  void Fail(const Operation& operation, absl::string_view message) {
    if (status_.ok()) status_ = InputError(name_, {operation.line, operation.column}, message);
  }

  void RunInOrder(const std::vector<Operation>& operations, State& state) {
    Unroll(operations, [&](const Operation& operation) { Step(operation, state); });
  }

  void Step(const Operation& operation, State& state) {
    const Word& word = WordOf(operation.verb);
    if (word.effect == Effect::kGuestAccess && state.End() != nullptr) {
      Fail(operation, absl::StrCat("found ", Named(operation), " after ", Named(*state.End()),
                                   ", expected no more guest accesses; move it before ",
                                   Named(*state.End()), ", or remove it"));
    }
    if (word.effect == Effect::kCacheAccess && state.End() != nullptr) {
      Fail(operation, absl::StrCat("found ", Named(operation), " after ", Named(*state.End()),
                                   ", expected no more use of guest memory; move it before ",
                                   Named(*state.End()), ", or remove it"));
    }
    if (word.effect == Effect::kNeedsMemory && state.memory_end != nullptr) {
      Fail(operation, absl::StrCat("found ", Named(operation), " after ", Named(*state.memory_end),
                                   ", expected no more changes of memory slots, which only the "
                                   "owner of the address space may make; move it before, or "
                                   "remove it"));
    }
    if (word.roles == RoleBit(ThreadRole::kVmm) && state.vm_end != nullptr &&
        word.effect != Effect::kEndsVm) {
      Fail(operation, absl::StrCat("found ", Named(operation),
                                   " after 'destroy', expected nothing more of a vmm; move it "
                                   "before 'destroy', or remove it"));
    }
    if (word.roles == RoleBit(ThreadRole::kVcpu) && state.closed != nullptr) {
      Fail(operation, absl::StrCat("found ", Named(operation),
                                   " after 'close', expected nothing more of this vCPU; move it "
                                   "before 'close', or to another vCPU"));
    }
    switch (word.effect) {
      case Effect::kEndsMemory:
        Once(operation, memory_ends_);
        state.memory_end = &operation;
        break;
      case Effect::kEndsNotifier:
        Once(operation, notifier_ends_);
        state.notifier_end = &operation;
        break;
      case Effect::kEndsVm:
        Once(operation, vm_ends_);
        state.vm_end = &operation;
        break;
      // Setup and after act for several vCPUs; only in a thread it is the same one.
      case Effect::kClosesVcpu:
        state.closed = in_thread_ ? &operation : nullptr;
        break;
      case Effect::kOrdinary:
      case Effect::kNeedsMemory:
      case Effect::kGuestAccess:
      case Effect::kCacheAccess:
        break;
    }
  }

  void Once(const Operation& operation, int& ends) {
    if (++ends == 1) return;
    Fail(operation, absl::StrCat("found ", Named(operation),
                                 " a second time, expected it at most once; remove one, or take "
                                 "it out of its repeat"));
  }

  // No vCPU thread may run the guest while another one does what `end` does;
  // what ended before the threads began is not beside them.
  void CheckBeside(const Scenario& scenario, const Operation* end, const Operation* before) {
    if (end == nullptr || end == before) return;
    const bool ends_vm = end->verb == Verb::kDestroy;
    for (const ScenarioThread& thread : scenario.threads) {
      bool own = false;
      Unroll(thread.operations, [&](const Operation& operation) { own |= &operation == end; });
      Unroll(thread.operations, [&](const Operation& operation) {
        // The VM goes with its last user: what the host does is all that may go on beside.
        const Effect effect = WordOf(operation.verb).effect;
        const bool forbidden =
            ends_vm ? thread.role != ThreadRole::kHost
                    : effect == Effect::kGuestAccess || effect == Effect::kCacheAccess ||
                          (end->verb == Verb::kExitMm && effect == Effect::kNeedsMemory);
        if (own || !forbidden) return;
        Fail(*end, absl::StrCat("found ", Named(*end), " beside ", Named(operation), " of '",
                                thread.name, "', expected ",
                                ends_vm ? "no vCPU and no other VMM to be there"
                                : effect == Effect::kNeedsMemory
                                    ? "no change of memory slots or dirty logs"
                                : effect == Effect::kCacheAccess ? "no use of guest memory"
                                                                 : "no vCPU that runs the guest",
                                "; move what it does to setup, or ", Named(*end), " to after"));
      });
    }
  }

  absl::string_view name_;
  absl::Status status_{};
  State state_{};
  int memory_ends_ = 0;
  int notifier_ends_ = 0;
  int vm_ends_ = 0;
  bool in_thread_ = false;
};

}  // namespace

absl::Status ValidatePreconditions(const Scenario& scenario, absl::string_view name) {
  return Checker(name).Check(scenario);
}

}  // namespace racewalk
