#include "ci/stress_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
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
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/caught_text.h"
#include "ci/guest_frames.h"
#include "ci/round_events.h"
#include "ci/sentences.h"
#include "ci/stress_finding.h"
#include "ci/stress_worker.h"
#include "ci/symbolizer.h"
#include "ci/worker_pool.h"
#include "sanitizers/plan_round.h"
#include "sanitizers/round_record.h"
#include "scenarios/printer.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// How often progress is offered, signals are looked at and threads are counted as moving.
constexpr milliseconds kTick{100};
// The share of a library's row must still be worth a message.
constexpr nanoseconds kLeastBatch{2'000'000};
// Threads of a stuck round that did something in this last part of its time
// do not wait for each other.
constexpr double kMovingShare = 0.5;

// Events that are told of a round, and a few older ones.
constexpr std::size_t kEventsTold = 40;
// LeakSanitizer, where it cannot work.
constexpr absl::string_view kNoLeakCheck = "LeakSanitizer has encountered a fatal error";
// A report has its essence at its beginning.
constexpr std::size_t kTextBytes = 64 * 1024;

double Seconds(steady_clock::duration time) { return duration<double>(time).count(); }

class StressRun {
 public:
  StressRun(StressShared& shared, const StressHooks& hooks)
      : shared_(shared), options_(shared.options), hooks_(hooks) {
    result_.rows.resize(shared.targets.size());
    watched_.resize(static_cast<std::size_t>(options_.jobs));
    ShuffleRows();
  }

  absl::StatusOr<StressResult> Run(const RoundRunner& runner) {
    auto pool = WorkerPool::Start(
        options_.jobs,
        [this, &runner](absl::string_view message) { return RunBatch(shared_, runner, message); },
        std::chrono::duration_cast<milliseconds>(options_.batch) + options_.stuck);
    if (!pool.ok()) return pool.status();
    for (;;) {
      if (hooks_.interrupted()) {
        result_.interrupted = true;
        break;
      }
      absl::Status status = Feed(**pool);
      if (!status.ok()) return status;
      if ((*pool)->busy_count() == 0) break;
      absl::StatusOr<std::vector<WorkerReport>> reports = (*pool)->Wait(kTick);
      if (!reports.ok()) return reports.status();
      now_ = (*pool)->counted();
      for (const WorkerReport& report : *reports) {
        Note(report);
        status = RenewIfFull(**pool, report);
        if (!status.ok()) return status;
      }
      for (std::size_t i = 0; i < watched_.size(); ++i) Watch(i);
      ShowProgress();
    }
    CountRounds();
    result_.seconds = Elapsed();
    return std::move(result_);
  }

 private:
  // What is known of a worker's message under way.
  struct Watched {
    StressBatch batch{};
    steady_clock::time_point since{};
    uint64_t events = 0;             // of the round under way, when it was looked at last
    steady_clock::duration moved{};  // as now_
  };

  double Elapsed() const { return Seconds(steady_clock::now() - start_); }

  // By the seed, so that a short run of the library sees other rows each time.
  // All scenarios on all their MMUs have a turn before any has a second one.
  void ShuffleRows() {
    Rng rng(options_.seed);
    for (std::size_t i = 0; i < shared_.targets.size(); ++i) order_.push_back(i);
    for (std::size_t left = order_.size(); left > 1; --left) {
      std::swap(order_[left - 1], order_[rng.Below(static_cast<uint32_t>(left))]);
    }
    std::map<std::pair<std::string, std::string>, std::size_t> seen;
    std::vector<std::vector<std::size_t>> turns;
    for (const std::size_t row : order_) {
      const Subject& subject = shared_.targets[row].subject;
      const std::size_t turn = seen[{ScenarioLabel(subject.scenario), subject.mmu}]++;
      turns.resize(std::max(turns.size(), turn + 1));
      turns[turn].push_back(row);
    }
    order_.clear();
    for (const auto& turn : turns) order_.insert(order_.end(), turn.begin(), turn.end());
  }

  bool TimeOver() const {
    return options_.budget && steady_clock::now() - start_ >= *options_.budget;
  }

  nanoseconds BatchTime() const {
    if (!options_.budget) return options_.batch;
    const nanoseconds share =
        *options_.budget * options_.jobs / static_cast<int64_t>(order_.size());
    return std::clamp(share, std::min(kLeastBatch, options_.batch), options_.batch);
  }

  // The next row that has rounds left, in turn.
  std::optional<std::size_t> NextRow() {
    if (TimeOver() || !result_.input.ok()) return std::nullopt;
    for (std::size_t tried = 0; tried < order_.size(); ++tried) {
      const std::size_t row = order_[turn_++ % order_.size()];
      if (!options_.rounds || shared_.begun[row] < *options_.rounds) return row;
    }
    return std::nullopt;
  }

  absl::Status Feed(WorkerPool& pool) {
    for (int i = 0; i < pool.size(); ++i) {
      if (pool.busy(i)) continue;
      const std::optional<std::size_t> row = NextRow();
      if (!row) return absl::OkStatus();
      Watched& watched = watched_[static_cast<std::size_t>(i)];
      watched.batch = {.worker = static_cast<uint64_t>(i),
                       .row = *row,
                       .time_ns = static_cast<uint64_t>(BatchTime().count())};
      watched.since = steady_clock::now();
      watched.moved = now_;
      watched.events = 0;
      shared_.records[static_cast<std::size_t>(i)].Clear();
      absl::Status status = pool.Send(i, WriteBatch(watched.batch));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Note(const WorkerReport& report) {
    const auto worker = static_cast<std::size_t>(report.worker);
    const Watched& watched = watched_[worker];
    const RoundRecord& record = shared_.records[worker];
    const std::string text = shared_.texts[worker].Take(kTextBytes);
    result_.rows[watched.batch.row].seconds += Seconds(steady_clock::now() - watched.since);
    const uint32_t races = std::min(record.races.load(), RoundRecord::kRaces);
    LearnPlaces(record, races);
    for (uint32_t i = 0; i < races; ++i) {
      const RaceReport& race = record.race[i];
      Found(FindingOfRace(race, symbolizer_), race.row, race.round, nullptr);
    }
    const uint64_t lost = record.races.load() - races;
    result_.rows[watched.batch.row].found += lost;
    result_.untold += lost;
    if (report.kind == WorkerReport::Kind::kAnswer) {
      if (!report.text.empty()) result_.input.Update(absl::InvalidArgumentError(report.text));
      return;
    }
    const RoundRecord* const seen = &record;
    if (record.violated == 2) {
      const absl::StatusOr<RoundPlan> plan = PlanOf(record.row, record.round);
      Found(FindingOfRecord(record, plan.ok() ? GuestFrames(*plan) : GuestFrames()), record.row,
            record.round, seen);
    } else if (report.signal == SIGKILL) {
      Killed(watched.batch.row, record.round,
             "was killed by signal 9 from outside, as the kernel does when memory is short; that "
             "round is passed over. Free memory, raise its limit, or give fewer --threads");
    } else if (absl::StrContains(text, kNoLeakCheck)) {
      Killed(watched.batch.row, record.round,
             "was not allowed to look for leaks, as under a debugger or in a container. Allow "
             "ptrace, or set ASAN_OPTIONS=detect_leaks=0");
    } else if (report.kind == WorkerReport::Kind::kDied) {
      Found(FindingOfDeath(report.text, text, symbolizer_), record.row, record.round, seen);
    } else {
      absl::StatusOr<RoundPlan> plan = PlanOf(record.row, record.round);
      const auto threads =
          plan.ok() ? EventsOf(LoggedThreads(record, plan->scenario)) : std::vector<ThreadEvents>{};
      Found(FindingOfHang(report.text, MotionOf(watched), threads), record.row, record.round, seen);
    }
  }

  Motion MotionOf(const Watched& watched) const {
    if (!options_.events) return Motion::kUnknown;
    const double still = Seconds(now_ - watched.moved);
    return still < kMovingShare * Seconds(options_.stuck) ? Motion::kMoving : Motion::kStill;
  }

  // ThreadSanitizer reports equal stacks once in a process: what there was no
  // room for shows again only in another one.
  absl::Status RenewIfFull(WorkerPool& pool, const WorkerReport& report) {
    const RoundRecord& record = shared_.records[static_cast<std::size_t>(report.worker)];
    if (report.kind != WorkerReport::Kind::kAnswer || record.races <= RoundRecord::kRaces) {
      return absl::OkStatus();
    }
    return pool.Replace(report.worker);
  }

  // By this machine, not by what it ran; the first one is told.
  void Killed(uint64_t row, uint64_t round, absl::string_view why) {
    if (result_.killed++ != 0) return;
    const std::string label = ScenarioLabel(shared_.targets[row].subject.scenario);
    hooks_.trouble(absl::StrCat("the process of round ", round, " of ", label, " ", why));
  }

  // All at once: each question takes long.
  void LearnPlaces(const RoundRecord& record, uint32_t races) {
    std::vector<uint64_t> offsets;
    for (uint32_t i = 0; i < races; ++i) {
      for (const RaceSide& side : record.race[i].sides) {
        offsets.insert(offsets.end(), side.stack.begin(), side.stack.end());
      }
    }
    symbolizer_.Learn(offsets);
  }

  absl::StatusOr<RoundPlan> PlanOf(uint64_t row, uint64_t round) const {
    const Subject& subject = shared_.targets[row].subject;
    return PlanRound(subject.scenario, subject.mmu, subject.variant, options_.seed, round,
                     options_.limits);
  }

  // `record` is null if its logs are of another round by now.
  void Found(StressFinding finding, uint64_t row, uint64_t round, const RoundRecord* record) {
    if (!symbolizer_.problem().empty() && !std::exchange(told_problem_, true)) {
      hooks_.trouble(symbolizer_.problem());
    }
    ++result_.rows[row].found;
    finding.row = row;
    finding.round = round;
    const auto [known, is_new] =
        classes_.size() < kMostStressFindings
            ? classes_.try_emplace(ClassOf(finding), result_.findings.size())
            : std::pair(classes_.find(ClassOf(finding)), false);
    if (known == classes_.end()) {
      ++result_.untold;
      return;
    }
    if (!is_new) {
      ++result_.findings[known->second].count;
      return;
    }
    absl::StatusOr<RoundPlan> plan = PlanOf(row, round);
    if (plan.ok()) {
      finding.drawn = RoundText(*plan);
      finding.scenario = PrintOneLine(plan->scenario);
      if (record != nullptr) {
        const std::vector<LoggedThread> threads = LoggedThreads(*record, plan->scenario);
        finding.threads = EventsOf(threads);
        finding.events = Timeline(threads, kEventsTold, GuestFrames(*plan));
      }
    }
    result_.findings.push_back(std::move(finding));
    hooks_.found(result_.findings.back());
  }

  void CountRounds() {
    for (std::size_t row = 0; row < result_.rows.size(); ++row) {
      const uint64_t begun = shared_.begun[row];
      // Workers count once more than they may, to see that they may not.
      result_.rows[row].rounds = options_.rounds ? std::min(begun, *options_.rounds) : begun;
    }
  }

  void Watch(std::size_t worker) {
    uint64_t events = shared_.records[worker].round;
    for (const EventLog& log : shared_.records[worker].logs) events += log.written();
    if (events == watched_[worker].events) return;
    watched_[worker].events = events;
    watched_[worker].moved = now_;
  }

  void ShowProgress() {
    CountRounds();
    StressProgress progress{.violations = result_.findings.size(), .seconds = Elapsed()};
    for (const StressRow& row : result_.rows) progress.rounds += row.rounds;
    if (options_.budget) {
      progress.seconds_left = std::max(0.0, Seconds(*options_.budget) - progress.seconds);
    }
    hooks_.progress(progress);
  }

  StressShared& shared_;
  const StressRunOptions& options_;
  const StressHooks& hooks_;
  StressResult result_{};
  std::vector<std::size_t> order_{};
  std::size_t turn_ = 0;
  std::vector<Watched> watched_{};
  steady_clock::duration now_{};  // what the pool has counted: stands still while we are stopped
  Symbolizer symbolizer_{};
  bool told_problem_ = false;
  std::map<std::string, std::size_t> classes_{};
  const steady_clock::time_point start_ = steady_clock::now();
};

}  // namespace

std::string ProgressText(const StressProgress& progress) {
  const double rate = static_cast<double>(progress.rounds) / std::max(progress.seconds, 0.001);
  std::string text = absl::StrCat(
      Count(progress.rounds, "round"), ", ", Grouped(static_cast<uint64_t>(std::llround(rate))),
      "/s, ", progress.violations == 0 ? "no violation" : Count(progress.violations, "violation"));
  if (progress.seconds_left) {
    absl::StrAppend(&text, ", ", std::llround(std::ceil(*progress.seconds_left)), " s left");
  }
  return text;
}

absl::StatusOr<StressResult> RunRounds(const std::vector<Target>& targets,
                                       const StressRunOptions& options, const RoundRunner& runner,
                                       const StressHooks& hooks) {
  const auto jobs = static_cast<std::size_t>(options.jobs);
  auto records = SharedArray<RoundRecord>::Make(jobs);
  if (!records.ok()) return records.status();
  auto begun = SharedArray<std::atomic<uint64_t>>::Make(targets.size());
  if (!begun.ok()) return begun.status();
  StressShared shared{.targets = targets,
                      .options = options,
                      .records = *std::move(records),
                      .begun = *std::move(begun)};
  for (std::size_t i = 0; i < jobs; ++i) {
    absl::StatusOr<CaughtText> text = CaughtText::Make();
    if (!text.ok()) return text.status();
    shared.texts.push_back(*std::move(text));
  }
  return StressRun(shared, hooks).Run(runner);
}

}  // namespace racewalk
