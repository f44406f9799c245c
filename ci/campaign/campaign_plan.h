// What a campaign runs, from what was asked for: its engines, and the words
// that tell it from others.
#ifndef RACEWALK_CI_CAMPAIGN_CAMPAIGN_PLAN_H_
#define RACEWALK_CI_CAMPAIGN_CAMPAIGN_PLAN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/campaign/engine.h"
#include "ci/kill_table.h"
#include "ci/options.h"
#include "ci/stress_run.h"
#include "ci/token_target.h"

namespace racewalk {

// What runs the core: the real ones, or a test's own.
struct CampaignWorlds {
  ExplorerFactory explorer{};
  RoundRunner rounds{};
};

struct PlannedEngine {
  std::string name{};
  std::unique_ptr<CampaignEngine> engine{};
};

struct CampaignPlan {
  std::vector<PlannedEngine> engines{};  // never empty, in the order in which they take turns
  // NAME=VALUE words that decide what the chunks are, but for weights: equal
  // ones, with equal versions, seeds and weights, give equal chunks.
  std::string settings{};
  std::vector<Survivor> explained{};  // mutants that nothing kills, for known reasons
  std::vector<std::string> names() const;
};

// Errors: InvalidArgument, one line with a remedy: an unknown name, what cannot be run, nothing
// left of what was selected.
absl::StatusOr<CampaignPlan> PlanCampaign(const CampaignOptions& options,
                                          const CampaignWorlds& worlds);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_CAMPAIGN_PLAN_H_
