// Determinism, checked: the same execution recorded two times.
#ifndef RACEWALK_CI_RECORD_TWICE_H_
#define RACEWALK_CI_RECORD_TWICE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Records the execution `key` twice and returns the second recording.
// Error: Internal, naming the first step at which the two differ.
absl::StatusOr<Recording> RecordTwice(Explorer& explorer, Strategy& strategy, uint64_t key,
                                      bool events);

// The first difference between two recordings of one execution, in words; ""
// if there is none. Without events the decisions have to tell.
std::string FirstDifference(const Recording& first, const Recording& second);

}  // namespace racewalk

#endif  // RACEWALK_CI_RECORD_TWICE_H_
