// Inputs made smaller as long as they show what they are kept for.
#ifndef RACEWALK_FUZZ_REDUCE_H_
#define RACEWALK_FUZZ_REDUCE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "fuzz/corpus.h"
#include "fuzz/coverage.h"
#include "fuzz/input.h"
#include "fuzz/runner.h"

namespace racewalk {

// InputRunner::Run, or a test's own.
using InputFunction =
    std::function<InputResult(const Input& input, uint64_t executions, Coverage& coverage)>;

// An input of a corpus runs so many executions, so that a file always has the same features.
inline constexpr uint64_t kFuzzExecutions = 100;

// The first violation of an input.
struct FuzzViolation {
  Input input{};
  InputViolation violation{};
  uint64_t execution = 0;  // from 1, of all that whoever found it ran
};

struct ReduceLimits {
  uint64_t tries = 0;                  // inputs that are run
  uint64_t executions = ~uint64_t{0};  // of all of them
};

struct Reduced {
  CorpusEntry entry{};
  uint64_t tries = 0;
  uint64_t executions = 0;
  std::vector<FuzzViolation> violations{};  // of inputs that were tried
};

// The entry with threads and operations left out, and simpler headers and frames, that still has
// all of `wanted` and no violation; strategy and key are as they were. The boldest edits come
// first. A function of its arguments.
Reduced Reduce(CorpusEntry entry, const std::vector<Feature>& wanted, const ReduceLimits& limits,
               const InputFunction& run);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_REDUCE_H_
