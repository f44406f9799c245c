// One execution of a prepared scenario on the explored machine.
#ifndef RACEWALK_SCENARIOS_EXPLORE_MACHINE_PROGRAM_H_
#define RACEWALK_SCENARIOS_EXPLORE_MACHINE_PROGRAM_H_

#include <memory>
#include <vector>

#include "core/geometry.h"
#include "core/platform/relacy/engine.h"
#include "core/platform/relacy/relacy_platform.h"
#include "scenarios/explore/subject.h"
#include "scenarios/machine/machine.h"

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
    for (const CheckLine& check : scenario_.checks) Verify(check);
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

 private:
  void Run(const Script& script) {
    World& world = World::Get();
    for (std::size_t i = 0; i < script.operations.size(); ++i) {
      if (world.recording() && world.parallel()) {
        world.Record({.kind = EventKind::kBegin, .value = i});
      }
      Execute(script.operations[i], script.vcpu);
      machine_->EndOperation();
      if (world.recording() && world.parallel()) {
        world.Record({.kind = EventKind::kEnd, .value = i});
      }
    }
  }

  void Execute(const Operation& operation, int vcpu) {
    using Reclaim = typename Machine<Arch>::Reclaim;
    const GfnRange range = operation.range;
    switch (operation.verb) {
      case Verb::kRead:
      case Verb::kExec:
      case Verb::kWrite:
        for (Gfn gfn = range.first; gfn <= range.last; ++gfn) {
          machine_->Access(vcpu, gfn, AccessOf(operation.verb));
        }
        return;
      case Verb::kFault:
        for (Gfn gfn = range.first; gfn <= range.last; ++gfn) {
          machine_->FaultOnce(vcpu, gfn, operation.access == Access::kWrite);
        }
        return;
      case Verb::kPrefetch:
        for (Gfn gfn = range.first; gfn <= range.last; ++gfn) machine_->Prefetch(vcpu, gfn);
        return;
      case Verb::kLoadRoot:
        return machine_->LoadRoot(vcpu, operation.number);
      case Verb::kPutRoot:
      case Verb::kClose:
        return machine_->DropRoot(vcpu);
      case Verb::kUnmap:
        return machine_->TakeBack(Reclaim::kUnmap, range.first, range.last);
      case Verb::kSwap:
        return machine_->TakeBack(Reclaim::kSwap, range.first, range.last);
      case Verb::kMigrate:
        return machine_->TakeBack(Reclaim::kMigrate, range.first, range.last);
      case Verb::kAge:
      case Verb::kTestYoung:
        return machine_->Age(range.first, range.last, operation.verb == Verb::kAge);
      case Verb::kMakeHuge:
        return machine_->MakeHuge(range.first);
      case Verb::kMakeSmall:
        return machine_->MakeSmall(range.first);
      case Verb::kExitMm:
        return machine_->ExitMm();
      case Verb::kDirtyLogOn:
      case Verb::kDirtyLogOff:
        return machine_->DirtyLog(operation.number, operation.verb == Verb::kDirtyLogOn);
      case Verb::kHarvest:
        return machine_->Harvest(operation.number);
      case Verb::kSplit:
        return machine_->Split(range.first);
      case Verb::kWrprotect:
        return machine_->Protect(range.first, range.last);
      case Verb::kDonate:
        return machine_->Donate(range.first, range.last);
      case Verb::kReclaim:
        return machine_->ReclaimDonated(range.first, range.last);
      case Verb::kSlotAdd:
        return machine_->AddSlot(operation.number, range.first, range.last);
      case Verb::kSlotDelete:
        return machine_->DeleteSlot(operation.number);
      case Verb::kSlotMove:
        return machine_->MoveSlot(operation.number, operation.target.first);
      case Verb::kGpcActivate:
      case Verb::kGpcRefresh:
      case Verb::kGpcUse:
        for (Gfn gfn = range.first; gfn <= range.last; ++gfn) UsePageCache(operation.verb, gfn);
        return;
      case Verb::kGpcDeactivate:
        return machine_->page_cache().Deactivate();
      case Verb::kUnregister:
        return machine_->Unregister();
      case Verb::kCollapse:
        return machine_->Collapse(range.first, range.last);
      case Verb::kZapAll:
        return machine_->ZapAll();
      case Verb::kInvalidateRoots:
        return machine_->InvalidateRoots();
      case Verb::kDestroy:
        return machine_->Destroy();
      case Verb::kSynchronizeRcu:
        return machine_->SynchronizeRcu();
      default:
        return;  // Prepare lets nothing else through
    }
  }

  static GuestAccess AccessOf(Verb verb) {
    if (verb == Verb::kWrite) return GuestAccess::kWrite;
    return verb == Verb::kExec ? GuestAccess::kFetch : GuestAccess::kRead;
  }

  void UsePageCache(Verb verb, Gfn gfn) {
    if (verb == Verb::kGpcActivate) return machine_->page_cache().Activate(gfn);
    if (verb == Verb::kGpcRefresh) return machine_->page_cache().Refresh(gfn);
    machine_->page_cache().Use(gfn);
  }

  void Verify(const CheckLine& check) {
    for (Gfn gfn = check.range.first; gfn <= check.range.last; ++gfn) {
      const int level = machine_->destroyed() ? 0 : machine_->MappedLevel(gfn);
      const char* wrong = nullptr;
      switch (check.verb) {
        case CheckVerb::kUnmapped:
          if (level != 0) wrong = "guest frame {gfn} is mapped at the end, and should not be";
          break;
        case CheckVerb::kClean:
          if (!machine_->destroyed() && machine_->Marked(gfn)) {
            wrong = "guest frame {gfn} is marked as dirty at the end, and should not be";
          }
          break;
        case CheckVerb::kHuge:
          if (level < 2) wrong = "guest frame {gfn} is not mapped by a block at the end";
          break;
        case CheckVerb::kYoung:
        case CheckVerb::kMapped:
          if (level == 0) {
            wrong = "guest frame {gfn} is not mapped at the end, and should be";
          } else if (check.verb == CheckVerb::kYoung && !machine_->Young(gfn)) {
            wrong = "guest frame {gfn} was used last, and its entry does not say so at the end";
          }
          break;
      }
      if (wrong == nullptr) continue;
      World::Get().Fail({.kind = ViolationKind::kAssertion, .what = wrong, .gfn = gfn});
    }
  }

  const Scenario& scenario_;
  const PreparedSubject& prepared_;
  std::unique_ptr<Machine<Arch>> machine_;
  uint64_t final_state_ = 0;
  Meter* meter_ = nullptr;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_MACHINE_PROGRAM_H_
