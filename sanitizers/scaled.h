// A subject's tiny geometry as part of full-size tables.
#ifndef RACEWALK_SANITIZERS_SCALED_H_
#define RACEWALK_SANITIZERS_SCALED_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/geometry.h"
#include "sanitizers/round.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"

namespace racewalk {

using FullGeometry = Geometry<4, 9>;
// What scenarios have that do not say otherwise.
using SmallGeometry = Geometry<3, 1>;
inline bool HasSmallTables(const Scenario& scenario) {
  return scenario.levels == SmallGeometry::kLevels &&
         scenario.index_bits == SmallGeometry::kIndexBits;
}

// What pages there may be at most.
inline constexpr uint32_t kMaxRoundPages = 1U << 14;

// A plan's scenario with every number one of the round's tables. With small
// tables all stay as they are. With full-size ones frame f is the guest
// frames from first_gfn + f * pages_per_frame on; the middle of all is where the
// entries of the root change, so that every level branches. Host addresses are
// what the frame's were, times pages_per_frame.
struct ScaledSubject {
  PreparedSubject prepared{};
  // What holds at the end: nothing unless the plan is in order and the scenario's
  // lowest tables are the round's, since words such as collapse are about whole
  // tables.
  std::vector<CheckLine> checks{};
};

// Errors: InvalidArgument, as Prepare; too many pages; with huge pages, where
// the scenario's blocks would not be blocks of the full-size tables; with small
// tables, if the scenario's are others or a frame has several pages.
absl::StatusOr<ScaledSubject> Scale(const RoundPlan& plan);

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_SCALED_H_
