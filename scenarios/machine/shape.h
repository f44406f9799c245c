// What a machine is made of, before it is made.
#ifndef RACEWALK_SCENARIOS_MACHINE_SHAPE_H_
#define RACEWALK_SCENARIOS_MACHINE_SHAPE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "core/geometry.h"
#include "core/stage2/state.h"
#include "core/tdp/state.h"

namespace racewalk {

struct MachineShape {
  Gfn first_gfn = 0;          // guest frame of the first page; host addresses are from 0
  uint32_t guest_frames = 4;  // and host addresses
  int vcpus = 1;
  TdpVariant tdp_variant{};
  TdpOptions tdp_options{};
  Stage2Variant stage2_variant{};
  Stage2Options stage2_options{};
  bool v14() const { return tdp_variant.notifier == NotifierDesign::kV14; }
  bool huge_pages = false;                     // the host has huge pages
  bool host_is_huge = false;                   // and backs the guest by them from the beginning
  std::vector<std::pair<Gfn, Gfn>> slots{};    // [first, last], numbered from 0
  std::vector<std::pair<Hva, Hva>> devices{};  // [first, last]: a device's memory
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_SHAPE_H_
