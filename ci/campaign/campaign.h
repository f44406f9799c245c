// `racewalk campaign`: hours of all engines, into a store that survives.
#ifndef RACEWALK_CI_CAMPAIGN_CAMPAIGN_H_
#define RACEWALK_CI_CAMPAIGN_CAMPAIGN_H_

#include <string>

#include "ci/campaign/campaign_plan.h"
#include "ci/console.h"
#include "ci/exit_status.h"
#include "ci/options.h"

namespace racewalk {

// `command` is the command line, for the record. Must be called from a process
// of one thread in which no Explorer lives. Bad input is told before anything
// is written.
ExitStatus RunCampaignCommand(const CampaignOptions& options, const std::string& command,
                              const CampaignWorlds& worlds, const Console& console);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_CAMPAIGN_H_
