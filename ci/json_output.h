// The JSON objects that `--json` prints. docs/json.md describes them.
#ifndef RACEWALK_CI_JSON_OUTPUT_H_
#define RACEWALK_CI_JSON_OUTPUT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "ci/check_report.h"
#include "ci/fuzz_report.h"
#include "ci/mutants_report.h"
#include "ci/replay_report.h"
#include "ci/shrink_report.h"
#include "ci/strategy_comparison.h"

namespace racewalk {

// Each is one object, indented, with a line end. Bytes that are no UTF-8 are
// replaced, so that what is printed can always be read.
std::string ListJson(absl::string_view what);
std::string CheckJson(const CheckReport& report);
std::string ReplayJson(const ReplayReport& report);
std::string ShrinkJson(const ShrinkReport& report);
std::string MutantsJson(const MutantsReport& report);
std::string ComparisonJson(const ComparisonReport& report);
std::string FuzzJson(const FuzzReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_JSON_OUTPUT_H_
