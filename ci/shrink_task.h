// A worker's part of shrinking: one question about one scenario.
#ifndef RACEWALK_CI_SHRINK_TASK_H_
#define RACEWALK_CI_SHRINK_TASK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/finding.h"
#include "ci/recorded.h"
#include "ci/target.h"
#include "ci/terminal.h"
#include "ci/token_target.h"
#include "scenarios/explore/rota.h"
#include "scenarios/explore/shrink_search.h"

namespace racewalk {

struct ShrinkRequest {
  enum class Kind : uint8_t {
    kOriginal,   // the recorded execution: does it show something, and what?
    kCandidate,  // does this scenario show the goal? First as the rota says.
    kSimplify,   // a rota of lower cost, by edits
    kBounded,    // one of at most `bound` preemptions
    kSample,     // one of lower cost, by chance
    kTell,       // what the rota leads to, in full
  };
  Kind kind = Kind::kOriginal;
  std::string scenario{};  // one-line text; of kOriginal none is needed
  ShrinkGoal goal{};
  Witness witness{};  // what is known so far, maybe of a larger scenario
  uint64_t executions = 0;
  uint64_t seed = 0;
  uint64_t bound = 0;
};

struct ShrinkAnswer {
  // InvalidArgument if the original is of no use or the scenario does not fit
  // the MMU; Internal if the harness is at fault.
  absl::Status status{};
  std::optional<Witness> witness{};  // what was asked for, if there is such a thing
  std::optional<Finding> finding{};  // of kOriginal (if it is not clean) and kTell
  uint64_t executions = 0;
  bool retire = false;  // the process has seen so much that it should be replaced
};

std::string FormatShrinkRequest(const ShrinkRequest& request);
absl::StatusOr<ShrinkRequest> ParseShrinkRequest(absl::string_view message);
std::string FormatShrinkAnswer(const ShrinkAnswer& answer);
absl::StatusOr<ShrinkAnswer> ParseShrinkAnswer(absl::string_view message);

// Answers in a process of its own. An answer depends on the request alone (and
// on what was recorded), never on those before it. Thread-compatible.
class ShrinkWorker {
 public:
  ShrinkWorker(Recorded original, ExplorerFactory factory, TextStyle style)
      : original_(std::move(original)), factory_(std::move(factory)), style_(style) {}

  ShrinkAnswer Run(const ShrinkRequest& request);
  // A WorkerHandler.
  std::string Handle(absl::string_view message);

 private:
  absl::Status Original(ShrinkAnswer& answer);
  absl::Status Search(const ShrinkRequest& request, Explorer& explorer, ShrinkAnswer& answer);
  absl::Status Tell(const ShrinkRequest& request, const Target& target, Explorer& explorer,
                    ShrinkAnswer& answer);
  absl::Status RunIn(const ShrinkRequest& request, ShrinkAnswer& answer);

  Recorded original_;
  ExplorerFactory factory_;
  TextStyle style_;
  int explorers_ = 0;
  int failures_ = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_SHRINK_TASK_H_
