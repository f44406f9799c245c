// A subject made ready to run: what the models support, and repeats unrolled.
#ifndef RACEWALK_SCENARIOS_EXPLORE_SUBJECT_H_
#define RACEWALK_SCENARIOS_EXPLORE_SUBJECT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/machine/shape.h"
#include "scenarios/scenario.h"

namespace racewalk {

// One thread's operations without repeats, and the vCPU that it runs (-1: none).
struct Script {
  std::vector<Operation> operations{};
  int vcpu = -1;
};

struct PreparedSubject {
  MachineShape shape{};
  Script setup{};
  std::vector<Script> threads{};
  Script after{};
  // No thread uses a vCPU, so what setup used is closed before they start.
  bool close_after_setup = false;
};

// Errors: InvalidArgument, with the position where there is one, if the
// scenario needs something that the MMU or the machine does not model.
absl::StatusOr<PreparedSubject> Prepare(const Subject& subject);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SUBJECT_H_
