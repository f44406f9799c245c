// Fuzzing as an engine: a unit is an MMU in a variant.
#ifndef RACEWALK_CI_CAMPAIGN_FUZZ_ENGINE_H_
#define RACEWALK_CI_CAMPAIGN_FUZZ_ENGINE_H_

#include <cstdint>
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

struct FuzzUnit {
  FuzzPlace place{};
  std::vector<Input> start{};  // in that place, as Fit leaves them
};

// `weaken` are names of points, each of which `start` leaves out.
std::unique_ptr<Engine> MakeFuzzEngine(std::vector<FuzzUnit> units, std::vector<std::string> weaken,
                                       ExplorerFactory factory, uint64_t inputs = kChunkInputs);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_FUZZ_ENGINE_H_
