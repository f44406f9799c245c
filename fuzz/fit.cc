#include "fuzz/fit.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fuzz/tree.h"
#include "scenarios/operation_parser.h"
#include "scenarios/scenario.h"
#include "scenarios/slot_table.h"
#include "scenarios/subject.h"
#include "scenarios/validate.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

bool IsExplored(const Scenario& scenario) {
  return scenario.levels == 3 && (scenario.index_bits == 1 || scenario.index_bits == 2);
}

uint32_t ReachOf(const Scenario& scenario) {
  return std::min(1u << (scenario.levels * scenario.index_bits), kMaxFrames);
}

bool Ends(Effect effect) {
  return effect == Effect::kEndsMemory || effect == Effect::kEndsNotifier ||
         effect == Effect::kEndsVm || effect == Effect::kClosesVcpu;
}

class Fitter {
 public:
  explicit Fitter(Subject& subject)
      : subject_(subject),
        scenario_(subject.scenario),
        mmu_(MmuNamed(subject.mmu)),
        v14_(absl::StrContains(subject.variant, "v14")) {}

  void Fit() {
    if (auto canonical = CanonicalVariant(mmu_, subject_.variant); canonical.ok()) {
      subject_.variant = *std::move(canonical);
    }
    scenario_.name.clear();
    scenario_.summary.clear();
    scenario_.mmu = mmu_;
    scenario_.variants = {subject_.variant};
    scenario_.checks.clear();
    FitHeaders();
    FitThreads();
    FitList(scenario_.setup, kAnyRole, 0);
    for (ScenarioThread& thread : scenario_.threads) {
      FitList(thread.operations, RoleBit(thread.role), 0);
    }
    FitList(scenario_.after, kAnyRole, 0);
    FitSlotNumbers();
  }

 private:
  void FitHeaders() {
    if (!IsExplored(scenario_)) {
      scenario_.levels = 3;
      scenario_.index_bits = 1;
    }
    const uint32_t frames = std::clamp(scenario_.frames, 1u, ReachOf(scenario_));
    scenario_.frames = std::bit_floor(frames);
    if (v14_ || !HasBlocks(scenario_)) scenario_.host = HostBacking::kSmall;
    if (mmu_ == MmuChoice::kStage2) {
      scenario_.logging = LoggingKind::kWriteProtect;
      scenario_.roles = 1;
    }
    scenario_.roles = std::clamp(scenario_.roles, 1u, kMaxRoles);
    if (scenario_.logging == LoggingKind::kDirtyBit ||
        !FitsAccess(subject_.variant, AccessKind::kTracked)) {
      scenario_.access_kind = AccessKind::kBits;
    }
    std::vector<GfnRange> slots;
    for (GfnRange slot : scenario_.slots) {
      if (slot.first >= scenario_.frames || slots.size() == kMaxSlots) continue;
      slot.last = std::min(slot.last, scenario_.frames - 1);
      const bool overlaps = std::any_of(slots.begin(), slots.end(), [&](const GfnRange& other) {
        return slot.first <= other.last && other.first <= slot.last;
      });
      if (slot.first <= slot.last && !overlaps) slots.push_back(slot);
    }
    scenario_.slots = std::move(slots);
    for (GfnRange& device : scenario_.devices) FitRange(device);
  }

  // As scenarios of the library name them.
  void FitThreads() {
    if (scenario_.threads.size() > kMaxScenarioThreads) {
      scenario_.threads.resize(kMaxScenarioThreads);
    }
    std::array<char, kRoleSpellings.size()> next{'a', 'h', 'm'};
    for (ScenarioThread& thread : scenario_.threads) {
      thread.name = std::string(1, next[static_cast<std::size_t>(thread.role)]++);
    }
  }

  // Shorter, or elsewhere, if there are not as many frames.
  void FitRange(GfnRange& range) const {
    if (range.first > range.last) std::swap(range.first, range.last);
    const uint32_t length = range.last - range.first;
    range.first %= scenario_.frames;
    range.last = std::min(range.first + length, scenario_.frames - 1);
  }

  void FitList(std::vector<Operation>& list, RoleSet roles, int depth) {
    for (Operation& operation : list) FitOperation(operation, roles, depth);
    std::erase_if(list, [&](const Operation& operation) {
      if ((WordOf(operation.verb).roles & roles) == 0) return true;
      if (!HasWord(subject_.mmu, subject_.variant, operation.verb)) return true;
      if (operation.verb == Verb::kMakeHuge && !HasBlocks(scenario_)) return true;
      return operation.verb == Verb::kRepeat &&
             (operation.body.empty() || depth >= kMaxRepeatDepth);
    });
  }

  void FitOperation(Operation& operation, RoleSet roles, int depth) {
    switch (WordOf(operation.verb).operands) {
      case Operands::kNone:
      case Operands::kOptionalSlot:
      case Operands::kSlot:
      case Operands::kSlotTarget:
        break;
      case Operands::kFrame:
        FitRange(operation.range);
        operation.range.last = operation.range.first;
        break;
      case Operands::kFrames:
      case Operands::kFramesAccess:
        FitRange(operation.range);
        break;
      case Operands::kOptionalRole:
        operation.number %= scenario_.roles;
        break;
      case Operands::kSlotFrames:
        operation.number %= kMaxSlots;
        FitRange(operation.range);
        break;
      case Operands::kRepeat:
        operation.number = std::clamp(operation.number, 1u, kMaxRepeat);
        FitList(operation.body, roles, depth + 1);
        break;
    }
  }

  // Only now is known which slots are added: of the others the first one is there always.
  void FitSlotNumbers() {
    const SlotTable slots(scenario_);
    for (Operation* operation : OperationsOf(scenario_)) {
      const Operands operands = WordOf(operation->verb).operands;
      const bool moves = operands == Operands::kSlotTarget;
      if (!moves && operands != Operands::kSlot && operands != Operands::kOptionalSlot) continue;
      if (operation->number >= kMaxSlots || !slots.Exists(operation->number)) operation->number = 0;
      if (!moves) continue;
      GfnRange& target = operation->target;
      if (target.first <= target.last && target.last < scenario_.frames &&
          slots.MayHave(operation->number, target.last - target.first + 1)) {
        continue;
      }
      const uint32_t frames = slots.FramesOf(operation->number);
      target.first = std::min(target.first, scenario_.frames - frames);
      target.last = target.first + frames - 1;
    }
  }

  Subject& subject_;
  Scenario& scenario_;
  MmuChoice mmu_;
  bool v14_;
};

void DropEndings(std::vector<Operation>& list) {
  for (Operation& operation : list) DropEndings(operation.body);
  std::erase_if(list, [](const Operation& operation) {
    return Ends(WordOf(operation.verb).effect) ||
           (operation.verb == Verb::kRepeat && operation.body.empty());
  });
}

}  // namespace

bool Within(const Scenario& scenario, const Limits& limits) {
  return scenario.threads.size() <= limits.threads && RunsOf(scenario) <= limits.operations &&
         scenario.frames <= limits.frames;
}

absl::Status CheckSubject(const Subject& subject) {
  const Scenario& scenario = subject.scenario;
  if (absl::Status status = ValidateScenario(scenario); !status.ok()) return status;
  if (!IsExplored(scenario)) {
    return absl::InvalidArgumentError(absl::StrCat("found geometry ", scenario.levels, "x",
                                                   scenario.index_bits,
                                                   ", expected one that is explored; write 3x1 "
                                                   "or 3x2"));
  }
  return Prepare(subject).status();
}

bool HasBlocks(const Scenario& scenario) { return scenario.frames >= 1u << scenario.index_bits; }

void Fit(Subject& subject) { Fitter(subject).Fit(); }

void DropEndings(Scenario& scenario) {
  DropEndings(scenario.setup);
  for (ScenarioThread& thread : scenario.threads) DropEndings(thread.operations);
  DropEndings(scenario.after);
}

}  // namespace racewalk
