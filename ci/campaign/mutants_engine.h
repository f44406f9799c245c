// The kill matrix as an engine: a unit is a weakened protocol point in one MMU
// and variant.
#ifndef RACEWALK_CI_CAMPAIGN_MUTANTS_ENGINE_H_
#define RACEWALK_CI_CAMPAIGN_MUTANTS_ENGINE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "ci/campaign/engine.h"
#include "ci/kill_table.h"
#include "ci/mutant.h"
#include "ci/token_target.h"

namespace racewalk {

// How far a search goes that finds nothing: executions of a row and strategy.
struct MutantLimits {
  uint64_t likely = 5'000;   // of the scenarios that killed the point before
  uint64_t library = 1'000;  // then of every scenario
};

// The first chunk of a unit replays its known kill, and searches if that no
// longer fits; the later ones search with their seeds, as a replay would only
// say the same again. Likely killers come first.
std::unique_ptr<CampaignEngine> MakeMutantsEngine(std::vector<MutantUnit> units,
                                                  std::vector<Kill> known, ExplorerFactory factory,
                                                  const MutantLimits& limits = {});

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_MUTANTS_ENGINE_H_
