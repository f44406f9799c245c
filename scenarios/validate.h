// Says whether a scenario makes sense: limits, names, roles, and the
// preconditions that a kernel enforces on its callers.
#ifndef RACEWALK_SCENARIOS_VALIDATE_H_
#define RACEWALK_SCENARIOS_VALIDATE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "scenarios/diagnostics.h"
#include "scenarios/scenario.h"
#include "scenarios/words.h"

namespace racewalk {

// Geometries small enough to explore; both inclusive.
inline constexpr uint32_t kMinLevels = 2;
inline constexpr uint32_t kMaxLevels = 4;
inline constexpr uint32_t kMinIndexBits = 1;
inline constexpr uint32_t kMaxIndexBits = 3;
inline constexpr std::size_t kMaxThreadNameBytes = 32;

// Where the parts stand that know no position themselves. What is missing is
// told without a position.
struct SourceMap {
  std::string name{};  // begins every message
  std::array<Position, kHeaderSpellings.size()> headers{};
  std::vector<Position> variants{};
  std::vector<Position> slots{};
  std::vector<Position> devices{};
  std::vector<Position> checks{};
};

// Errors: InvalidArgument with the first thing that is wrong, as ParseScenario
// words it. Positions are those in `scenario`; a tree built by hand has none.
absl::Status ValidateScenario(const Scenario& scenario);
absl::Status ValidateScenario(const Scenario& scenario, const SourceMap& source);

// How often an operation runs: 1, or for a repeat the runs of its body in all.
// Saturates far above kMaxOperations.
uint64_t RunsOf(const Operation& operation);
uint64_t RunsOf(const std::vector<Operation>& operations);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_VALIDATE_H_
