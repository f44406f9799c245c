// What the designs of page tables cost when tables are collapsed under load: the
// page docs/designs.md.
#ifndef RACEWALK_SCENARIOS_EXPLORE_DESIGNS_H_
#define RACEWALK_SCENARIOS_EXPLORE_DESIGNS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/machine/meter.h"

namespace racewalk {

struct DesignsOptions {
  bool help = false;
  uint64_t executions = 5000;
  uint64_t seed = 1;
  std::string output = "docs/designs.md";
};

extern const char kDesignsHelp[];

// Error: InvalidArgument, one line with a remedy.
absl::StatusOr<DesignsOptions> ReadDesignsOptions(const std::vector<std::string>& arguments);

// Counts what executions [0, executions) of `seed` cost, at random. Error:
// InvalidArgument if the subject does not fit, Internal if an execution fails.
absl::StatusOr<Meter> Measure(const Subject& subject, uint64_t seed, uint64_t executions);

// Each design under each load, with the same seed; the same text for the same
// arguments. Errors: as of Measure.
absl::StatusOr<std::string> DesignsPage(uint64_t executions, uint64_t seed);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_DESIGNS_H_
