// The outcome of shrinking, as text and as values.
#ifndef RACEWALK_CI_SHRINK_REPORT_H_
#define RACEWALK_CI_SHRINK_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ci/shrinker.h"
#include "ci/trace_folder.h"

namespace racewalk {

struct ShrinkReport {
  std::string command{};     // as typed
  std::string parameters{};  // on one line
  uint64_t seed = 0;
  ShrinkResult result{};
  ShrunkFiles files{};                // "" for those that were not written
  std::vector<std::string> errors{};  // as printed on standard error
};

// "violation", or "interrupted": then it may become smaller yet.
const char* VerdictOf(const ShrinkReport& report);

// "3 threads, 9 operations, 4 preemptions".
std::string NumbersText(const ShrinkNumbers& numbers);

// What became smaller, the scenario, how to replay it; lines with line ends.
std::string ShrunkText(const ShrinkResult& result);

// "3 threads, 5 operations, 2 preemptions; 12,345 executions, 7 s left".
std::string ProgressText(const ShrinkProgress& progress);

}  // namespace racewalk

#endif  // RACEWALK_CI_SHRINK_REPORT_H_
