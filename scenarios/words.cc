#include "scenarios/words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace racewalk {
namespace {

constexpr RoleSet kVcpu = RoleBit(ThreadRole::kVcpu);
constexpr RoleSet kHost = RoleBit(ThreadRole::kHost);
constexpr RoleSet kVmm = RoleBit(ThreadRole::kVmm);

constexpr Word kWords[] = {
    {Verb::kRead, "read", "", kVcpu, Operands::kFrames, Effect::kGuestAccess,
     "the guest reads each frame, faulting as needed"},
    {Verb::kWrite, "write", "", kVcpu, Operands::kFrames, Effect::kGuestAccess,
     "the guest writes each frame, faulting as needed"},
    {Verb::kExec, "exec", "", kVcpu, Operands::kFrames, Effect::kGuestAccess,
     "the guest executes from each frame, faulting as needed"},
    {Verb::kFault, "fault", "", kVcpu, Operands::kFramesAccess, Effect::kGuestAccess,
     "one try of the fault path on each frame"},
    {Verb::kPrefetch, "prefetch", "", kVcpu, Operands::kFrames, Effect::kGuestAccess,
     "maps each frame ahead of its first access"},
    {Verb::kLoadRoot, "load_root", "", kVcpu, Operands::kOptionalRole, Effect::kGuestAccess,
     "loads the root of a role"},
    {Verb::kPutRoot, "put_root", "", kVcpu, Operands::kNone, Effect::kOrdinary,
     "drops the vCPU's reference to its root"},
    {Verb::kClose, "close", "", kVcpu, Operands::kNone, Effect::kClosesVcpu,
     "closes the vCPU; its thread can only wait afterwards"},

    {Verb::kUnmap, "unmap", "", kHost, Operands::kFrames, Effect::kOrdinary,
     "the host unmaps the frames and discards their contents"},
    {Verb::kSwap, "swap", "", kHost, Operands::kFrames, Effect::kOrdinary,
     "the host swaps the frames out and keeps their contents"},
    {Verb::kMigrate, "migrate", "", kHost, Operands::kFrames, Effect::kOrdinary,
     "the host moves the frames to other pages"},
    {Verb::kAge, "age", "", kHost, Operands::kFrames, Effect::kOrdinary,
     "the host reads and clears the accessed bits"},
    {Verb::kTestYoung, "test_young", "", kHost, Operands::kFrames, Effect::kOrdinary,
     "the host reads the accessed bits"},
    {Verb::kMakeHuge, "make_huge", "", kHost, Operands::kFrame, Effect::kOrdinary,
     "the host backs the block around a frame by one huge page"},
    {Verb::kMakeSmall, "make_small", "", kHost, Operands::kFrame, Effect::kOrdinary,
     "the host breaks the huge page around a frame"},
    {Verb::kExitMm, "exit_mm", "", kHost, Operands::kNone, Effect::kEndsMemory,
     "the address space exits; no vCPU may run beside it or later"},

    {Verb::kDirtyLogOn, "dirty_log", "on", kVmm, Operands::kOptionalSlot, Effect::kNeedsMemory,
     "starts dirty logging of a slot"},
    {Verb::kDirtyLogOff, "dirty_log", "off", kVmm, Operands::kOptionalSlot, Effect::kNeedsMemory,
     "stops dirty logging of a slot"},
    {Verb::kHarvest, "harvest", "", kVmm, Operands::kOptionalSlot, Effect::kNeedsMemory,
     "reads and clears a slot's dirty log and copies what is dirty"},
    {Verb::kCollapse, "collapse", "", kVmm, Operands::kFrames, Effect::kOrdinary,
     "replaces the tables that map the frames by blocks where the host has huge pages, and "
     "removes them elsewhere"},
    {Verb::kSplit, "split", "", kVmm, Operands::kFrame, Effect::kOrdinary,
     "turns the block around a frame into a table"},
    {Verb::kWrprotect, "wrprotect", "", kVmm, Operands::kFrames, Effect::kOrdinary,
     "write-protects the frames for good: guest writes are emulated from then on"},
    {Verb::kZapAll, "zap_all", "", kVmm, Operands::kNone, Effect::kOrdinary, "zaps every mapping"},
    {Verb::kInvalidateRoots, "invalidate_roots", "", kVmm, Operands::kNone, Effect::kOrdinary,
     "gives up every root; vCPUs load new ones before they run again"},
    {Verb::kSlotAdd, "slot", "add", kVmm, Operands::kSlotFrames, Effect::kNeedsMemory,
     "creates a memory slot"},
    {Verb::kSlotDelete, "slot", "delete", kVmm, Operands::kSlot, Effect::kNeedsMemory,
     "deletes a memory slot"},
    {Verb::kSlotMove, "slot", "move", kVmm, Operands::kSlotTarget, Effect::kNeedsMemory,
     "moves a memory slot to other guest frames, as many as it has"},
    {Verb::kDonate, "donate", "", kVmm, Operands::kFrames, Effect::kOrdinary,
     "gives the frames away, out of the guest's reach"},
    {Verb::kReclaim, "reclaim", "", kVmm, Operands::kFrames, Effect::kOrdinary,
     "takes donated frames back"},
    {Verb::kGpcActivate, "gpc", "activate", kVmm, Operands::kFrames, Effect::kCacheAccess,
     "activates the VM's page cache, for each frame in turn"},
    {Verb::kGpcRefresh, "gpc", "refresh", kVmm, Operands::kFrames, Effect::kCacheAccess,
     "refreshes the VM's page cache if it is active, for each frame in turn"},
    {Verb::kGpcUse, "gpc", "use", kVmm, Operands::kFrames, Effect::kCacheAccess,
     "writes each frame through the VM's page cache, if that is active"},
    {Verb::kGpcDeactivate, "gpc", "deactivate", kVmm, Operands::kFrames, Effect::kOrdinary,
     "deactivates the VM's page cache, whichever frame it is for"},
    {Verb::kUnregister, "unregister", "", kVmm, Operands::kNone, Effect::kEndsNotifier,
     "unregisters the VM's notifier; no vCPU may run beside it or later"},
    {Verb::kDestroy, "destroy", "", kVmm, Operands::kNone, Effect::kEndsVm,
     "destroys the VM; every vCPU must be closed by then"},

    {Verb::kRepeat, "repeat", "", kAnyRole, Operands::kRepeat, Effect::kOrdinary,
     "does its body N times"},
    {Verb::kSynchronizeRcu, "synchronize_rcu", "", kAnyRole, Operands::kNone, Effect::kOrdinary,
     "waits for a grace period"},
};

constexpr CheckWord kCheckWords[] = {
    {CheckVerb::kMapped, "mapped", Operands::kFrames, "each frame is mapped"},
    {CheckVerb::kUnmapped, "unmapped", Operands::kFrames, "no frame is mapped"},
    {CheckVerb::kHuge, "huge", Operands::kFrame, "the frame is mapped by a block"},
    {CheckVerb::kYoung, "young", Operands::kFrames, "each frame was accessed since it was aged"},
    {CheckVerb::kClean, "clean", Operands::kFrames, "no frame is dirty"},
};

// WordOf finds a word by its verb's value.
template <typename Table>
constexpr bool InOrder(const Table& table) {
  std::size_t i = 0;
  for (const auto& word : table) {
    if (static_cast<std::size_t>(word.verb) != i++) return false;
  }
  return true;
}
static_assert(InOrder(kWords) && std::size(kWords) - 1 == static_cast<int>(Verb::kSynchronizeRcu));
static_assert(InOrder(kCheckWords) &&
              std::size(kCheckWords) - 1 == static_cast<int>(CheckVerb::kClean));

}  // namespace

absl::string_view Describe(Operands operands) {
  switch (operands) {
    case Operands::kNone:
      return "";
    case Operands::kFrame:
      return "A";
    case Operands::kFrames:
      return "A or A..B";
    case Operands::kFramesAccess:
      return "A or A..B, then r, w or x";
    case Operands::kOptionalRole:
      return "[ROLE]";
    case Operands::kOptionalSlot:
      return "[SLOT]";
    case Operands::kSlot:
      return "SLOT";
    case Operands::kSlotFrames:
    case Operands::kSlotTarget:
      return "SLOT A..B";
    case Operands::kRepeat:
      return "N { ... }";
  }
  return "";
}

absl::Span<const Word> Words() { return kWords; }

const Word& WordOf(Verb verb) { return kWords[static_cast<std::size_t>(verb)]; }

std::string SpellingOf(const Word& word) {
  return absl::StrCat(word.first, word.second.empty() ? "" : " ", word.second);
}

std::string SpellingOf(RoleSet roles) {
  if (roles == kAnyRole) return "any";
  std::vector<absl::string_view> names;
  for (const Spelling<ThreadRole>& role : kRoleSpellings) {
    if ((roles & RoleBit(role.value)) != 0) names.push_back(role.text);
  }
  return absl::StrJoin(names, " or ");
}

std::vector<std::string> FirstParts(RoleSet roles) {
  std::vector<std::string> parts;
  for (const Word& word : kWords) {
    if ((word.roles & roles) == 0) continue;
    // The words of one first part stand together in the table.
    if (parts.empty() || parts.back() != word.first) parts.emplace_back(word.first);
  }
  return parts;
}

absl::Span<const CheckWord> CheckWords() { return kCheckWords; }

const CheckWord& WordOf(CheckVerb verb) { return kCheckWords[static_cast<std::size_t>(verb)]; }

}  // namespace racewalk
