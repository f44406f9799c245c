#include "ci/kill_replay.h"

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
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/mutant.h"
#include "ci/recorded.h"
#include "ci/wire.h"
#include "ci/worker_pool.h"
#include "core/violation.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/subject_words.h"

namespace racewalk {
namespace {

// Far longer than one execution takes; then the worker is taken for hung.
constexpr std::chrono::milliseconds kReplayLimit{20'000};
constexpr std::chrono::milliseconds kReplayTick{100};

absl::Status Differs(absl::string_view what, absl::string_view now, absl::string_view recorded) {
  return absl::FailedPreconditionError(
      absl::StrCat("the ", what, " is ", OrDash(now), ", not ", OrDash(recorded)));
}

// An edited table could say anything.
absl::Status CheckUnit(const MutantUnit& unit, const Target& target) {
  if (target.weaken != std::vector<std::string>{unit.point}) {
    return Differs("weakened point", absl::StrJoin(target.weaken, ","), unit.point);
  }
  if (target.subject.mmu != unit.mmu) return Differs("MMU", target.subject.mmu, unit.mmu);
  if (target.subject.variant != unit.variant) {
    return Differs("variant", target.subject.variant, unit.variant);
  }
  if (!target.bug.empty()) return Differs("bug", target.bug, "");
  return absl::OkStatus();
}

// In a worker. Each answer is a status and whether to replace the process.
class Replayer {
 public:
  Replayer(const std::vector<Kill>* kills, ExplorerFactory factory)
      : kills_(kills), factory_(std::move(factory)) {}

  std::string Handle(absl::string_view message) {
    WireReader reader(message);
    const absl::Status status = CheckKill((*kills_)[reader.Number()], factory_);
    ++replays_;
    WireWriter writer;
    writer.Number(static_cast<uint64_t>(status.code()));
    writer.Text(std::string(status.message()));
    writer.Number(replays_ >= kFailuresPerProcess ? 1 : 0);
    return writer.Take();
  }

 private:
  const std::vector<Kill>* kills_;
  ExplorerFactory factory_;
  int replays_ = 0;
};

}  // namespace

absl::Status CheckKill(const Kill& kill, const ExplorerFactory& factory) {
  const absl::StatusOr<Recorded> recorded = RecordedOf(kill.result.token);
  if (!recorded.ok()) return recorded.status();
  const Target& target = recorded->target;
  if (absl::Status status = CheckUnit(kill.unit, target); !status.ok()) return status;
  const std::string scenario = ScenarioLabel(target.subject.scenario);
  if (scenario != kill.result.scenario) return Differs("scenario", scenario, kill.result.scenario);
  const absl::StatusOr<std::unique_ptr<Strategy>> strategy = StrategyOf(*recorded);
  if (!strategy.ok()) return strategy.status();
  const absl::StatusOr<std::unique_ptr<Explorer>> explorer = factory(target.subject);
  if (!explorer.ok()) return explorer.status();
  const Recording recording = (*explorer)->Record(**strategy, recorded->key, false);
  if (absl::Status status = CheckFits(*recorded, recording); !status.ok()) return status;
  const Violation& violation = recording.violation;
  const char* kind = Name(violation.kind);
  if (kind != kill.result.kind) return Differs("violation", kind, kill.result.kind);
  if (violation.invariant != kill.result.invariant) {
    return Differs("invariant", violation.invariant, kill.result.invariant);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<absl::Status>> CheckKills(const std::vector<Kill>& kills, int jobs,
                                                     const ExplorerFactory& factory,
                                                     const KillReplayHooks& hooks) {
  std::vector<absl::Status> statuses(kills.size(), absl::CancelledError("it was not replayed"));
  if (kills.empty()) return statuses;
  const auto replayer = std::make_shared<Replayer>(&kills, factory);
  const int workers = static_cast<int>(std::min(static_cast<std::size_t>(jobs), kills.size()));
  absl::StatusOr<std::unique_ptr<WorkerPool>> started = WorkerPool::Start(
      workers, [replayer](absl::string_view message) { return replayer->Handle(message); },
      kReplayLimit);
  if (!started.ok()) return started.status();
  WorkerPool& pool = **started;
  std::vector<std::size_t> running(static_cast<std::size_t>(workers));
  std::size_t next = 0;
  std::size_t done = 0;
  while (done < kills.size() && !hooks.interrupted()) {
    for (int worker = 0; worker < workers && next < kills.size(); ++worker) {
      if (pool.busy(worker)) continue;
      WireWriter writer;
      writer.Number(next);
      running[static_cast<std::size_t>(worker)] = next++;
      if (absl::Status status = pool.Send(worker, writer.Take()); !status.ok()) return status;
    }
    absl::StatusOr<std::vector<WorkerReport>> reports = pool.Wait(kReplayTick);
    if (!reports.ok()) return reports.status();
    for (const WorkerReport& report : *reports) {
      ++done;
      absl::Status& status = statuses[running[static_cast<std::size_t>(report.worker)]];
      if (report.kind != WorkerReport::Kind::kAnswer) {
        status = absl::InternalError("its replay ended the worker process, or hung");
        continue;
      }
      WireReader reader(report.text);
      const auto code = static_cast<absl::StatusCode>(reader.Number());
      const std::string problem = reader.Text();
      status = absl::Status(code, problem);
      if (reader.Number() == 0) continue;
      if (absl::Status replaced = pool.Replace(report.worker); !replaced.ok()) return replaced;
    }
    hooks.progress(done);
  }
  return statuses;
}

}  // namespace racewalk
