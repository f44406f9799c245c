// What a campaign runs: engines, each with units, each with endlessly many
// chunks of work that are named by a number.
#ifndef RACEWALK_CI_CAMPAIGN_ENGINE_H_
#define RACEWALK_CI_CAMPAIGN_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// As in the store's table `unit`; "" where an engine has no such thing.
struct CampaignUnit {
  std::string engine{};
  std::string scenario{};
  std::string mmu{};
  std::string variant{};
  std::string strategy{};
  std::string weaken{};  // point of a mutant, or what a campaign of a weakened core leaves out
  auto operator<=>(const CampaignUnit&) const = default;
};

// "explore fault_vs_collapse tdp owned pct:3".
std::string UnitName(const CampaignUnit& unit);

// A violation as the store keeps it.
struct SeenViolation {
  std::string kind{};
  std::string invariant{};
  std::string place{};
  std::string other_place{};
  std::string points{};  // separated by commas
  std::string sentence{};
  std::string explanation{};
  uint64_t steps = 0;
  std::string token{};
  std::string timeline{};
  std::string trace{};
  uint64_t count = 1;  // in this chunk
};

// Two that share it are one failure: kind, invariant, and what was weakened, else the two places
// in either order.
std::string ClassOf(const SeenViolation& violation, absl::string_view weaken);

// Of each class one with a token is kept, of those the one with the fewest steps, as in the store;
// counts add up.
void AddViolation(SeenViolation seen, absl::string_view weaken,
                  std::vector<SeenViolation>& violations);

struct MutantOutcome {
  bool killed = false;
  uint64_t executions = 0;
  uint64_t nanoseconds = 0;
  std::string scenario{};
  std::string kind{};
  std::string token{};
};

// A corpus file of the fuzzer.
struct StoredInput {
  std::string text{};
  uint64_t features = 0;
};

struct ChunkOutcome {
  // One line: the harness is at fault, and what follows is of before. "" if all is well.
  std::string problem{};
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t distinct = 0;
  uint64_t nanoseconds = 0;
  std::vector<SeenViolation> violations{};
  std::optional<MutantOutcome> mutant{};
  std::vector<StoredInput> corpus{};
  bool retire = false;  // the process has seen so much that it should be replaced
};
std::string FormatChunkOutcome(const ChunkOutcome& outcome);
// Error: Internal.
absl::StatusOr<ChunkOutcome> ParseChunkOutcome(absl::string_view message);

// Made before the workers are forked; Run is called in them. Thread-compatible.
class CampaignEngine {
 public:
  virtual ~CampaignEngine() = default;

  // Always the same for the same settings; all of one engine's name, which the schema knows.
  virtual const std::vector<CampaignUnit>& units() const = 0;
  // A chunk of a quarter of a second or so. What it does may depend on these alone, so that
  // it can be done again by whoever resumes the campaign, on any machine.
  virtual ChunkOutcome Run(std::size_t unit, uint64_t number, uint64_t seed) = 0;
  // Before another engine runs in the same process: an Explorer that was kept must go.
  virtual void Leave() {}
};

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_ENGINE_H_
