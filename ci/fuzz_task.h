// A worker's part of `racewalk fuzz`: inputs to measure, a chunk to run, an input to make smaller.
#ifndef RACEWALK_CI_FUZZ_TASK_H_
#define RACEWALK_CI_FUZZ_TASK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/finding.h"
#include "ci/terminal.h"
#include "ci/token_target.h"
#include "fuzz/corpus.h"
#include "fuzz/coverage.h"
#include "fuzz/reduce.h"
#include "fuzz/runner.h"
#include "fuzz/session.h"
#include "sanitizers/shared_array.h"

namespace racewalk {

struct FuzzRequest {
  enum class Kind : uint8_t {
    kMeasure,  // what do these inputs show?
    kChunk,    // FuzzTurn, from the corpus
    kReduce,   // the first of `entries`, while it has `wanted`
  };
  Kind kind = Kind::kMeasure;
  uint64_t worker = 0;  // its InputSlot
  // kMeasure: what to run, `executions` of each; features are not looked at. kChunk: what has come
  // to the corpus since this process saw it last. Inputs are as Fit leaves them.
  std::vector<CorpusEntry> entries{};
  uint64_t executions = 0;
  uint64_t corpus = 0;  // kChunk: how many entries it has now
  FuzzTurn turn{};
  std::vector<Feature> wanted{};
  uint64_t tries = 0;
};

struct FuzzFinding {
  Finding finding{};
  std::string input{};     // as PrintInput, with the key that failed
  uint64_t execution = 0;  // of the task, from 1
};

struct FuzzAnswer {
  absl::Status status{};  // Internal if the harness is at fault
  // kMeasure: as the request's; without features where there was a violation. kChunk: what was
  // kept. kReduce: one.
  std::vector<CorpusEntry> entries{};
  std::vector<Feature> features{};      // of kChunk, see FuzzChunk
  std::vector<FuzzFinding> findings{};  // one for each class
  uint64_t violations = 0;
  uint64_t inputs = 0;
  uint64_t executions = 0;
  uint64_t steps = 0;
  bool retire = false;  // the process has seen so much that it should be replaced
};

std::string FormatFuzzRequest(const FuzzRequest& request);
absl::StatusOr<FuzzRequest> ParseFuzzRequest(absl::string_view message);
std::string FormatFuzzAnswer(const FuzzAnswer& answer);
absl::StatusOr<FuzzAnswer> ParseFuzzAnswer(absl::string_view message);

// The input that a worker runs, for who looks when it has died.
class InputSlot {
 public:
  void Set(absl::string_view text);
  void Clear() { size_ = 0; }
  std::string Text() const;

 private:
  std::array<char, 16 * 1024> text_{};
  std::atomic<std::size_t> size_{0};
};

// Of a whole run; made before the first fork.
struct FuzzContext {
  FuzzSettings settings{};
  std::vector<std::string> weaken{};  // `settings.weakened`, by name
  std::string bug{};                  // and of a bug, "" for none
  ExplorerFactory factory{};
  InputFunction run{};  // a test's own; else InputRunner's
  TextStyle style{};
  bool pages = false;  // findings have one
  // Of address space; more ends the process. 0: not limited.
  uint64_t memory = uint64_t{4} << 30;
};

// In a process of its own. What it answers depends on the requests' corpus and on the request
// alone. Thread-compatible.
class FuzzWorker {
 public:
  // Both must outlive this.
  FuzzWorker(const FuzzContext& context, const SharedArray<InputSlot>& slots)
      : context_(context), slots_(slots) {}

  FuzzAnswer Run(const FuzzRequest& request);
  // A WorkerHandler.
  std::string Handle(absl::string_view message);
  // Lets go of the explorer, so that another one may be made.
  void Close() { runner_.Close(); }

 private:
  void Measure(const FuzzRequest& request, FuzzAnswer& answer);
  void Chunk(const FuzzRequest& request, FuzzAnswer& answer);
  void ReduceOne(const FuzzRequest& request, FuzzAnswer& answer);
  InputResult RunInput(const Input& input, uint64_t executions, Coverage& coverage);
  void Tell(const std::vector<FuzzViolation>& violations, FuzzAnswer& answer);
  absl::StatusOr<FuzzFinding> Explain(const FuzzViolation& violation);

  const FuzzContext& context_;
  const SharedArray<InputSlot>& slots_;
  InputRunner runner_{};
  Corpus corpus_{};
  InputSlot* slot_ = nullptr;
  bool limited_ = false;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_FUZZ_TASK_H_
