#include "ci/stress_worker.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/wire.h"
#include "sanitizers/plan_round.h"
#include "sanitizers/round_record.h"
#include "sanitizers/runtime_options.h"

namespace racewalk {
namespace {

// The status with which a worker that leaks ends; what it printed says more.
constexpr int kLeaked = 87;

// Logs of the last round must not be taken for those of this one.
void Forget(RoundRecord& record) {
  for (EventLog& log : record.logs) log.Clear();
}

// Time of rounds after which a worker looks for leaks once more: looking is not to be what it does.
constexpr std::chrono::seconds kBetweenLeaks{4};

// At the end of a batch that took so long. Workers are ended without ceremony,
// so that nobody looks when they end; what is leaked is of one of the batches
// since it was looked for last.
void LookForLeaks(std::chrono::nanoseconds batch) {
  static std::chrono::nanoseconds left{0};
  left -= batch;
  if (left > std::chrono::nanoseconds(0)) return;
  left = kBetweenLeaks;
  // It would be found again for good.
  if (FindLeaks()) _exit(kLeaked);
}

}  // namespace

std::string WriteBatch(const StressBatch& batch) {
  WireWriter writer;
  writer.Numbers({batch.worker, batch.row, batch.time_ns});
  return writer.Take();
}

StressBatch ReadBatch(absl::string_view message) {
  const std::vector<uint64_t> numbers = WireReader(message).Numbers();
  if (numbers.size() != 3) return {};
  return {.worker = numbers[0], .row = numbers[1], .time_ns = numbers[2]};
}

std::string RunBatch(const StressShared& shared, const RoundRunner& runner,
                     absl::string_view message) {
  const auto start = std::chrono::steady_clock::now();
  const StressBatch batch = ReadBatch(message);
  RoundRecord& record = shared.records[batch.worker];
  shared.texts[batch.worker].Catch(STDOUT_FILENO);
  shared.texts[batch.worker].Catch(STDERR_FILENO);
  RecordViolationsIn(record);
  const Target& target = shared.targets[batch.row];
  record.row = batch.row;
  const StressRunOptions& options = shared.options;
  for (;;) {
    // Counted before it is run, so that one that ends in a death counts too.
    const uint64_t next = shared.begun[batch.row]++;
    if (options.rounds && next >= *options.rounds) break;
    const uint64_t number = options.only.value_or(next);
    absl::StatusOr<RoundPlan> plan =
        PlanRound(target.subject.scenario, target.subject.mmu, target.subject.variant, options.seed,
                  number, options.limits);
    if (!plan.ok()) return std::string(plan.status().message());
    Forget(record);
    record.round = number;
    record.running = true;
    RoundLogs logs;
    if (options.events) logs.threads = record.logs;
    const absl::Status status = runner(*plan, logs);
    record.running = false;
    if (!status.ok()) return std::string(status.message());
    const auto used = std::chrono::steady_clock::now() - start;
    if (used >= std::chrono::nanoseconds(batch.time_ns)) break;
  }
  LookForLeaks(std::chrono::steady_clock::now() - start);
  return "";
}

}  // namespace racewalk
