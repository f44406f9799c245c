// A worker's task: some executions of one unit, and what came of them.
#ifndef RACEWALK_CI_CHUNK_H_
#define RACEWALK_CI_CHUNK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/finding.h"
#include "ci/plan.h"
#include "ci/terminal.h"
#include "ci/token_target.h"
#include "scenarios/explore/enumeration.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

struct ChunkRequest {
  uint64_t unit = 0;  // index into the plan's units
  uint64_t seed = 0;
  uint64_t first = 0;
  uint64_t count = 0;
  // Enumeration::next() of the chunk before this one; "" for none, and for a
  // strategy that is no enumeration.
  std::string from{};
};

struct ChunkResult {
  // Not OK: InvalidArgument if the unit cannot be run, Internal if the harness
  // is at fault. Then what follows counts what was done before.
  absl::Status status{};
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t choices = 0;
  uint64_t cut = 0;  // Batch::cut
  uint64_t nanoseconds = 0;
  std::string bound{};                    // Strategy::bound()
  std::vector<uint64_t> interleavings{};  // without duplicates within the chunk
  // Of an enumeration: where to go on, or what is established; and how far it is.
  bool enumerated = false;
  std::string next{};   // "" at the end
  std::string claim{};  // Enumeration::claim() at the end, else ""
  double done = 0;
  std::optional<Finding> finding{};
  // The process has seen so much that it should be replaced.
  bool retire = false;
};

std::string FormatChunkRequest(const ChunkRequest& request);
absl::StatusOr<ChunkRequest> ParseChunkRequest(absl::string_view message);
std::string FormatChunkResult(const ChunkResult& result);
absl::StatusOr<ChunkResult> ParseChunkResult(absl::string_view message);

// Runs chunks in a process of its own. Keeps the explorer while the unit stays
// the same. The first execution of each chunk (of an enumeration the last) and
// every failing one are recorded twice and compared. Thread-compatible.
class ChunkRunner {
 public:
  // A process that has made so many explorers should be replaced.
  static constexpr int kExplorersPerProcess = 256;

  // `units` must outlive the runner.
  // With `pages` findings have one.
  ChunkRunner(const std::vector<Unit>* units, ExplorerFactory factory, TextStyle style,
              bool pages = false)
      : units_(units), factory_(std::move(factory)), style_(style), pages_(pages) {}

  ChunkResult Run(const ChunkRequest& request);
  // A WorkerHandler: a formatted request in, a formatted result out.
  std::string Handle(absl::string_view message);
  // Lets the explorer go, as after a failure or for another one: a process has
  // room for one. The next chunk starts afresh.
  void Close();

 private:
  absl::Status Open(std::size_t unit);
  void RunOpen(const ChunkRequest& request, ChunkResult& result);
  // Runs an execution again, twice: `key` of `strategy`, found `violation`.
  absl::StatusOr<Recording> Repeat(Strategy& strategy, uint64_t key, uint64_t index,
                                   ViolationKind violation);
  absl::Status Explain(const Batch& batch, Strategy& strategy, ChunkResult& result);
  // After the batch: the strategy that names the execution to repeat.
  absl::Status Settle(Enumeration& enumeration, ChunkResult& result,
                      std::unique_ptr<Strategy>& path);

  const std::vector<Unit>* units_;
  ExplorerFactory factory_;
  TextStyle style_;
  bool pages_;
  std::optional<std::size_t> unit_{};
  // The strategy goes before the explorer that runs it.
  std::unique_ptr<Explorer> explorer_{};
  std::unique_ptr<Strategy> strategy_{};
  std::vector<std::string> specs_{};  // by unit, once learned
  int explorers_ = 0;
  int failures_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_CHUNK_H_
