#include "fuzz/invent.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "fuzz/draw.h"
#include "fuzz/fit.h"
#include "fuzz/tree.h"
#include "scenarios/slot_table.h"
#include "scenarios/validate.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

uint32_t UsualWeight(Verb verb) {
  switch (verb) {
    case Verb::kWrite:
    case Verb::kUnmap:
    case Verb::kCollapse:
      return 6;
    case Verb::kRead:
    case Verb::kZapAll:
    case Verb::kInvalidateRoots:
      return 4;
    case Verb::kFault:
    case Verb::kSwap:
    case Verb::kMigrate:
    case Verb::kAge:
    case Verb::kMakeHuge:
    case Verb::kDirtyLogOn:
    case Verb::kDirtyLogOff:
    case Verb::kHarvest:
    case Verb::kSplit:
    case Verb::kWrprotect:
    case Verb::kDonate:
      return 3;
    case Verb::kExec:
    case Verb::kPrefetch:
    case Verb::kLoadRoot:
    case Verb::kPutRoot:
    case Verb::kMakeSmall:
    case Verb::kSlotDelete:
    case Verb::kSlotMove:
    case Verb::kReclaim:
    case Verb::kGpcActivate:
    case Verb::kGpcRefresh:
    case Verb::kGpcUse:
      return 2;
    case Verb::kClose:
    case Verb::kTestYoung:
    case Verb::kExitMm:
    case Verb::kSlotAdd:
    case Verb::kGpcDeactivate:
    case Verb::kUnregister:
    case Verb::kDestroy:
    case Verb::kRepeat:
    case Verb::kSynchronizeRcu:
      return 1;
  }
  return 1;
}

// Short repeats: longer ones cost steps and show nothing new.
constexpr uint32_t kMostRepeats = 3;

GfnRange RandomRange(uint32_t frames, Rng& rng) {
  const uint32_t first = rng.Below(frames);
  return {first, Between(rng, first, frames - 1)};
}

// As a header's slots are: apart from each other, seldom with a hole between.
std::vector<GfnRange> InventSlots(uint32_t frames, Rng& rng) {
  std::vector<GfnRange> slots;
  uint32_t next = OneIn(rng, 6) ? rng.Below(frames) : 0;
  while (next < frames && slots.size() < kMaxSlots) {
    const uint32_t longest = frames - next;
    const uint32_t length = OneIn(rng, 2) ? Between(rng, 1, longest) : std::max(1u, longest / 2);
    slots.push_back({next, next + length - 1});
    next += length + (OneIn(rng, 6) ? 1 : 0);
    if (OneIn(rng, 3)) break;
  }
  if (OneIn(rng, 4)) std::reverse(slots.begin(), slots.end());
  return slots;
}

uint32_t InventSlotNumber(const SlotTable& slots, Rng& rng) {
  std::vector<uint32_t> there;
  for (uint32_t i = 0; i < kMaxSlots; ++i) {
    if (slots.Exists(i)) there.push_back(i);
  }
  return there.empty() ? 0 : DrawFrom(rng, there);
}

// Where a slot is to be: mostly where the header has one, so that it comes back or aliases.
GfnRange InventSlotRange(const Scenario& scenario, Rng& rng) {
  if (scenario.slots.empty()) {
    return OneIn(rng, 2) ? GfnRange{0, scenario.frames - 1} : RandomRange(scenario.frames, rng);
  }
  return OneIn(rng, 3) ? RandomRange(scenario.frames, rng) : DrawFrom(rng, scenario.slots);
}

}  // namespace

Palette UsualPalette() {
  Palette palette;
  for (const Word& word : Words()) palette.of(word.verb) = UsualWeight(word.verb);
  return palette;
}

Palette SwarmPalette(Rng& rng) {
  Palette palette = UsualPalette();
  for (const Word& word : Words()) {
    const bool ends = word.effect == Effect::kEndsMemory || word.effect == Effect::kEndsNotifier ||
                      word.effect == Effect::kEndsVm;
    constexpr std::array<uint32_t, 6> kFactors{0, 0, 1, 1, 2, 5};
    palette.of(word.verb) *= ends ? 0 : kFactors[rng.Below(kFactors.size())];
  }
  return palette;
}

GfnRange InventRange(const Scenario& scenario, bool single, Rng& rng) {
  const uint32_t frames = scenario.frames;
  GfnRange range{};
  const std::vector<const Operation*> operations = OperationsOf(scenario);
  const Operation* model = operations.empty() ? nullptr : DrawFrom(rng, operations);
  const bool has_frames =
      model != nullptr && (WordOf(model->verb).operands == Operands::kFrame ||
                           WordOf(model->verb).operands == Operands::kFrames ||
                           WordOf(model->verb).operands == Operands::kFramesAccess);
  switch (rng.Below(8)) {
    case 0:
      range = {0, frames - 1};
      break;
    case 1:
      range = RandomRange(frames, rng);
      break;
    case 2:
      range.first = range.last = rng.Below(frames);
      break;
    default:
      // With the same frames, or the block around them.
      range = has_frames ? model->range : GfnRange{0, 0};
      if (!has_frames) range.first = range.last = rng.Below(std::min(frames, 2u));
      if (OneIn(rng, 4)) {
        const uint32_t block = 1u << scenario.index_bits;
        range.first = range.first / block * block;
        range.last = std::min(range.first + block, frames) - 1;
      }
      break;
  }
  if (single) range.first = range.last = Between(rng, range.first, range.last);
  return range;
}

void InventOperands(Operation& operation, const Subject& subject, Rng& rng) {
  const Scenario& scenario = subject.scenario;
  const SlotTable slots(scenario);
  switch (WordOf(operation.verb).operands) {
    case Operands::kNone:
      break;
    case Operands::kFrame:
    case Operands::kFrames:
      operation.range =
          InventRange(scenario, WordOf(operation.verb).operands == Operands::kFrame, rng);
      break;
    case Operands::kFramesAccess:
      operation.range = InventRange(scenario, OneIn(rng, 2), rng);
      operation.access = DrawFrom(rng, kAccessSpellings);
      break;
    case Operands::kOptionalRole:
      operation.number = rng.Below(scenario.roles);
      break;
    case Operands::kOptionalSlot:
    case Operands::kSlot:
      operation.number = InventSlotNumber(slots, rng);
      break;
    case Operands::kSlotFrames:
      operation.number =
          OneIn(rng, 2) ? InventSlotNumber(slots, rng) : rng.Below(std::min(kMaxSlots, 4u));
      operation.range = InventSlotRange(scenario, rng);
      break;
    case Operands::kSlotTarget: {
      operation.number = InventSlotNumber(slots, rng);
      const uint32_t frames = std::max(1u, slots.FramesOf(operation.number));
      operation.target.first = rng.Below(scenario.frames - frames + 1);
      operation.target.last = operation.target.first + frames - 1;
      break;
    }
    case Operands::kRepeat:
      operation.number = Between(rng, 2, kMostRepeats);
      break;
  }
}

std::optional<Operation> InventOperation(const Subject& subject, RoleSet roles,
                                         const Palette& palette, int repeats, Rng& rng) {
  Palette there = palette;
  uint32_t sum = 0;
  for (const Word& word : Words()) {
    uint32_t& weight = there.of(word.verb);
    if ((word.roles & roles) == 0) weight = 0;
    if (word.verb == Verb::kRepeat && repeats == 0) weight = 0;
    if (!HasWord(subject.mmu, subject.variant, word.verb)) weight = 0;
    if (word.verb == Verb::kMakeHuge && !HasBlocks(subject.scenario)) weight = 0;
    sum += weight;
  }
  if (sum == 0) return std::nullopt;
  Operation operation;
  operation.verb = Words()[DrawWeighted(rng, there.weights)].verb;
  InventOperands(operation, subject, rng);
  if (operation.verb != Verb::kRepeat) return operation;
  for (uint32_t count = Between(rng, 1, 2); count > 0; --count) {
    const auto inner = InventOperation(subject, roles, palette, repeats - 1, rng);
    if (inner.has_value()) operation.body.push_back(*inner);
  }
  if (operation.body.empty()) return std::nullopt;
  return operation;
}

void InventSetting(Header header, Subject& subject, const Limits& limits, Rng& rng) {
  Scenario& scenario = subject.scenario;
  const uint32_t block = 1u << scenario.index_bits;
  switch (header) {
    case Header::kMmu:
    case Header::kVariant:
      break;
    case Header::kGeometry:
      scenario.levels = 3;
      scenario.index_bits = OneIn(rng, 3) ? 2 : 1;
      break;
    case Header::kFrames: {
      const uint32_t reach = 1u << (scenario.levels * scenario.index_bits);
      const uint32_t most = std::bit_floor(std::min({reach, limits.frames, kMaxFrames}));
      // Few frames are what makes threads meet.
      const uint32_t usual = std::min(most, block * (OneIn(rng, 2) ? 2 : 1));
      const auto bits = static_cast<uint32_t>(std::bit_width(most));
      scenario.frames = OneIn(rng, 2) ? usual : 1u << rng.Below(bits);
      break;
    }
    case Header::kHost:
      scenario.host = DrawFrom(rng, kHostSpellings);
      break;
    case Header::kLogging:
      scenario.logging = DrawFrom(rng, kLoggingSpellings);
      break;
    case Header::kAccess:
      scenario.access_kind = DrawFrom(rng, kAccessKindSpellings);
      break;
    case Header::kSplit:
      scenario.split = DrawFrom(rng, kSplitSpellings);
      break;
    case Header::kFlush:
      scenario.flush = DrawFrom(rng, kFlushSpellings);
      break;
    case Header::kSlots:
      scenario.slots = OneIn(rng, 3) ? std::vector<GfnRange>{} : InventSlots(scenario.frames, rng);
      break;
    case Header::kRoles:
      scenario.roles = OneIn(rng, 4) ? Between(rng, 1, kMaxRoles) : Between(rng, 1, 2);
      break;
    case Header::kDevice:
      scenario.devices.clear();
      if (OneIn(rng, 2)) scenario.devices.push_back(RandomRange(scenario.frames, rng));
      break;
  }
}

const std::vector<std::string>& EveryVariant(const std::string& mmu) {
  const auto combine = [](MmuChoice of) {
    auto* combinations = new std::vector<std::string>{*CanonicalVariant(of, "current")};
    // Grows while it is read: each combination gets each further variant.
    for (std::size_t i = 0; i < combinations->size(); ++i) {
      for (const Variant& variant : Variants()) {
        const std::string base = (*combinations)[i];
        for (const std::string& longer :
             {absl::StrCat(base, "+", variant.name), std::string(variant.name)}) {
          const absl::StatusOr<std::string> canonical = CanonicalVariant(of, longer);
          if (!canonical.ok() || std::find(combinations->begin(), combinations->end(),
                                           *canonical) != combinations->end()) {
            continue;
          }
          combinations->push_back(*canonical);
        }
      }
    }
    return combinations;
  };
  static const auto& tdp = *combine(MmuChoice::kTdp);
  static const auto& stage2 = *combine(MmuChoice::kStage2);
  return mmu == "stage2" ? stage2 : tdp;
}

}  // namespace racewalk
