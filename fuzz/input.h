// One input of the fuzzer as a person reads it: a scenario and one execution of it.
//
//   mmu: tdp
//   variant: owned
//   frames: 2
//   vcpu a: write 0
//   host h: unmap 0..1
//   # run: tdp+owned/pct:3/seed=0123456789abcdef
//
// The last line is a comment to every other reader, so that `racewalk check
// FILE` explores the scenario. It says what a token says behind its '@': where
// the scenario is run, and the strategy and key of the execution.
#ifndef RACEWALK_FUZZ_INPUT_H_
#define RACEWALK_FUZZ_INPUT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/token.h"
#include "scenarios/rng.h"
#include "scenarios/subject.h"

namespace racewalk {

struct Input {
  Subject subject{};                // whose `weakened` is the campaign's and not written
  std::string strategy = "random";  // as MakeStrategy takes it; one that draws from a seed
  uint64_t key = 0;                 // of the execution, see ExecutionKey
};

// Ends in a new line. ParseInput(PrintInput(input)) is `input` if its subject is as Fit leaves it.
std::string PrintInput(const Input& input);

// The last line of PrintInput. The scenario does not matter.
std::string RunLine(const Input& input);

// `name` begins every message. The `# run:` line may stand anywhere, by itself;
// without a variant it means the scenario's first one.
// Errors: InvalidArgument as ParseScenario's; "name:line:column: found X,
// expected Y; <what to do>" if the line is missing, twice there or malformed; and what
// Prepare says of a scenario that the MMU or the variant does not have.
absl::StatusOr<Input> ParseInput(absl::string_view text, absl::string_view name);

// Names the same execution. The strategy is as in the input: what it would
// learn in a pilot is not in it, and a replay learns the same.
ReplayToken TokenOf(const Input& input);

// Another strategy and key.
void DrawSchedule(Input& input, Rng& rng);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_INPUT_H_
