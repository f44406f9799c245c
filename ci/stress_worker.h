// What a worker process of `racewalk stress` does with a message.
#ifndef RACEWALK_CI_STRESS_WORKER_H_
#define RACEWALK_CI_STRESS_WORKER_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ci/caught_text.h"
#include "ci/stress_run.h"
#include "ci/target.h"
#include "sanitizers/round_record.h"
#include "sanitizers/shared_array.h"

namespace racewalk {

// The next rounds of one row.
struct StressBatch {
  uint64_t worker = 0;  // index of the record to be used
  uint64_t row = 0;
  uint64_t time_ns = 0;  // after that no further one is begun
};
std::string WriteBatch(const StressBatch& batch);
StressBatch ReadBatch(absl::string_view message);

// What workers and their watcher share; made before the first fork.
struct StressShared {
  std::vector<Target> targets{};
  StressRunOptions options{};
  SharedArray<RoundRecord> records;          // one for each worker
  SharedArray<std::atomic<uint64_t>> begun;  // rounds of each row: the next one's number
  std::vector<CaughtText> texts{};           // one for each worker
};

// In a worker: runs the batch. The answer is "", or why a round cannot be run.
std::string RunBatch(const StressShared& shared, const RoundRunner& runner,
                     absl::string_view message);

}  // namespace racewalk

#endif  // RACEWALK_CI_STRESS_WORKER_H_
