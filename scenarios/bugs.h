// The historical bugs that can be brought back, by name.
//
// A bug is a set of weakened points and where it shows. DESIGN's words for
// what a violation may be apply: a bug lists every kind that it may show as.
#ifndef RACEWALK_SCENARIOS_BUGS_H_
#define RACEWALK_SCENARIOS_BUGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "core/violation.h"

namespace racewalk {

struct Bug {
  std::string name{};                  // "X23a"
  std::string long_name{};             // "ZAP_AT_ZERO_AND_YIELD"
  std::string title{};                 // of the change that fixed it, as upstream words it
  std::string story{};                 // two sentences: what happens, and what it costs
  std::vector<std::string> points{};   // names of the points that are weakened
  std::string mmu{};                   // "tdp" or "stage2"
  std::string variant{};               // canonical, see variants.h
  std::string scenario{};              // the library's name of the one that shows it
  std::vector<ViolationKind> kinds{};  // as which it may show
  std::string invariant{};             // the one that should fire first ("T2")
};

// In the order of their names. Thread-safe.
const std::vector<Bug>& Bugs();

// By short or long name, in either letter case; nullptr if there is none.
const Bug* FindBug(absl::string_view name);

// Errors: NotFound, one line with the nearest name.
absl::StatusOr<const Bug*> ResolveBug(absl::string_view name);

// Points that are not in the table are left out; a test says that there are none.
PointSet PointsOf(const Bug& bug);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_BUGS_H_
