#include "ci/fuzz_pool.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/worker_pool.h"

namespace racewalk {
namespace {

// How often progress is offered and signals are looked at.
constexpr std::chrono::milliseconds kFuzzTick{100};
// How long a task that is under way may go on after the end.
constexpr std::chrono::seconds kFuzzGrace{2};

}  // namespace

absl::StatusOr<std::unique_ptr<FuzzPool>> FuzzPool::Start(const FuzzContext& context,
                                                          const FuzzPoolOptions& options,
                                                          FuzzPoolHooks hooks) {
  const auto jobs = static_cast<std::size_t>(options.jobs);
  absl::StatusOr<SharedArray<InputSlot>> slots = SharedArray<InputSlot>::Make(jobs);
  if (!slots.ok()) return slots.status();
  std::unique_ptr<FuzzPool> made(new FuzzPool(std::move(hooks), *std::move(slots)));
  made->seats_.resize(jobs);
  // Made here, copied into each worker by the fork.
  const auto worker = std::make_shared<FuzzWorker>(context, made->slots_);
  absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(
      // What throws, for want of memory, ends its process and not what called us.
      options.jobs,
      [worker](absl::string_view message) noexcept { return worker->Handle(message); },
      options.task_limit);
  if (!pool.ok()) return pool.status();
  made->pool_ = *std::move(pool);
  return made;
}

bool FuzzPool::Waits(std::size_t end) const {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (pool_->busy(static_cast<int>(i)) && seats_[i].task < end) return true;
  }
  return false;
}

absl::Status FuzzPool::HandOut(std::vector<FuzzRequest>& tasks, const Corpus& corpus,
                               std::size_t end, std::size_t& next) {
  for (std::size_t i = 0; i < seats_.size() && next < end; ++i) {
    const int worker = static_cast<int>(i);
    if (pool_->busy(worker)) continue;
    FuzzRequest& request = tasks[next];
    request.worker = i;
    if (request.kind == FuzzRequest::Kind::kChunk) {
      const std::vector<CorpusEntry>& all = corpus.entries();
      request.entries.assign(all.begin() + static_cast<std::ptrdiff_t>(seats_[i].known), all.end());
      request.corpus = seats_[i].known = all.size();
    }
    seats_[i].task = next++;
    slots_[i].Clear();
    absl::Status status = pool_->Send(worker, FormatFuzzRequest(request));
    if (!status.ok()) return status;
    request.entries.clear();
  }
  return absl::OkStatus();
}

absl::Status FuzzPool::Take(const WorkerReport& report, FuzzAnswers& answers, std::size_t& end,
                            bool stop_at_found) {
  const auto place = static_cast<std::size_t>(report.worker);
  const std::size_t task = seats_[place].task;
  if (report.kind != WorkerReport::Kind::kAnswer) {
    seats_[place].known = 0;
    hooks_.lost(
        {.how = absl::StrCat("the worker process ", report.text), .input = slots_[place].Text()});
    return absl::OkStatus();
  }
  absl::StatusOr<FuzzAnswer> answer = ParseFuzzAnswer(report.text);
  if (!answer.ok()) return answer.status();
  if (answer->retire) {
    seats_[place].known = 0;
    absl::Status status = pool_->Replace(report.worker);
    if (!status.ok()) return status;
  }
  // Which one it is must not depend on who is quicker.
  if (stop_at_found && answer->violations != 0 && task < end) end = task + 1;
  answers.tasks[task] = *std::move(answer);
  return absl::OkStatus();
}

absl::StatusOr<FuzzAnswers> FuzzPool::Run(std::vector<FuzzRequest> tasks, const Corpus& corpus,
                                          bool stop_at_found) {
  FuzzAnswers answers;
  answers.tasks.resize(tasks.size());
  std::size_t next = 0;
  std::size_t end = tasks.size();  // no task from here on is of interest
  std::optional<std::chrono::steady_clock::time_point> given_up;
  while (next < end || Waits(end)) {
    const auto now = std::chrono::steady_clock::now();
    if (!given_up && hooks_.over()) given_up = now + kFuzzGrace;
    if (given_up && (now >= *given_up || !Waits(end))) {
      answers.over = true;
      break;
    }
    absl::Status status;
    if (!given_up) status = HandOut(tasks, corpus, end, next);
    if (!status.ok()) return status;
    absl::StatusOr<std::vector<WorkerReport>> reports = pool_->Wait(kFuzzTick);
    if (!reports.ok()) return reports.status();
    for (const WorkerReport& report : *reports) {
      status = Take(report, answers, end, stop_at_found);
      if (!status.ok()) return status;
    }
    uint64_t executions = 0;
    for (const auto& answer : answers.tasks) executions += answer ? answer->executions : 0;
    hooks_.progress(executions);
  }
  answers.found = end < tasks.size() || (end != 0 && stop_at_found && answers.tasks[end - 1] &&
                                         answers.tasks[end - 1]->violations != 0);
  answers.tasks.resize(end);
  return answers;
}

}  // namespace racewalk
