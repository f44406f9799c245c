// Which memory slots a scenario may ever have, and of which sizes.
#ifndef RACEWALK_SCENARIOS_SLOT_TABLE_H_
#define RACEWALK_SCENARIOS_SLOT_TABLE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "scenarios/scenario.h"

namespace racewalk {

// The slots of the header, and those that a `slot add` names anywhere: since
// threads race, what is added anywhere may exist everywhere.
class SlotTable {
 public:
  // The ranges need not be valid.
  explicit SlotTable(const Scenario& scenario);

  bool Exists(uint32_t number) const { return FramesOf(number) != 0; }
  bool MayHave(uint32_t number, uint32_t frames) const;
  // How many frames the slot has first; 0 if it never exists.
  uint32_t FramesOf(uint32_t number) const;

 private:
  void Add(uint32_t number, const GfnRange& range);
  void Collect(const std::vector<Operation>& operations, int depth);

  std::vector<std::pair<uint32_t, uint32_t>> slots_{};  // number, frames
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_SLOT_TABLE_H_
