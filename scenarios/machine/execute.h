// The words of a scenario as what a machine does.
//
// Machine: what Machine of machine.h has. Guest frames and host addresses are
// the operations' own numbers.
#ifndef RACEWALK_SCENARIOS_MACHINE_EXECUTE_H_
#define RACEWALK_SCENARIOS_MACHINE_EXECUTE_H_

#include "core/geometry.h"
#include "core/violation.h"
#include "scenarios/machine/host_frame.h"
#include "scenarios/scenario.h"

namespace racewalk {
namespace internal {

inline GuestAccess AccessOf(Verb verb) {
  if (verb == Verb::kWrite) return GuestAccess::kWrite;
  return verb == Verb::kExec ? GuestAccess::kFetch : GuestAccess::kRead;
}

template <typename Machine>
void UsePageCache(Machine& machine, Verb verb, Gfn gfn) {
  if (verb == Verb::kGpcActivate) return machine.page_cache().Activate(gfn);
  if (verb == Verb::kGpcRefresh) return machine.page_cache().Refresh(gfn);
  machine.UsePageCache(gfn);
}

}  // namespace internal

// `machine` does what the operation of vCPU `vcpu`, if it is one, says. What a
// subject cannot have is nothing.
template <typename Machine>
void Execute(Machine& machine, const Operation& operation, int vcpu) {
  using Reclaim = typename Machine::Reclaim;
  const GfnRange range = operation.range;
  switch (operation.verb) {
    case Verb::kRead:
    case Verb::kExec:
    case Verb::kWrite:
      for (Gfn gfn = range.first; gfn <= range.last; ++gfn) {
        machine.Access(vcpu, gfn, internal::AccessOf(operation.verb));
      }
      return;
    case Verb::kFault:
      for (Gfn gfn = range.first; gfn <= range.last; ++gfn) {
        machine.FaultOnce(vcpu, gfn, operation.access == Access::kWrite);
      }
      return;
    case Verb::kPrefetch:
      for (Gfn gfn = range.first; gfn <= range.last; ++gfn) machine.Prefetch(vcpu, gfn);
      return;
    case Verb::kLoadRoot:
      return machine.LoadRoot(vcpu, operation.number);
    case Verb::kPutRoot:
    case Verb::kClose:
      return machine.DropRoot(vcpu);
    case Verb::kUnmap:
      return machine.TakeBack(Reclaim::kUnmap, range.first, range.last);
    case Verb::kSwap:
      return machine.TakeBack(Reclaim::kSwap, range.first, range.last);
    case Verb::kMigrate:
      return machine.TakeBack(Reclaim::kMigrate, range.first, range.last);
    case Verb::kAge:
    case Verb::kTestYoung:
      return machine.Age(range.first, range.last, operation.verb == Verb::kAge);
    case Verb::kMakeHuge:
      return machine.MakeHuge(range.first);
    case Verb::kMakeSmall:
      return machine.MakeSmall(range.first);
    case Verb::kExitMm:
      return machine.ExitMm();
    case Verb::kDirtyLogOn:
    case Verb::kDirtyLogOff:
      return machine.DirtyLog(operation.number, operation.verb == Verb::kDirtyLogOn);
    case Verb::kHarvest:
      return machine.Harvest(operation.number);
    case Verb::kSplit:
      return machine.Split(range.first);
    case Verb::kWrprotect:
      return machine.Protect(range.first, range.last);
    case Verb::kDonate:
      return machine.Donate(range.first, range.last);
    case Verb::kReclaim:
      return machine.ReclaimDonated(range.first, range.last);
    case Verb::kSlotAdd:
      return machine.AddSlot(operation.number, range.first, range.last);
    case Verb::kSlotDelete:
      return machine.DeleteSlot(operation.number);
    case Verb::kSlotMove:
      return machine.MoveSlot(operation.number, operation.target.first);
    case Verb::kGpcActivate:
    case Verb::kGpcRefresh:
    case Verb::kGpcUse:
      for (Gfn gfn = range.first; gfn <= range.last; ++gfn)
        internal::UsePageCache(machine, operation.verb, gfn);
      return;
    case Verb::kGpcDeactivate:
      return machine.page_cache().Deactivate();
    case Verb::kUnregister:
      return machine.Unregister();
    case Verb::kCollapse:
      return machine.Collapse(range.first, range.last);
    case Verb::kZapAll:
      return machine.ZapAll();
    case Verb::kInvalidateRoots:
      return machine.InvalidateRoots();
    case Verb::kDestroy:
      return machine.Destroy();
    case Verb::kSynchronizeRcu:
      return machine.SynchronizeRcu();
    default:
      return;  // Prepare lets nothing else through
  }
}

// At rest: reports a frame that is not as `check` says.
template <typename Machine>
void Verify(const Machine& machine, const CheckLine& check) {
  for (Gfn gfn = check.range.first; gfn <= check.range.last; ++gfn) {
    const int level = machine.destroyed() ? 0 : machine.MappedLevel(gfn);
    const char* wrong = nullptr;
    switch (check.verb) {
      case CheckVerb::kUnmapped:
        if (level != 0) wrong = "guest frame {gfn} is mapped at the end, and should not be";
        break;
      case CheckVerb::kClean:
        if (!machine.destroyed() && machine.Marked(gfn)) {
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
        } else if (check.verb == CheckVerb::kYoung && !machine.Young(gfn)) {
          wrong = "guest frame {gfn} was used last, and its entry does not say so at the end";
        }
        break;
    }
    if (wrong == nullptr) continue;
    Machine::P::Fail({.kind = ViolationKind::kAssertion, .what = wrong, .gfn = gfn});
  }
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_EXECUTE_H_
