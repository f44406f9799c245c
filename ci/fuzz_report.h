// The outcome of `racewalk fuzz`, as values and in words.
#ifndef RACEWALK_CI_FUZZ_REPORT_H_
#define RACEWALK_CI_FUZZ_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/fuzz_run.h"
#include "ci/shrinker.h"
#include "ci/trace_folder.h"

namespace racewalk {

// A pair that an input of the corpus shows and no scenario of the library.
struct BeyondLibrary {
  std::string pair{};   // as Coverage::TextOf
  std::string input{};  // of the smallest one that shows it, as PrintInput
  uint64_t inputs = 0;  // that show it
};

struct FuzzReport {
  std::string command{};     // as typed
  std::string parameters{};  // every one of them, drawn ones included, on one line
  uint64_t seed = 0;
  std::vector<std::string> weaken{};
  std::string bug{};     // "" for none
  std::string corpus{};  // folder, "" for none
  uint64_t files = 0;    // that were there
  uint64_t added = 0;    // files that were written
  uint64_t removed = 0;
  uint64_t kept = 0;       // files that minimizing would have removed, had the fuzzer named them
  bool minimized = false;  // nothing was fuzzed
  FuzzResult result{};
  std::vector<std::string> paths{};                    // of each of result.found: its trace, or ""
  std::vector<std::optional<ShrinkResult>> shrunk{};   // of each, if there was time
  std::vector<std::string> lost_files{};               // of each of result.lost, or ""
  std::optional<std::vector<BeyondLibrary>> beyond{};  // if it was asked for
  uint64_t library_executions = 0;
  bool write_failed = false;          // of the corpus or of --out
  std::vector<std::string> errors{};  // as printed on standard error
};

// "clean", "violation", "internal-error", "interrupted".
std::string VerdictOf(const FuzzReport& report);
ExitStatus ExitStatusOf(const FuzzReport& report);

// How much was reached when, what was found once more in short, and the last line: the parameters
// with the verdict.
std::string FormatFuzzSummary(const FuzzReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_FUZZ_REPORT_H_
