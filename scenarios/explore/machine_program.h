// One execution of a prepared scenario on the explored machine.
#ifndef RACEWALK_SCENARIOS_EXPLORE_MACHINE_PROGRAM_H_
#define RACEWALK_SCENARIOS_EXPLORE_MACHINE_PROGRAM_H_

#include <memory>
#include <vector>

#include "core/geometry.h"
#include "core/platform/relacy/engine.h"
#include "core/platform/relacy/relacy_platform.h"
#include "scenarios/machine/execute.h"
#include "scenarios/machine/machine.h"
#include "scenarios/subject.h"

namespace racewalk {

// Runs on fibers: small frames, no formatting, no exceptions.
// Arch: TdpArch or Stage2Arch of the explored platform.
template <typename Arch>
class MachineProgram final : public Program {
 public:
  using P = RelacyPlatform;

  MachineProgram(const Scenario& scenario, const PreparedSubject& prepared)
      : scenario_(scenario), prepared_(prepared) {}

  void Setup() override {
    machine_ = std::make_unique<Machine<Arch>>(prepared_.shape);
    machine_->set_meter(meter_);
    World::Get().set_observer(machine_.get());
    Run(prepared_.setup);
    if (prepared_.close_after_setup) machine_->DropRoot(0);
  }

  void Thread(int index) override { Run(prepared_.threads[static_cast<std::size_t>(index)]); }

  void AtRest() override {
    if (!machine_->destroyed()) Run(prepared_.after);
    for (const CheckLine& check : scenario_.checks) Verify(*machine_, check);
    machine_->FinishMigration();
    machine_->CheckAtRest();
    final_state_ = machine_->StateHash();
    machine_->TearDown();
    World& world = World::Get();
    world.set_observer(nullptr);
    machine_.reset();
    P::Check(world.live_objects() == 0, ViolationKind::kLeak, "L3",
             "an object of the VM is still allocated after the VM is gone");
  }

  // After a failed execution, before its engine goes.
  void Abandon() {
    World::Get().set_observer(nullptr);
    machine_.reset();
  }
  uint64_t final_state() const { return final_state_; }
  void set_meter(Meter* meter) { meter_ = meter; }
  void set_watcher(Watcher* watcher) { watcher_ = watcher; }

 private:
  void Run(const Script& script) {
    World& world = World::Get();
    for (std::size_t i = 0; i < script.operations.size(); ++i) {
      if (world.recording() && world.parallel()) {
        world.Record({.kind = EventKind::kBegin, .value = i});
      }
      const bool watched = watcher_ != nullptr && world.parallel();
      if (watched) watcher_->Begins(world.thread(), script.operations[i].verb);
      Execute(*machine_, script.operations[i], script.vcpu);
      machine_->EndOperation();
      if (watched) watcher_->Saw(machine_->TableShape());
      if (world.recording() && world.parallel()) {
        world.Record({.kind = EventKind::kEnd, .value = i});
      }
    }
  }

  const Scenario& scenario_;
  const PreparedSubject& prepared_;
  std::unique_ptr<Machine<Arch>> machine_;
  uint64_t final_state_ = 0;
  Meter* meter_ = nullptr;
  Watcher* watcher_ = nullptr;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_MACHINE_PROGRAM_H_
