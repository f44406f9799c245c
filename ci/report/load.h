// Nights out of a store, by a handful of queries that sum up inside of it.
#ifndef RACEWALK_CI_REPORT_LOAD_H_
#define RACEWALK_CI_REPORT_LOAD_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/report/nights.h"
#include "ci/store/store.h"

namespace racewalk {

// All of these read the store as it was at one moment, also while a campaign writes to it.
// Errors: InvalidArgument, one line with the path and a remedy: there is no such campaign; or what
// the database says.

// Of `campaign`, its name or an unambiguous beginning of it, and of the nights before; "" is the
// newest.
absl::StatusOr<StoreNights> LoadNights(Store& store, absl::string_view campaign);

// Of a night of this store, mutants left out: their chunks end with the kill.
absl::StatusOr<std::map<UnitName, ChunkRates>> LoadChunkRates(Store& store, const Night& night);

// The newest night that is not `told`, and did not start after it: a store that was copied, or
// merged into, may hold the told night itself and later ones.
absl::StatusOr<Baseline> LoadBaseline(Store& store, const Night& told);

// Of a baseline, for the spread of its rates.
inline constexpr int kBaselineNights = 14;

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_LOAD_H_
