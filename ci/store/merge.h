// Joining stores: the union of their rows.
#ifndef RACEWALK_CI_STORE_MERGE_H_
#define RACEWALK_CI_STORE_MERGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace racewalk {

struct MergeCounts {
  uint64_t campaigns = 0;  // in `out` afterwards
  uint64_t chunks = 0;
  uint64_t violations = 0;  // classes of all campaigns
  uint64_t added = 0;       // chunks that were not there before
};

// Adds the rows of `ins` to `out`, which is made if there is none, in one
// transaction; once more changes nothing, and neither order nor grouping
// matters. A campaign may be writing to one of `ins`.
// Errors, one line, after which `out` is as it was (or not there): InvalidArgument if a store is
// refused or is `out` itself, all of which is known before anything is written; else what kept it
// from being written, as of Database::Run.
absl::StatusOr<MergeCounts> MergeStores(const std::string& out,
                                        const std::vector<std::string>& ins);

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_MERGE_H_
