// Fuzzing, a chunk at a time: inputs drawn from a corpus, run, and kept if they
// show something new. No clock, no file, no process.
#ifndef RACEWALK_FUZZ_SESSION_H_
#define RACEWALK_FUZZ_SESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/protocol.h"
#include "fuzz/corpus.h"
#include "fuzz/coverage.h"
#include "fuzz/fit.h"
#include "fuzz/input.h"
#include "fuzz/reduce.h"
#include "fuzz/runner.h"

namespace racewalk {

// Where inputs are run.
struct FuzzPlace {
  std::string mmu{};
  std::string variant{};  // canonical
  bool operator==(const FuzzPlace&) const = default;
};

// Of a whole run.
struct FuzzSettings {
  std::vector<FuzzPlace> places{};  // empty: any
  PointSet weakened{};
  Limits limits{};
  bool feedback = true;  // else every input is generated anew and none is kept
  bool stop_at_violation = false;
};

struct FuzzTurn {
  uint64_t seed = 0;
  uint64_t number = 0;                 // of the chunk in its run
  uint64_t inputs = 0;                 // that are drawn
  uint64_t executions = ~uint64_t{0};  // at most, those to make inputs smaller included
};

struct FuzzChunk {
  std::vector<CorpusEntry> kept{};  // each has a feature that neither the corpus nor one before has
  std::vector<Feature> features{};  // of all inputs that were drawn, ascending
  std::vector<FuzzViolation> violations{};  // by `execution`, which counts those of the chunk
  uint64_t inputs = 0;
  uint64_t executions = 0;
  uint64_t steps = 0;
  // What an input could not be run for; "" if all could. A generator that makes such is wrong.
  std::string unsound{};
};

// A function of its arguments: of `corpus` only the entries count, and of `run` what it says of
// an input. An input that fails is not kept.
FuzzChunk RunFuzzChunk(const Corpus& corpus, const FuzzSettings& settings, const FuzzTurn& turn,
                       const InputFunction& run);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_SESSION_H_
