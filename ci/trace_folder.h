// Traces in the folder of `--out`.
#ifndef RACEWALK_CI_TRACE_FOLDER_H_
#define RACEWALK_CI_TRACE_FOLDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/finding.h"

namespace racewalk {

// Writes the finding's trace and returns the path: fault_vs_unmap-tdp-leak.trace,
// then ...-leak-2.trace and so on. If the finding has a page, that goes beside
// it, as ...-leak.html. An existing file is never touched.
absl::StatusOr<std::string> SaveTrace(absl::string_view folder, const Finding& finding);

// What was shrunk of a finding: a scenario file and its trace, of one name.
struct ShrunkFiles {
  std::string scenario{};
  std::string trace{};
};

// Writes fault_vs_unmap-tdp-leak-shrunk.scn and .trace, or ...-shrunk-2, and
// returns their paths. An existing file is never touched. `label` is of the
// scenario that was shrunk.
absl::StatusOr<ShrunkFiles> SaveShrunk(absl::string_view folder, absl::string_view label,
                                       absl::string_view scenario, const Finding& finding);

}  // namespace racewalk

#endif  // RACEWALK_CI_TRACE_FOLDER_H_
