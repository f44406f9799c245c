// Worker processes that run tasks of the fuzzer, and what becomes of those that do not answer.
#ifndef RACEWALK_CI_FUZZ_POOL_H_
#define RACEWALK_CI_FUZZ_POOL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/fuzz_task.h"
#include "ci/worker_pool.h"
#include "fuzz/corpus.h"
#include "sanitizers/shared_array.h"

namespace racewalk {

// An input of which a worker died or in which it hung.
struct LostInput {
  std::string how{};    // "the worker process was killed by signal 6 (Aborted)"
  std::string input{};  // as PrintInput; "" if it ran none
};

struct FuzzPoolOptions {
  int jobs = 1;
  // Longer than any task takes; then the worker is taken for hung.
  std::chrono::milliseconds task_limit{60'000};
};

// Called in this process, between messages.
struct FuzzPoolHooks {
  // Whether to hand out no more, since time is up or somebody interrupted.
  std::function<bool()> over = [] { return false; };
  // Executions of the tasks under way that have answered.
  std::function<void(uint64_t executions)> progress = [](uint64_t) {};
  std::function<void(const LostInput&)> lost = [](const LostInput&) {};
};

// The answers of some tasks, in their order.
struct FuzzAnswers {
  std::vector<std::optional<FuzzAnswer>> tasks{};  // nullopt: not run, or lost
  bool over = false;                               // not all were run
  bool found = false;  // ended by a violation: the last is the first task that has one
};

// Thread-compatible. Must be made in a process of one thread in which no Explorer lives.
class FuzzPool {
 public:
  // `context` must outlive the pool. Error: Internal if workers cannot be started.
  static absl::StatusOr<std::unique_ptr<FuzzPool>> Start(const FuzzContext& context,
                                                         const FuzzPoolOptions& options,
                                                         FuzzPoolHooks hooks);

  // Runs them all, or until hooks.over(): then those that are not done soon are given up, and the
  // pool is of no further use. With `stop_at_found` none is run after one that has a violation.
  // Chunks start from `corpus`, to which entries may be added between two calls.
  absl::StatusOr<FuzzAnswers> Run(std::vector<FuzzRequest> tasks, const Corpus& corpus,
                                  bool stop_at_found);

 private:
  struct Seat {
    std::size_t task = 0;   // under way
    std::size_t known = 0;  // entries of the corpus that its process has
  };

  FuzzPool(FuzzPoolHooks hooks, SharedArray<InputSlot> slots)
      : hooks_(std::move(hooks)), slots_(std::move(slots)) {}

  absl::Status HandOut(std::vector<FuzzRequest>& tasks, const Corpus& corpus, std::size_t end,
                       std::size_t& next);
  absl::Status Take(const WorkerReport& report, FuzzAnswers& answers, std::size_t& end,
                    bool stop_at_found);
  // Whether a task before `end` is under way.
  bool Waits(std::size_t end) const;

  FuzzPoolHooks hooks_;
  SharedArray<InputSlot> slots_;
  std::vector<Seat> seats_{};
  std::unique_ptr<WorkerPool> pool_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CI_FUZZ_POOL_H_
