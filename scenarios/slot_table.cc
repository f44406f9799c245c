#include "scenarios/slot_table.h"

#include <algorithm>

#include "scenarios/operation_parser.h"

namespace racewalk {

SlotTable::SlotTable(const Scenario& scenario) {
  if (scenario.slots.empty()) Add(0, {0, scenario.frames - 1});
  for (uint32_t i = 0; i < scenario.slots.size(); ++i) Add(i, scenario.slots[i]);
  Collect(scenario.setup, 0);
  for (const ScenarioThread& thread : scenario.threads) Collect(thread.operations, 0);
  Collect(scenario.after, 0);
}

bool SlotTable::MayHave(uint32_t number, uint32_t frames) const {
  return std::find(slots_.begin(), slots_.end(), std::pair(number, frames)) != slots_.end();
}

uint32_t SlotTable::FramesOf(uint32_t number) const {
  for (const auto& [known, frames] : slots_) {
    if (known == number) return frames;
  }
  return 0;
}

void SlotTable::Add(uint32_t number, const GfnRange& range) {
  slots_.emplace_back(number, range.last - range.first + 1);
}

void SlotTable::Collect(const std::vector<Operation>& operations, int depth) {
  for (const Operation& operation : operations) {
    if (operation.verb == Verb::kSlotAdd) Add(operation.number, operation.range);
    // The validator refuses what is deeper.
    if (depth < kMaxRepeatDepth) Collect(operation.body, depth + 1);
  }
}

}  // namespace racewalk
