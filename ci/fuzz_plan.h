// What a run of the fuzzer is about and what it starts from.
#ifndef RACEWALK_CI_FUZZ_PLAN_H_
#define RACEWALK_CI_FUZZ_PLAN_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ci/corpus_folder.h"
#include "ci/fuzz_report.h"
#include "ci/fuzz_run.h"
#include "ci/options.h"
#include "fuzz/corpus.h"
#include "fuzz/coverage.h"
#include "fuzz/session.h"
#include "scenarios/bugs.h"

namespace racewalk {

struct FuzzPlan {
  FuzzSettings settings{};
  const Bug* bug = nullptr;
  bool weakened = false;  // then the first violation ends the run, and the corpus is not written
  std::vector<CorpusFile> files{};  // all that are in the corpus
  std::vector<FuzzStart> start{};
  std::string start_name{};         // "corpus", "library", "nothing"
  std::optional<double> seconds{};  // of fuzzing, or of making inputs smaller
};

// Errors: InvalidArgument, one line with a remedy: an unknown name, a malformed file of the corpus,
// or nothing left of what was selected.
absl::StatusOr<FuzzPlan> MakeFuzzPlan(const FuzzOptions& options);

// Each row of the library that `options` select, as an input of the first so many of the strategies
// random and pct:3.
absl::StatusOr<std::vector<FuzzStart>> LibraryStart(const FuzzOptions& options, int strategies);

// The pairs that the corpus shows and `library` has not, each with the smallest input.
std::vector<BeyondLibrary> PairsBeyond(const Corpus& corpus, const std::set<Feature>& library);

}  // namespace racewalk

#endif  // RACEWALK_CI_FUZZ_PLAN_H_
