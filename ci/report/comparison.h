// A night beside an earlier one: what got worse?
#ifndef RACEWALK_CI_REPORT_COMPARISON_H_
#define RACEWALK_CI_REPORT_COMPARISON_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ci/report/nights.h"

namespace racewalk {

// One line of what got worse, and one of how to look at it.
struct Regression {
  std::string kind{};  // "new-violation", "mutant-not-killed" or "rate-fell"
  std::string what{};
  std::string look{};
};

struct Comparison {
  std::string path{};           // of the other store
  Night baseline{};             // what is compared with
  bool other_version = false;   // of racewalk: a rate may have changed for a reason
  bool other_settings = false;  // for example weights
  double rate_drop = 0;         // the largest share of a rate that may be lost
  std::vector<Regression> regressions{};
  uint64_t rates_compared = 0;  // units with enough chunks in both nights
  uint64_t rates_fell = 0;      // of those; the worst are among the regressions
  uint64_t mutants_compared = 0;
  uint64_t mutants_not_run = 0;  // killed there, not searched here
  double rate_ratio = 0;         // here to there, the median of rates_in_total rows
  uint64_t rates_in_total = 0;   // that both nights ran; 0 if they are too few
};

// A unit's rate has fallen if its median chunk lost more than `rate_drop` of that of the other
// night, and
// - beyond what chunks vary: by more than three standard errors of both medians, which are
//   estimated from the median absolute deviations, and there are at least kLeastChunks in each;
// - beyond what nights vary: it is below the mean of each of the other store's last nights.
// All rows together, whatever chunks they have, have fallen if the median of their ratios has,
// beyond what rows and nights vary; there must be kLeastRows.
// A mutant is worse if it was killed there and is not here; if its replay killed there and here
// not; or if searches found it there and none does here, and luck explains that with less than
// kMostChance. One that was not searched here is no worse.
// `rates` are the told night's. rate_drop: between 0 and 1.
Comparison CompareNights(const StoreNights& store, const std::map<UnitName, ChunkRates>& rates,
                         const Baseline& baseline, double rate_drop);

inline constexpr uint64_t kLeastChunks = 5;
// There are hundreds of mutants.
inline constexpr double kMostChance = 0.001;
inline constexpr uint64_t kLeastRows = 20;
inline constexpr uint64_t kMostRatesTold = 10;

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_COMPARISON_H_
