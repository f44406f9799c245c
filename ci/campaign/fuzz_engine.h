// Fuzzing as an engine: a unit is an MMU in a variant.
#ifndef RACEWALK_CI_CAMPAIGN_FUZZ_ENGINE_H_
#define RACEWALK_CI_CAMPAIGN_FUZZ_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ci/campaign/engine.h"
#include "ci/token_target.h"
#include "fuzz/fit.h"
#include "fuzz/input.h"
#include "fuzz/session.h"

namespace racewalk {

// Of a chunk: drawn from what the library shows and from what the chunk itself has found. Chunks
// know nothing of each other, or they would depend on who ran which.
inline constexpr uint64_t kChunkInputs = 32;
// Of a chunk, in the store: other chunks keep much the same.
inline constexpr std::size_t kKeptInputs = 2;

using NanosecondClock = std::function<uint64_t()>;
uint64_t SteadyNanoseconds();

struct FuzzUnit {
  FuzzPlace place{};
  std::vector<Input> start{};  // in that place, as Fit leaves them
};

// `weaken` are names of points, each of which `start` leaves out. What fails in a start is told
// with every chunk of its unit. A chunk's time is without that of the start, which each process
// runs once.
std::unique_ptr<CampaignEngine> MakeFuzzEngine(std::vector<FuzzUnit> units,
                                               std::vector<std::string> weaken,
                                               ExplorerFactory factory,
                                               uint64_t inputs = kChunkInputs,
                                               NanosecondClock clock = SteadyNanoseconds);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_FUZZ_ENGINE_H_
