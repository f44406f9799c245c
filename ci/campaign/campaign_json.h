// What `campaign --json` and `merge --json` print. docs/json.md describes it.
#ifndef RACEWALK_CI_CAMPAIGN_CAMPAIGN_JSON_H_
#define RACEWALK_CI_CAMPAIGN_CAMPAIGN_JSON_H_

#include <string>

#include "ci/campaign/campaign_report.h"
#include "ci/options.h"
#include "ci/store/merge.h"

namespace racewalk {

std::string CampaignJson(const CampaignReport& report);
std::string MergeJson(const MergeOptions& options, const std::string& command,
                      const MergeCounts& counts);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_CAMPAIGN_JSON_H_
