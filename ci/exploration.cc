#include "ci/exploration.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/chunk.h"
#include "ci/schedule.h"
#include "ci/sentences.h"
#include "ci/worker_pool.h"
#include "scenarios/explore/distinct.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often progress is offered and signals are looked at.
constexpr milliseconds kTick{100};
// How long a chunk that is under way may go on after the end or an interrupt.
constexpr double kGraceSeconds = 2.0;
// Hashes kept for all units together; a unit of its own gets the full million.
constexpr std::size_t kHashesKept = std::size_t{8} << 20;

std::size_t CounterCapacity(std::size_t units) {
  return std::clamp(kHashesKept / std::max<std::size_t>(units, 1), std::size_t{1} << 14,
                    DistinctCounter::kDefaultCapacity);
}

// The part of a time limit that is for exploring: the rest is for chunks under
// way to end and for the summary.
constexpr double kLimitShare = 0.95;

double Seconds(steady_clock::duration time) { return duration<double>(time).count(); }

// How long to explore, in seconds; nullopt if nothing limits it.
std::optional<double> TimeToExplore(const ExplorationOptions& options) {
  std::optional<double> seconds;
  if (options.budget) seconds = Seconds(*options.budget);
  if (options.time_limit) {
    const double limit = Seconds(*options.time_limit) * kLimitShare;
    seconds = seconds ? std::min(*seconds, limit) : limit;
  }
  return seconds;
}

std::vector<bool> Serial(const std::vector<Unit>& units, bool all) {
  std::vector<bool> serial;
  for (const Unit& unit : units) serial.push_back(all || unit.enumerates);
  return serial;
}

class Exploration {
 public:
  Exploration(const std::vector<Unit>& units, const ExplorationOptions& options,
              const ExplorationHooks& hooks)
      : units_(units),
        options_(options),
        hooks_(hooks),
        time_(TimeToExplore(options)),
        schedule_({.units = units.size(),
                   .jobs = options.jobs,
                   .seed = options.seed,
                   .seconds = TimeToExplore(options),
                   .executions = options.executions,
                   .serial = Serial(units, options.serial)}),
        from_(units.size()),
        counters_(units.size(), DistinctCounter(CounterCapacity(units.size()))) {
    result_.units.resize(units.size());
  }

  absl::StatusOr<ExplorationResult> Run(WorkerPool& pool) {
    start_ = steady_clock::now();
    while (!Over(pool)) {
      absl::Status status = HandOut(pool);
      if (!status.ok()) return status;
      if (pool.busy_count() == 0) break;
      absl::StatusOr<std::vector<WorkerReport>> reports = pool.Wait(WaitTime());
      if (!reports.ok()) return reports.status();
      for (const WorkerReport& report : *reports) {
        status = Take(pool, report);
        if (!status.ok()) return status;
      }
      hooks_.progress(Progress());
    }
    result_.seconds = Elapsed();
    for (std::size_t i = 0; i < counters_.size(); ++i) {
      result_.units[i].distinct = counters_[i].count();
      result_.units[i].distinct_exact = counters_[i].exact();
    }
    return std::move(result_);
  }

 private:
  double Elapsed() const { return Seconds(steady_clock::now() - start_); }

  std::optional<double> BudgetLeft() const {
    if (!time_) return std::nullopt;
    return *time_ - Elapsed();
  }

  milliseconds WaitTime() const {
    if (!options_.time_limit) return kTick;
    const double left = Seconds(*options_.time_limit) - Elapsed();
    return std::clamp(milliseconds(static_cast<int64_t>(left * 1000) + 1), milliseconds(0), kTick);
  }

  // Whether to return now, chunks under way or not.
  bool Over(const WorkerPool& pool) {
    if (options_.time_limit && Elapsed() >= Seconds(*options_.time_limit)) {
      result_.time_limit_hit = true;
      return true;
    }
    if (hooks_.interrupted() && !result_.interrupted) {
      result_.interrupted = true;
      End();
    }
    if (abandon_) return true;
    const std::optional<double> left = BudgetLeft();
    if (left && *left <= 0) {
      result_.time_limit_hit = !options_.budget || *time_ < Seconds(*options_.budget);
      End();
    }
    if (!ended_at_) return false;
    return pool.busy_count() == 0 || Elapsed() > *ended_at_ + kGraceSeconds;
  }

  void End() {
    if (!ended_at_) ended_at_ = Elapsed();
  }

  absl::Status HandOut(WorkerPool& pool) {
    if (ended_at_) return absl::OkStatus();
    for (int worker = 0; worker < pool.size(); ++worker) {
      if (pool.busy(worker)) continue;
      std::optional<ChunkRequest> request = schedule_.Next(worker, BudgetLeft());
      if (!request) continue;
      request->from = from_[request->unit];
      absl::Status status = pool.Send(worker, FormatChunkRequest(*request));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void InternalError(const ChunkRequest& chunk, absl::string_view message) {
    result_.internal_errors.push_back(absl::StrCat(UnitName(units_[chunk.unit]), ", seed ",
                                                   chunk.seed, ", executions ", chunk.first, " to ",
                                                   chunk.first + chunk.count - 1, ": ", message));
    // What has gone wrong once would go wrong until the end.
    schedule_.Close(chunk.unit);
  }

  absl::Status Take(WorkerPool& pool, const WorkerReport& report) {
    const ChunkRequest chunk = schedule_.running(report.worker);
    if (report.kind != WorkerReport::Kind::kAnswer) {
      schedule_.Lost(report.worker);
      InternalError(chunk, absl::StrCat("the worker process ", report.text));
      return absl::OkStatus();
    }
    absl::StatusOr<ChunkResult> result = ParseChunkResult(report.text);
    if (!result.ok()) return result.status();
    const double seconds = static_cast<double>(result->nanoseconds) * 1e-9;
    schedule_.Done(report.worker, result->executions, seconds);
    const bool retire = result->retire;
    TakeResult(chunk, seconds, *std::move(result));
    return retire && !abandon_ ? pool.Replace(report.worker) : absl::OkStatus();
  }

  void TakeResult(const ChunkRequest& chunk, double seconds, ChunkResult result) {
    UnitResult& unit = result_.units[chunk.unit];
    unit.executions += result.executions;
    unit.steps += result.steps;
    unit.choices += result.choices;
    unit.cut += result.cut;
    unit.seconds += seconds;
    executions_ += result.executions;
    if (!result.bound.empty()) unit.bound = std::move(result.bound);
    for (uint64_t hash : result.interleavings) counters_[chunk.unit].Add(hash);
    if (result.enumerated) TakePlace(chunk.unit, result);
    if (absl::IsInvalidArgument(result.status)) return BadInput(chunk, result.status);
    if (!result.status.ok()) {
      const auto message = result.status.message();
      InternalError(chunk, absl::string_view(message.data(), message.size()));
    } else if (result.finding) {
      TakeFinding(chunk.unit, *std::move(result.finding));
    } else if (unit.choices == 0 && unit.executions != 0) {
      // Then all executions are the same one, and more of it would prove nothing.
      BadInput(chunk, absl::InvalidArgumentError(
                          "nothing to race: no decision had more than one option; give it a "
                          "second thread that touches the same guest frames"));
    }
  }

  void TakePlace(std::size_t index, ChunkResult& result) {
    UnitResult& unit = result_.units[index];
    unit.done = result.done;
    from_[index] = std::move(result.next);
    if (result.claim.empty()) return;
    schedule_.Close(index);
    // What fairness withheld was not run, and a violation ends the search.
    if (unit.cut == 0 && !result.finding && result.status.ok()) {
      unit.claim = std::move(result.claim);
    }
  }

  void BadInput(const ChunkRequest& chunk, const absl::Status& status) {
    const auto message = status.message();
    if (result_.input.ok()) {
      result_.input = absl::InvalidArgumentError(absl::StrCat(
          UnitName(units_[chunk.unit]), ": ", absl::string_view(message.data(), message.size())));
    }
    abandon_ = true;
  }

  void TakeFinding(std::size_t index, Finding finding) {
    UnitResult& unit = result_.units[index];
    schedule_.Close(index);
    // A second worker may have been on the same unit.
    const bool first_of_unit = !unit.violated;
    unit.violated = true;
    if (options_.stop_at_first) abandon_ = true;
    const std::string name = ClassOf(finding);
    const auto known =
        std::find_if(result_.found.begin(), result_.found.end(),
                     [&](const FoundClass& found) { return ClassOf(found.finding) == name; });
    if (known != result_.found.end()) {
      known->units += first_of_unit ? 1 : 0;
      return;
    }
    if (options_.stop_at_first && !result_.found.empty()) return;
    hooks_.found(finding);
    result_.found.push_back({std::move(finding), 1});
  }

  ExplorationProgress Progress() const {
    ExplorationProgress progress;
    progress.executions = executions_;
    progress.violations = result_.found.size();
    progress.seconds = Elapsed();
    progress.seconds_left = BudgetLeft();
    if (progress.seconds_left) progress.seconds_left = std::max(*progress.seconds_left, 0.0);
    return progress;
  }

  const std::vector<Unit>& units_;
  const ExplorationOptions& options_;
  const ExplorationHooks& hooks_;
  std::optional<double> time_;  // to explore, in seconds
  Schedule schedule_;
  std::vector<std::string> from_;  // by unit: where an enumeration goes on
  std::vector<DistinctCounter> counters_;
  ExplorationResult result_{};
  steady_clock::time_point start_{};
  std::optional<double> ended_at_{};  // no more is handed out since then
  bool abandon_ = false;              // what is under way is not waited for
  uint64_t executions_ = 0;
};

}  // namespace

std::string ProgressText(const ExplorationProgress& progress) {
  const double rate = static_cast<double>(progress.executions) / std::max(progress.seconds, 0.001);
  std::string text = absl::StrCat(
      Count(progress.executions, "execution"), ", ",
      Grouped(static_cast<uint64_t>(std::llround(rate))), "/s, ",
      progress.violations == 0 ? "no violation" : Count(progress.violations, "violation"));
  if (progress.seconds_left) {
    absl::StrAppend(&text, ", ", std::llround(std::ceil(*progress.seconds_left)), " s left");
  }
  return text;
}

absl::StatusOr<ExplorationResult> Explore(const std::vector<Unit>& units,
                                          const ExplorationOptions& options,
                                          const ExplorerFactory& factory,
                                          const ExplorationHooks& hooks) {
  // Made here, copied into each worker by the fork.
  const auto runner = std::make_shared<ChunkRunner>(&units, factory, options.style, options.pages);
  absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(
      options.jobs, [runner](absl::string_view message) { return runner->Handle(message); },
      options.chunk_limit);
  if (!pool.ok()) return pool.status();
  return Exploration(units, options, hooks).Run(**pool);
}

}  // namespace racewalk
