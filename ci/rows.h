// Which scenarios, MMUs and variants a run is about.
#ifndef RACEWALK_CI_ROWS_H_
#define RACEWALK_CI_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/target.h"
#include "scenarios/bugs.h"

namespace racewalk {

// As typed; empty means not given.
struct Selection {
  std::vector<std::string> scenarios{};  // names, files or one-line text
  std::string mmu{};                     // "tdp", "stage2"
  std::vector<std::string> variants{};
  std::vector<std::string> weaken{};
  std::string bug{};
};

struct Rows {
  std::vector<Target> targets{};  // never empty; one for each scenario, MMU and variant
  const Bug* bug = nullptr;
  bool whole_library = false;
};

// Errors: InvalidArgument, one line with a remedy: an unknown name, or nothing
// left of what was selected.
absl::StatusOr<Rows> SelectRows(const Selection& selection);

}  // namespace racewalk

#endif  // RACEWALK_CI_ROWS_H_
