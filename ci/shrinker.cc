#include "ci/shrinker.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/shrink_task.h"
#include "ci/worker_pool.h"
#include "scenarios/explore/smaller_scenarios.h"
#include "scenarios/hash.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kShrinkTick{100};
// Parts of ShrinkOptions::executions: most smaller scenarios show the goal soon
// or never, so that all are tried a little before any is tried for long.
constexpr std::array<uint64_t, 3> kRungs = {16, 4, 1};
// How often a simpler schedule is looked for by chance.
constexpr int kSamples = 8;

// The rota for a scenario that has lost threads; those that are left are known by name.
Rota Adapted(const Rota& rota, const Scenario& from, const Scenario& to) {
  constexpr uint32_t kGone = ~uint32_t{0};
  std::vector<uint32_t> place;
  for (const ScenarioThread& thread : from.threads) {
    const auto found =
        std::find_if(to.threads.begin(), to.threads.end(),
                     [&](const ScenarioThread& other) { return other.name == thread.name; });
    place.push_back(found == to.threads.end() ? kGone
                                              : static_cast<uint32_t>(found - to.threads.begin()));
  }
  place.push_back(static_cast<uint32_t>(to.threads.size()));  // the RCU thread
  Rota adapted;
  for (const Turn& turn : rota.turns) {
    const uint32_t thread = turn.thread < place.size() ? place[turn.thread] : kGone;
    if (thread != kGone) adapted.turns.push_back({thread, turn.steps});
  }
  for (std::size_t i = 0; i < place.size() && i < rota.choices.size(); ++i) {
    if (place[i] != kGone) adapted.choices[place[i]] = rota.choices[i];
  }
  MergeTurns(adapted);
  return adapted;
}

ShrinkNumbers NumbersOf(const Scenario& scenario, const RotaCost& cost) {
  return {.threads = scenario.threads.size(),
          .operations = SizeOf(scenario).operations,
          .frames = scenario.frames,
          .preemptions = cost.preemptions,
          .steps = cost.steps};
}

// "stale-translation (T4) with table_publish weakened, shrunk from fault_vs_unmap".
std::string Summary(const Target& original, const ShrinkGoal& goal) {
  std::string text = Name(goal.kind);
  if (!goal.invariant.empty()) absl::StrAppend(&text, " (", goal.invariant, ")");
  std::vector<std::string> with;
  if (!original.weaken.empty()) {
    with.push_back(absl::StrCat("--weaken=", absl::StrJoin(original.weaken, ",")));
  }
  if (!original.bug.empty()) with.push_back(absl::StrCat("--bug=", original.bug));
  if (!with.empty()) absl::StrAppend(&text, " with ", absl::StrJoin(with, " "));
  const std::string& name = original.subject.scenario.name;
  return name.empty() ? text : absl::StrCat(text, ", shrunk from ", name);
}

class Shrinker {
 public:
  Shrinker(const Recorded& recorded, const ShrinkOptions& options, const ExplorerFactory& factory,
           const ShrinkHooks& hooks)
      : original_(recorded.target),
        options_(options),
        hooks_(hooks),
        worker_(std::make_shared<ShrinkWorker>(recorded, factory, options.style)) {}

  absl::StatusOr<ShrinkResult> Run() {
    start_ = steady_clock::now();
    absl::Status status = Begin();
    if (status.ok()) status = ShrinkAll();
    if (!status.ok()) return status;
    // What is still under way is not waited for.
    status = StartWorkers(1);
    if (status.ok()) status = Tell();
    if (!status.ok()) return status;
    result_.seconds = Elapsed();
    return std::move(result_);
  }

 private:
  double Elapsed() const { return duration<double>(steady_clock::now() - start_).count(); }
  double TimeLeft() const { return duration<double>(*options_.time).count() - Elapsed(); }

  bool Over() {
    if (hooks_.interrupted()) result_.interrupted = true;
    if (options_.time && TimeLeft() <= 0) result_.time_ended = true;
    return result_.interrupted || result_.time_ended;
  }

  void ShowProgress() {
    ShrinkProgress progress{.now = NumbersOf(scenario_, witness_.cost),
                            .executions = result_.executions,
                            .seconds = Elapsed()};
    if (options_.time) progress.seconds_left = std::max(TimeLeft(), 0.0);
    hooks_.progress(progress);
  }

  absl::Status StartWorkers(int jobs) {
    const std::shared_ptr<ShrinkWorker> worker = worker_;
    pool_.reset();
    absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(
        jobs, [worker](absl::string_view message) { return worker->Handle(message); },
        options_.task_limit);
    if (!pool.ok()) return pool.status();
    pool_ = *std::move(pool);
    tasks_.assign(static_cast<std::size_t>(jobs), 0);
    return absl::OkStatus();
  }

  ShrinkRequest Request(ShrinkRequest::Kind kind) const {
    return {.kind = kind,
            .scenario = PrintExplicit(scenario_),
            .goal = goal_,
            .witness = witness_,
            .executions = options_.executions,
            .seed = options_.seed};
  }

  // The answers to tasks from `first` on go to `take`, with the task's number;
  // one that was lost is no witness.
  template <typename TakeAnswer>
  absl::Status Wait(uint64_t first, const TakeAnswer& take) {
    milliseconds wait = kShrinkTick;
    if (options_.time) {
      wait = std::clamp(milliseconds(static_cast<int64_t>(TimeLeft() * 1000) + 1), milliseconds(1),
                        kShrinkTick);
    }
    absl::StatusOr<std::vector<WorkerReport>> reports = pool_->Wait(wait);
    if (!reports.ok()) return reports.status();
    for (const WorkerReport& report : *reports) {
      ShrinkAnswer answer;
      if (report.kind == WorkerReport::Kind::kAnswer) {
        absl::StatusOr<ShrinkAnswer> parsed = ParseShrinkAnswer(report.text);
        if (!parsed.ok()) return parsed.status();
        answer = *std::move(parsed);
      } else {
        ++result_.lost;
        answer.status = absl::UnavailableError(absl::StrCat("the worker process ", report.text));
      }
      if (answer.retire) {
        absl::Status status = pool_->Replace(report.worker);
        if (!status.ok()) return status;
      }
      const uint64_t task = tasks_[static_cast<std::size_t>(report.worker)];
      if (task < first) continue;
      result_.executions += answer.executions;
      take(task, std::move(answer));
    }
    ShowProgress();
    return absl::OkStatus();
  }

  // False if no worker is idle.
  bool Send(const ShrinkRequest& request, absl::Status& status) {
    for (int worker = 0; worker < pool_->size(); ++worker) {
      if (pool_->busy(worker)) continue;
      tasks_[static_cast<std::size_t>(worker)] = next_task_++;
      status = pool_->Send(worker, FormatShrinkRequest(request));
      return true;
    }
    return false;
  }

  // One task, answered; nullopt if the end came first. `must`: there is no end.
  absl::StatusOr<std::optional<ShrinkAnswer>> Ask(const ShrinkRequest& request, bool must = false) {
    std::optional<ShrinkAnswer> answered;
    std::optional<uint64_t> task;
    absl::Status status;
    while (!answered && (must || !Over())) {
      if (!task && Send(request, status)) task = next_task_ - 1;
      if (!status.ok()) return status;
      status = Wait(task.value_or(next_task_),
                    [&](uint64_t /*task*/, ShrinkAnswer answer) { answered = std::move(answer); });
      if (!status.ok()) return status;
    }
    return answered;
  }

  // Runs the original execution and takes the goal from it.
  absl::Status Begin() {
    absl::Status status = StartWorkers(std::max(options_.jobs, 1));
    if (!status.ok()) return status;
    scenario_ = original_.subject.scenario;
    const auto answer = Ask({.kind = ShrinkRequest::Kind::kOriginal}, /*must=*/true);
    if (!answer.ok()) return answer.status();
    if (absl::IsUnavailable((*answer)->status)) {
      return absl::InternalError((*answer)->status.message());
    }
    if (!(*answer)->status.ok()) return (*answer)->status;
    if (!(*answer)->finding) {
      return absl::InvalidArgumentError(
          "this execution is clean, there is nothing to shrink; give the token or trace of a "
          "violation, which racewalk check prints");
    }
    result_.original = *(*answer)->finding;
    goal_ = {.kind = result_.original.kind, .invariant = result_.original.invariant};
    witness_ = *(*answer)->witness;
    result_.before = NumbersOf(scenario_, witness_.cost);
    const Subject& subject = original_.subject;
    scenario_ = Narrowed(scenario_, subject.mmu, subject.variant);
    return absl::OkStatus();
  }

  absl::Status ShrinkAll() {
    // A plain schedule is followed more easily in another scenario.
    absl::Status status = SimplifyFully();
    bool scheduled = false;
    for (std::size_t rung = 0; rung < kRungs.size() && status.ok() && !Over();) {
      // The last rung takes most of the time, and mostly finds nothing.
      if (rung + 1 == kRungs.size() && !scheduled) {
        status = ShrinkSchedule();
        scheduled = true;
        continue;
      }
      const uint64_t executions = std::max<uint64_t>(options_.executions / kRungs[rung], 1);
      absl::StatusOr<bool> smaller = TrySmaller(executions);
      if (!smaller.ok()) return smaller.status();
      if (*smaller) scheduled = false;
      rung = *smaller ? 0 : rung + 1;
    }
    return status;
  }

  // Takes the first smaller scenario that shows the goal; false if none does.
  absl::StatusOr<bool> TrySmaller(uint64_t executions) {
    std::vector<Scenario> candidates = SmallerScenarios(scenario_);
    std::erase_if(candidates, [&](const Scenario& candidate) {
      const auto known = tried_.find(PrintExplicit(candidate));
      return known != tried_.end() && known->second >= executions;
    });
    const uint64_t first = next_task_;
    std::size_t sent = 0;
    std::size_t best = candidates.size();  // all below it have failed or are under way
    std::optional<Witness> witness;
    std::vector<bool> failed(candidates.size(), false);
    const auto settled = [&] {
      for (std::size_t i = 0; i < best; ++i) {
        if (!failed[i]) return false;
      }
      return true;
    };
    const auto take = [&](uint64_t task, ShrinkAnswer answer) {
      const std::size_t index = task - first;
      failed[index] = !answer.witness;
      if (!answer.witness || index > best) return;
      best = index;
      witness = std::move(answer.witness);
    };
    while (!settled() && !Over()) {
      absl::Status status;
      while (sent < best && status.ok()) {
        ShrinkRequest request = Request(ShrinkRequest::Kind::kCandidate);
        request.scenario = PrintExplicit(candidates[sent]);
        request.executions = executions;
        request.seed = options_.seed ^ ScenarioHash(candidates[sent]);
        request.witness.rota = Adapted(witness_.rota, scenario_, candidates[sent]);
        if (!Send(request, status)) break;
        ++sent;
      }
      if (status.ok()) status = Wait(first, take);
      if (!status.ok()) return status;
    }
    // Only what one worker would have tried as well: the number of jobs must
    // not decide what is tried again.
    const std::size_t looked_at = std::min(best, candidates.size());
    for (std::size_t i = 0; i < looked_at; ++i) {
      if (!failed[i]) continue;
      tried_[PrintExplicit(candidates[i])] = executions;
      ++result_.scenarios;
    }
    result_.scenarios += witness ? 1 : 0;
    if (!witness) return false;
    scenario_ = std::move(candidates[best]);
    witness_ = *std::move(witness);
    return true;
  }

  // Keeps the answer's witness if it is simpler; says whether it was.
  absl::StatusOr<bool> Improve(const ShrinkRequest& request) {
    absl::StatusOr<std::optional<ShrinkAnswer>> answer = Ask(request);
    if (!answer.ok()) return answer.status();
    if (!*answer || !(*answer)->witness || (*answer)->witness->cost >= witness_.cost) return false;
    witness_ = *std::move((*answer)->witness);
    return true;
  }

  absl::Status SimplifyFully() {
    for (;;) {
      const absl::StatusOr<bool> better = Improve(Request(ShrinkRequest::Kind::kSimplify));
      if (!better.ok()) return better.status();
      if (!*better) return absl::OkStatus();
    }
  }

  absl::Status ShrinkSchedule() {
    absl::Status status = SimplifyFully();
    for (uint64_t bound = 0; bound < witness_.cost.preemptions && status.ok(); ++bound) {
      ShrinkRequest request = Request(ShrinkRequest::Kind::kBounded);
      request.bound = bound;
      const absl::StatusOr<bool> better = Improve(request);
      if (!better.ok()) return better.status();
      if (*better) status = SimplifyFully();
    }
    for (int sample = 0; sample < kSamples && status.ok(); ++sample) {
      ShrinkRequest request = Request(ShrinkRequest::Kind::kSample);
      request.seed = options_.seed + static_cast<uint64_t>(sample);
      const absl::StatusOr<bool> better = Improve(request);
      if (!better.ok()) return better.status();
      if (*better) status = SimplifyFully();
    }
    return status;
  }

  absl::Status Tell() {
    scenario_ = WithPlainNames(scenario_);
    const auto answer = Ask(Request(ShrinkRequest::Kind::kTell), /*must=*/true);
    if (!answer.ok()) return answer.status();
    if (absl::IsUnavailable((*answer)->status)) {
      return absl::InternalError((*answer)->status.message());
    }
    if (!(*answer)->status.ok()) return (*answer)->status;
    witness_ = *(*answer)->witness;
    result_.finding = *(*answer)->finding;
    result_.after = NumbersOf(scenario_, witness_.cost);
    result_.target = original_;
    result_.target.subject.scenario = scenario_;
    Scenario told = scenario_;
    told.summary = Summary(original_, goal_);
    result_.scenario = PrintScenario(told);
    return absl::OkStatus();
  }

  const Target& original_;
  const ShrinkOptions& options_;
  const ShrinkHooks& hooks_;
  std::shared_ptr<ShrinkWorker> worker_;  // copied into each process by the fork
  std::unique_ptr<WorkerPool> pool_{};
  std::vector<uint64_t> tasks_{};  // by worker: the number of its last task
  uint64_t next_task_ = 0;
  ShrinkGoal goal_{};
  Scenario scenario_{};  // the smallest so far
  Witness witness_{};    // of it
  // Texts of scenarios that do not show the goal, and in how many executions.
  std::map<std::string, uint64_t> tried_{};
  ShrinkResult result_{};
  steady_clock::time_point start_{};
};

}  // namespace

absl::StatusOr<ShrinkResult> Shrink(const Recorded& recorded, const ShrinkOptions& options,
                                    const ExplorerFactory& factory, const ShrinkHooks& hooks) {
  return Shrinker(recorded, options, factory, hooks).Run();
}

absl::StatusOr<ShrinkResult> Shrink(const Finding& finding, const ShrinkOptions& options,
                                    const ExplorerFactory& factory, const ShrinkHooks& hooks) {
  absl::StatusOr<Recorded> recorded = RecordedIn(finding.trace, "the recorded trace");
  if (!recorded.ok()) return recorded.status();
  return Shrink(*recorded, options, factory, hooks);
}

}  // namespace racewalk
