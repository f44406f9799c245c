#include "scenarios/explore/scenario_numbers.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "scenarios/words.h"

namespace racewalk {
namespace {

using Operations = std::vector<Operation>;

void CollectRanges(Operations& operations, std::vector<GfnRange*>& ranges) {
  for (Operation& operation : operations) {
    switch (WordOf(operation.verb).operands) {
      case Operands::kFrame:
      case Operands::kFrames:
      case Operands::kFramesAccess:
      case Operands::kSlotFrames:
        ranges.push_back(&operation.range);
        break;
      case Operands::kSlotTarget:
        ranges.push_back(&operation.target);
        break;
      default:
        break;
    }
    CollectRanges(operation.body, ranges);
  }
}

// In the order of the text, slots and devices first.
std::vector<GfnRange*> RangesOf(Scenario& scenario) {
  std::vector<GfnRange*> ranges;
  for (GfnRange& slot : scenario.slots) ranges.push_back(&slot);
  for (GfnRange& device : scenario.devices) ranges.push_back(&device);
  CollectRanges(scenario.setup, ranges);
  for (ScenarioThread& thread : scenario.threads) CollectRanges(thread.operations, ranges);
  CollectRanges(scenario.after, ranges);
  for (CheckLine& check : scenario.checks) ranges.push_back(&check.range);
  return ranges;
}

void CollectNumbers(Operations& operations, std::vector<uint32_t*>& numbers) {
  for (Operation& operation : operations) {
    switch (WordOf(operation.verb).operands) {
      case Operands::kOptionalRole:
      case Operands::kOptionalSlot:
      case Operands::kSlot:
      case Operands::kSlotFrames:
      case Operands::kSlotTarget:
        numbers.push_back(&operation.number);
        break;
      default:
        break;
    }
    CollectNumbers(operation.body, numbers);
  }
}

// Roles and slots.
std::vector<uint32_t*> NumbersOf(Scenario& scenario) {
  std::vector<uint32_t*> numbers;
  CollectNumbers(scenario.setup, numbers);
  for (ScenarioThread& thread : scenario.threads) CollectNumbers(thread.operations, numbers);
  CollectNumbers(scenario.after, numbers);
  return numbers;
}

Scenario WithFrames(Scenario scenario, const std::function<uint32_t(uint32_t)>& change) {
  for (GfnRange* range : RangesOf(scenario)) {
    range->first = change(range->first);
    range->last = std::max(change(range->last), range->first);
  }
  return scenario;
}

}  // namespace

NumberSums SumsOf(const Scenario& scenario) {
  NumberSums sums;
  Scenario copy = scenario;
  for (const GfnRange* range : RangesOf(copy)) {
    sums.width += range->last - range->first;
    sums.numbers += range->first;
  }
  for (const uint32_t* number : NumbersOf(copy)) sums.numbers += *number;
  sums.numbers += scenario.roles + scenario.slots.size() + scenario.devices.size();
  return sums;
}

std::vector<Scenario> WithFewerFrames(const Scenario& scenario) {
  std::vector<Scenario> fewer;
  const uint32_t half = scenario.frames / 2;
  if (half == 0) return fewer;
  fewer.push_back(WithFrames(scenario, [&](uint32_t v) { return v < half ? v : half - 1; }));
  fewer.push_back(WithFrames(scenario, [&](uint32_t v) { return v % half; }));
  fewer.push_back(WithFrames(scenario, [](uint32_t v) { return v / 2; }));
  for (Scenario& candidate : fewer) {
    candidate.frames = half;
    // Slots that have come to lie on one another are one.
    std::vector<GfnRange> slots;
    for (const GfnRange& slot : candidate.slots) {
      if (slots.empty() || slot.first > slots.back().last) slots.push_back(slot);
    }
    candidate.slots = std::move(slots);
  }
  return fewer;
}

std::vector<Scenario> WithLowerNumbers(const Scenario& scenario) {
  std::vector<Scenario> lower;
  Scenario original = scenario;
  std::set<uint32_t> used;
  for (const GfnRange* range : RangesOf(original)) {
    used.insert(range->first);
    used.insert(range->last);
  }
  // All frames closer together, then one of them everywhere.
  lower.push_back(WithFrames(scenario, [&](uint32_t v) {
    return static_cast<uint32_t>(std::distance(used.begin(), used.find(v)));
  }));
  for (uint32_t frame : used) {
    for (uint32_t to : {uint32_t{0}, frame / 2, frame - std::min(frame, 1u)}) {
      lower.push_back(WithFrames(scenario, [&](uint32_t v) { return v == frame ? to : v; }));
    }
  }
  const std::size_t ranges = RangesOf(original).size();
  const auto edit = [&](std::size_t i, const std::function<void(GfnRange&)>& change) {
    Scenario copy = scenario;
    change(*RangesOf(copy)[i]);
    lower.push_back(std::move(copy));
  };
  for (std::size_t i = 0; i < ranges; ++i) {
    edit(i, [](GfnRange& range) { range.last = range.first; });
    edit(i, [](GfnRange& range) { range.first = range.last; });
    edit(i, [](GfnRange& range) { range.last -= range.last > range.first ? 1 : 0; });
    edit(i, [](GfnRange& range) { range.first += range.last > range.first ? 1 : 0; });
    edit(i, [](GfnRange& range) { range = {}; });
  }
  const std::size_t numbers = NumbersOf(original).size();
  for (std::size_t i = 0; i < numbers; ++i) {
    Scenario copy = scenario;
    *NumbersOf(copy)[i] = 0;
    lower.push_back(std::move(copy));
  }
  if (scenario.roles > 1) {
    lower.push_back(scenario);
    --lower.back().roles;
  }
  for (std::size_t i = 0; i < scenario.slots.size(); ++i) {
    Scenario copy = scenario;
    copy.slots.erase(copy.slots.begin() + static_cast<std::ptrdiff_t>(i));
    lower.push_back(std::move(copy));
  }
  return lower;
}

}  // namespace racewalk
