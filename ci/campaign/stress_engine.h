// Real threads as an engine: a unit is a row of `racewalk stress`.
#ifndef RACEWALK_CI_CAMPAIGN_STRESS_ENGINE_H_
#define RACEWALK_CI_CAMPAIGN_STRESS_ENGINE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "ci/campaign/engine.h"
#include "ci/stress_run.h"
#include "ci/target.h"

namespace racewalk {

// Of a chunk; a second or so.
inline constexpr uint64_t kChunkRounds = 16;

// Each chunk runs its rounds in a process of its own below the worker, so that
// no thread or signal handler of theirs meets an explorer. What threads do is
// theirs: of all engines this one alone may do the same chunk differently.
std::unique_ptr<CampaignEngine> MakeStressEngine(std::vector<Target> targets, RoundRunner runner,
                                                 uint64_t rounds = kChunkRounds);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_STRESS_ENGINE_H_
