// The flags of the fuzz targets themselves: those that begin with two dashes,
// which libFuzzer leaves to its targets.
#ifndef RACEWALK_FUZZ_TARGET_OPTIONS_H_
#define RACEWALK_FUZZ_TARGET_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/protocol.h"
#include "fuzz/runner.h"
#include "scenarios/subject.h"

namespace racewalk {

struct TargetOptions {
  std::vector<std::string> weaken{};               // names of points, in the order given
  std::string bug{};                               // its short name, "" for none
  PointSet weakened{};                             // what both come to
  std::string mmu{};                               // the only one to run; "" for all
  std::string variant{};                           // the only one, in canonical form; "" for all
  uint64_t executions = InputRunner::kExecutions;  // of each input, 1 to kMaxExecutions
  bool interleaving = true;                        // whether libFuzzer is shown the Coverage
  bool help = false;

  static constexpr uint64_t kMaxExecutions = 1'000'000;

  // Whether a subject is one of those that are to be run.
  bool Takes(const Subject& subject) const;
};

// `arguments` are main's without the program. Those that do not begin with "--" are libFuzzer's
// and skipped, and so is all after -ignore_remaining_args=1.
// Errors: InvalidArgument or NotFound, one line with a remedy.
absl::StatusOr<TargetOptions> ParseTargetOptions(const std::vector<std::string>& arguments);

// What --help prints.
std::string TargetHelp();

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_TARGET_OPTIONS_H_
