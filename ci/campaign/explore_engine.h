// Exploration as an engine: a unit is a row of `racewalk check`.
#ifndef RACEWALK_CI_CAMPAIGN_EXPLORE_ENGINE_H_
#define RACEWALK_CI_CAMPAIGN_EXPLORE_ENGINE_H_

#include <memory>
#include <vector>

#include "ci/campaign/engine.h"
#include "ci/finding.h"
#include "ci/plan.h"
#include "ci/token_target.h"

namespace racewalk {

// Of a chunk. A tenth of a second to one, by the length of executions.
inline constexpr uint64_t kChunkExecutions = 20'000;
// After so many violations a chunk ends: telling them takes longer than finding them.
inline constexpr uint64_t kMostSightings = 8;

// `units` enumerate nothing: an enumeration is one long piece of work.
std::unique_ptr<CampaignEngine> MakeExploreEngine(std::vector<Unit> units, ExplorerFactory factory,
                                                  uint64_t executions = kChunkExecutions);

// For whoever has findings to tell the store.
SeenViolation SeenOf(const Finding& finding);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_EXPLORE_ENGINE_H_
