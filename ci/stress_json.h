// The JSON of `racewalk stress`, and what it reads of an explorer's.
// docs/json.md describes both.
#ifndef RACEWALK_CI_STRESS_JSON_H_
#define RACEWALK_CI_STRESS_JSON_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/explorer_process.h"
#include "ci/stress_report.h"

namespace racewalk {

// One object, indented, with a line end. Bytes that are no UTF-8 are replaced.
std::string StressJson(const StressReport& report);

// The violations that `racewalk check --json` printed.
// Error: Internal, `text` is something else.
absl::StatusOr<std::vector<ExploredViolation>> ViolationsOfCheckJson(absl::string_view text);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRESS_JSON_H_
