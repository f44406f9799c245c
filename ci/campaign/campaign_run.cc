#include "ci/campaign/campaign_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/campaign/campaign_store.h"
#include "ci/campaign/engine.h"
#include "ci/campaign/memory.h"
#include "ci/campaign/sequence.h"
#include "ci/sentences.h"
#include "ci/wire.h"
#include "ci/worker_pool.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What is done is in the store at most that much later; also how often memory and signals are
// looked at.
constexpr milliseconds kTick{100};
// How long chunks that are under way may go on after the end or an interrupt.
constexpr double kGraceSeconds = 2;
constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kCountedAtOnce = uint64_t{1} << 16;  // positions

double Seconds(steady_clock::duration time) { return duration<double>(time).count(); }

// In a worker; `last` is the engine that ran there before.
std::string Handle(const std::vector<WeightedEngine>& engines, std::size_t& last,
                   absl::string_view message) {
  WireReader reader(message);
  const uint64_t engine = reader.Number();
  if (engine != last) engines[last].engine->Leave();
  last = engine;
  const uint64_t unit = reader.Number();
  const uint64_t number = reader.Number();
  const uint64_t seed = reader.Number();
  return FormatChunkOutcome(engines[engine].engine->Run(unit, number, seed));
}

class CampaignRun {
 public:
  CampaignRun(const std::vector<WeightedEngine>& engines, const CampaignRunOptions& options,
              CampaignStore& store, const CampaignHooks& hooks)
      : engines_(engines),
        options_(options),
        store_(store),
        hooks_(hooks),
        units_(AllUnits(engines)),
        sequence_(Shares(), options.seed),
        running_(static_cast<std::size_t>(options.jobs)) {
    std::size_t first = 0;
    for (const WeightedEngine& engine : engines) {
      first_unit_.push_back(first);
      first += engine.engine->units().size();
    }
    if (options_.chunks) CountLeft();
  }

  CampaignEnd Run() {
    auto pool = WorkerPool::Start(
        options_.jobs,
        [this, last = std::size_t{0}](absl::string_view message) mutable {
          return Handle(engines_, last, message);
        },
        options_.chunk_limit);
    absl::Status status = pool.status();
    if (status.ok()) status = Loop(**pool);
    // What was read from workers since the last commit; not after an error, when nothing is sure.
    if (status.ok()) status = Commit();
    end_.status = status;
    return std::move(end_);
  }

 private:
  struct Running {
    ChunkPosition position{};
    steady_clock::time_point since{};
    uint64_t killed_at = 0;  // bytes of memory for which this process ended it; 0: it did not
  };

  std::vector<EngineShare> Shares() const {
    std::vector<EngineShare> shares;
    for (const WeightedEngine& engine : engines_) {
      shares.push_back(
          {.name = engine.name, .units = engine.engine->units().size(), .weight = engine.weight});
    }
    return shares;
  }

  double Elapsed() const { return Seconds(steady_clock::now() - start_); }
  std::size_t UnitOf(const ChunkPosition& position) const {
    return first_unit_[position.engine] + position.unit;
  }
  bool Mine(const ChunkPosition& position) const {
    return InShard(position.index, options_.shard, options_.shards, options_.seed) &&
           !store_.IsDone(UnitOf(position), position.number);
  }

  void CountLeft() {
    Sequence sequence(Shares(), options_.seed);
    uint64_t left = 0;
    for (uint64_t i = 0; i < *options_.chunks; ++i) {
      // The most that may be asked for takes seconds.
      if (i % kCountedAtOnce == 0 && hooks_.interrupted()) return;
      left += Mine(sequence.Next()) ? 1 : 0;
    }
    end_.progress.chunks_left = left;
  }

  absl::Status Loop(WorkerPool& pool) {
    for (;;) {
      Look();
      if (ended_at_ && (pool.busy_count() == 0 || Elapsed() > *ended_at_ + kGraceSeconds)) break;
      absl::Status status = HandOut(pool);
      if (!status.ok()) return status;
      if (pool.busy_count() == 0) break;
      absl::StatusOr<std::vector<WorkerReport>> reports = pool.Wait(kTick);
      if (!reports.ok()) return reports.status();
      for (const WorkerReport& report : *reports) {
        status = Take(pool, report);
        if (!status.ok()) return status;
      }
      if (status = Tick(pool); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Whether nothing more is to be handed out.
  void Look() {
    if (hooks_.interrupted()) end_.interrupted = true;
    const bool over = options_.seconds && Elapsed() >= *options_.seconds;
    if ((end_.interrupted || over) && !ended_at_) ended_at_ = Elapsed();
  }

  std::optional<ChunkPosition> Next() {
    if (ended_at_) return std::nullopt;
    if (!again_.empty()) {
      const ChunkPosition position = again_.front();
      again_.pop_front();
      return position;
    }
    for (;;) {
      if (options_.chunks && next_ >= *options_.chunks) return std::nullopt;
      const ChunkPosition position = sequence_.Next();
      next_ = position.index + 1;
      if (Mine(position)) return position;
    }
  }

  absl::Status HandOut(WorkerPool& pool) {
    for (int worker = 0; worker < pool.size(); ++worker) {
      if (pool.busy(worker)) continue;
      const std::optional<ChunkPosition> position = Next();
      if (!position) return absl::OkStatus();
      running_[static_cast<std::size_t>(worker)] = {.position = *position,
                                                    .since = steady_clock::now()};
      WireWriter message;
      message.Number(position->engine);
      message.Number(position->unit);
      message.Number(position->number);
      message.Number(
          ChunkSeed(options_.seed, UnitName(units_[UnitOf(*position)]), position->number));
      absl::Status status = pool.Send(worker, message.Take());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Take(WorkerPool& pool, const WorkerReport& report) {
    const Running& running = running_[static_cast<std::size_t>(report.worker)];
    if (report.kind != WorkerReport::Kind::kAnswer) return TakeEnd(report, running);
    absl::StatusOr<ChunkOutcome> outcome = ParseChunkOutcome(report.text);
    if (!outcome.ok()) return outcome.status();
    const bool failed = !outcome->problem.empty();
    absl::Status status = Write(running.position, failed ? ChunkEnd::kDied : ChunkEnd::kDone,
                                *outcome, outcome->problem);
    if (!status.ok()) return status;
    return outcome->retire ? pool.Replace(report.worker) : absl::OkStatus();
  }

  absl::Status TakeEnd(const WorkerReport& report, const Running& running) {
    const ChunkPosition& position = running.position;
    const bool memory = running.killed_at != 0 && report.signal == SIGKILL;
    // The machine's doing, or a person's: it says little about the chunk.
    if (report.signal == SIGKILL && !memory && killed_before_.insert(position.index).second) {
      again_.push_back(position);
      return absl::OkStatus();
    }
    ChunkEnd end = report.kind == WorkerReport::Kind::kHung ? ChunkEnd::kHung : ChunkEnd::kDied;
    std::string text = absl::StrCat("the worker process ", report.text);
    if (memory) {
      end = ChunkEnd::kMemory;
      text = absl::StrCat("the worker process used ", running.killed_at / kMebibyte,
                          " MiB of memory, and may use ", options_.memory / kMebibyte);
    }
    ChunkOutcome outcome;
    outcome.nanoseconds = static_cast<uint64_t>(
        std::chrono::nanoseconds(steady_clock::now() - running.since).count());
    return Write(position, end, outcome, text);
  }

  absl::Status Write(const ChunkPosition& position, ChunkEnd end, const ChunkOutcome& outcome,
                     const std::string& incident) {
    const std::size_t unit = UnitOf(position);
    absl::StatusOr<std::vector<std::string>> fresh =
        store_.Write(unit, position.number, end, outcome, incident);
    if (!fresh.ok()) return fresh.status();
    for (std::size_t i = 0; i < fresh->size(); ++i) {
      if ((*fresh)[i].empty()) continue;
      ++written_.violations;
      found_.emplace_back(unit, outcome.violations[i]);
    }
    ++written_.chunks;
    written_.executions += outcome.executions;
    if (!incident.empty()) {
      ++written_.incidents;
      incidents_.push_back(
          absl::StrCat(UnitName(units_[unit]), ", chunk ", position.number, ": ", incident));
    }
    return absl::OkStatus();
  }

  absl::Status Tick(WorkerPool& pool) {
    const auto now = steady_clock::now();
    if (now - ticked_ < kTick) return absl::OkStatus();
    ticked_ = now;
    for (int worker = 0; worker < pool.size(); ++worker) {
      if (!pool.busy(worker)) continue;
      const uint64_t bytes = MemoryInUse(pool.pid(worker));
      if (bytes <= options_.memory) continue;
      running_[static_cast<std::size_t>(worker)].killed_at = bytes;
      kill(pool.pid(worker), SIGKILL);
    }
    if (!store_.pending() && now - committed_ < options_.heartbeat) return absl::OkStatus();
    return Commit();
  }

  absl::Status Commit() {
    const double seconds = Elapsed();
    const char* state = "running";
    if (ended_at_ || Finished()) state = end_.interrupted ? "interrupted" : "done";
    if (absl::Status status = store_.Commit(seconds, state); !status.ok()) return status;
    committed_ = steady_clock::now();
    // Whoever was told of something finds it in the store, whatever happens next.
    for (const auto& [unit, violation] : std::exchange(found_, {})) {
      hooks_.found(units_[unit], violation);
    }
    for (const std::string& text : std::exchange(incidents_, {})) hooks_.incident(text);
    CampaignProgress& progress = end_.progress;
    if (progress.chunks_left) *progress.chunks_left -= written_.chunks;
    progress.chunks += std::exchange(written_.chunks, 0);
    progress.executions += std::exchange(written_.executions, 0);
    progress.violations += std::exchange(written_.violations, 0);
    progress.incidents += std::exchange(written_.incidents, 0);
    progress.seconds = seconds;
    if (options_.seconds) progress.seconds_left = std::max(*options_.seconds - seconds, 0.0);
    hooks_.progress(progress);
    return absl::OkStatus();
  }

  bool Finished() const {
    return end_.progress.chunks_left && *end_.progress.chunks_left == written_.chunks;
  }

  const std::vector<WeightedEngine>& engines_;
  const CampaignRunOptions& options_;
  CampaignStore& store_;
  const CampaignHooks& hooks_;
  const std::vector<CampaignUnit> units_;
  std::vector<std::size_t> first_unit_{};  // by engine
  Sequence sequence_;
  uint64_t next_ = 0;                   // position
  std::deque<ChunkPosition> again_{};   // whose worker was killed from outside
  std::set<uint64_t> killed_before_{};  // positions; as many as the machine's own kills
  std::vector<Running> running_;
  // Written and not committed, hence not told.
  CampaignProgress written_{};
  std::vector<std::pair<std::size_t, SeenViolation>> found_{};  // with its unit
  std::vector<std::string> incidents_{};
  CampaignEnd end_{};
  const steady_clock::time_point start_ = steady_clock::now();
  steady_clock::time_point ticked_{};
  steady_clock::time_point committed_ = start_;
  std::optional<double> ended_at_{};  // nothing more is handed out since then
};

}  // namespace

std::vector<CampaignUnit> AllUnits(const std::vector<WeightedEngine>& engines) {
  std::vector<CampaignUnit> units;
  for (const WeightedEngine& engine : engines) {
    const std::vector<CampaignUnit>& own = engine.engine->units();
    units.insert(units.end(), own.begin(), own.end());
  }
  return units;
}

std::string ProgressText(const CampaignProgress& progress) {
  const double rate = static_cast<double>(progress.executions) / std::max(progress.seconds, 0.001);
  std::string text = absl::StrCat(
      Count(progress.chunks, "chunk"), " done, ", Count(progress.executions, "execution"), ", ",
      Grouped(static_cast<uint64_t>(std::llround(rate))), "/s, ",
      progress.violations == 0 ? "no new violation" : Count(progress.violations, "new violation"));
  if (progress.incidents != 0) {
    absl::StrAppend(&text, ", ", Count(progress.incidents, "incident"));
  }
  if (progress.chunks_left) {
    absl::StrAppend(&text, ", ", Count(*progress.chunks_left, "chunk"), " left");
  }
  if (progress.seconds_left) {
    absl::StrAppend(&text, ", ", std::llround(std::ceil(*progress.seconds_left)), " s left");
  }
  return text;
}

CampaignEnd RunCampaign(const std::vector<WeightedEngine>& engines,
                        const CampaignRunOptions& options, CampaignStore& store,
                        const CampaignHooks& hooks) {
  return CampaignRun(engines, options, store, hooks).Run();
}

}  // namespace racewalk
