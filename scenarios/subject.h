// What is to be run, and the same made ready: what the models support, and repeats unrolled.
#ifndef RACEWALK_SCENARIOS_SUBJECT_H_
#define RACEWALK_SCENARIOS_SUBJECT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/protocol.h"
#include "scenarios/machine/shape.h"
#include "scenarios/scenario.h"

namespace racewalk {

struct Subject {
  Scenario scenario{};
  std::string mmu = "tdp";        // "tdp" or "stage2"
  std::string variant = "owned";  // '+'-separated where variants combine
  PointSet weakened{};
};

// The MMUs that there are, by name.
const std::vector<std::string>& ModelledMmus();
// What is wrong with the name of an MMU, with a remedy; "" if nothing is.
std::string MmuProblem(absl::string_view text);
// Whether MMU `mmu` has all the words and headers of a valid scenario, in
// `variant` or, where that is "", in its first one.
bool RunsOn(const Scenario& scenario, const std::string& mmu, const std::string& variant);

// Whether MMU `mmu` has a word in `variant`; both must be valid.
bool HasWord(const std::string& mmu, const std::string& variant, Verb verb);

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

#endif  // RACEWALK_SCENARIOS_SUBJECT_H_
