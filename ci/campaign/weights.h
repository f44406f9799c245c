// How many of a campaign's chunks each engine has: more of what found more per
// second of work in the campaigns before.
#ifndef RACEWALK_CI_CAMPAIGN_WEIGHTS_H_
#define RACEWALK_CI_CAMPAIGN_WEIGHTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"

namespace racewalk {

// What an engine did in all campaigns of a store.
struct EngineHistory {
  double seconds = 0;  // of workers
  // Classes of violations in each campaign, and mutants in each campaign that were searched and not
  // killed. Inputs of the fuzzer are none: chunks know nothing of each other's, and keep much the
  // same ones again and again.
  double finds = 0;
};

// By engine; engines without a chunk are left out.
absl::StatusOr<std::map<std::string, EngineHistory>> HistoryOf(Database& database);

// Before there is a history.
uint64_t DefaultWeight(absl::string_view engine);

// The default, four times as fine, times how much more was found than its share
// of the time lets expect: a quarter at least and four at most, so that no
// engine starves. Few finds count little.
uint64_t WeightOf(absl::string_view engine, const std::map<std::string, EngineHistory>& history);

// "explore:4,mutants:3". Error: InvalidArgument, one line: an engine that is not among
// `engines`, a number that is none from 0 to 1024, nothing above 0. Those that
// are not named have 0.
absl::StatusOr<std::map<std::string, uint64_t>> ParseWeights(
    absl::string_view text, const std::vector<std::string>& engines);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_WEIGHTS_H_
