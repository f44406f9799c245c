// What a kernel demands of its callers: no guest runs in an address space that
// exits, a VM is destroyed once and after its vCPUs.
#ifndef RACEWALK_SCENARIOS_PRECONDITIONS_H_
#define RACEWALK_SCENARIOS_PRECONDITIONS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "scenarios/scenario.h"

namespace racewalk {

// The scenario's operations must be otherwise valid, so that they are few
// enough to be unrolled. `name` begins the messages.
absl::Status ValidatePreconditions(const Scenario& scenario, absl::string_view name);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_PRECONDITIONS_H_
