#include "ci/token_replays.h"

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
#include "absl/strings/string_view.h"
#include "ci/wire.h"
#include "ci/worker_pool.h"
#include "core/violation.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"

namespace racewalk {
namespace {

// Far longer than one execution takes; then the worker is taken for hung.
constexpr std::chrono::milliseconds kReplayLimit{20'000};
constexpr std::chrono::milliseconds kTick{100};

std::string ShownBy(absl::string_view text, const ExplorerFactory& factory) {
  const absl::StatusOr<Token> token = ParseToken(text);
  if (!token.ok()) return "";
  const absl::StatusOr<Target> target = TargetOf(*token);
  if (!target.ok()) return "";
  const auto strategy = MakeStrategy(token->strategy, {});
  if (!strategy.ok() || (*strategy)->enumeration() != nullptr) return "";
  const auto explorer = factory(target->subject);
  if (!explorer.ok()) return "";
  const Recording recording = (*explorer)->Record(**strategy, token->key, false);
  if (recording.divergence || recording.violation.kind == ViolationKind::kNone) return "";
  return Name(recording.violation.kind);
}

// In a worker. Each answer is what was shown and whether to replace the process.
class Replayer {
 public:
  Replayer(const std::vector<std::string>* tokens, ExplorerFactory factory)
      : tokens_(tokens), factory_(std::move(factory)) {}

  std::string Handle(absl::string_view message) {
    WireReader reader(message);
    const std::string shown = ShownBy((*tokens_)[reader.Number()], factory_);
    ++replays_;
    WireWriter writer;
    writer.Text(shown);
    writer.Number(replays_ >= kFailuresPerProcess ? 1 : 0);
    return writer.Take();
  }

 private:
  const std::vector<std::string>* tokens_;
  ExplorerFactory factory_;
  int replays_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ReplayTokens(const std::vector<std::string>& tokens,
                                                      int jobs, const ExplorerFactory& factory,
                                                      const ReplayHooks& hooks) {
  std::vector<std::string> shown(tokens.size());
  if (tokens.empty()) return shown;
  const auto replayer = std::make_shared<Replayer>(&tokens, factory);
  const int workers = static_cast<int>(std::min(static_cast<std::size_t>(jobs), tokens.size()));
  absl::StatusOr<std::unique_ptr<WorkerPool>> started = WorkerPool::Start(
      workers, [replayer](absl::string_view message) { return replayer->Handle(message); },
      kReplayLimit);
  if (!started.ok()) return started.status();
  WorkerPool& pool = **started;
  std::vector<std::size_t> running(static_cast<std::size_t>(workers));
  std::size_t next = 0;
  std::size_t done = 0;
  while (done < tokens.size() && !hooks.interrupted()) {
    for (int worker = 0; worker < workers && next < tokens.size(); ++worker) {
      if (pool.busy(worker)) continue;
      WireWriter writer;
      writer.Number(next);
      running[static_cast<std::size_t>(worker)] = next++;
      if (absl::Status status = pool.Send(worker, writer.Take()); !status.ok()) return status;
    }
    absl::StatusOr<std::vector<WorkerReport>> reports = pool.Wait(kTick);
    if (!reports.ok()) return reports.status();
    for (const WorkerReport& report : *reports) {
      ++done;
      // One that kills or hangs its worker shows nothing that can be told.
      if (report.kind != WorkerReport::Kind::kAnswer) continue;
      WireReader reader(report.text);
      shown[running[static_cast<std::size_t>(report.worker)]] = reader.Text();
      if (reader.Number() == 0) continue;
      if (absl::Status status = pool.Replace(report.worker); !status.ok()) return status;
    }
    hooks.progress(done);
  }
  return shown;
}

}  // namespace racewalk
