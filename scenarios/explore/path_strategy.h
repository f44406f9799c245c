// `path:DECISIONS`: one execution, named by its decisions.
#ifndef RACEWALK_SCENARIOS_EXPLORE_PATH_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_PATH_STRATEGY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/path.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Takes the decisions of a path (path.h), then the usual ones, whatever the
// key: so a token can name an execution that no seed leads to. A decision that
// cannot be taken, or is never asked for, is a divergence. Unlike a replay it
// does not know what else could have been taken, so that it is short; a trace
// file is the stricter record. Thread-compatible; allocates nothing while an
// execution runs.
class PathStrategy final : public Strategy {
 public:
  explicit PathStrategy(std::vector<PathStep> path) : path_(std::move(path)) {}

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  void End() override;
  std::string spec() const override;
  std::optional<Divergence> divergence() const override;

 private:
  enum class State { kFits, kNotOffered, kOtherKind, kLeftOver };

  // The next decision of the path, if there is one and it fits so far.
  const PathStep* Next(bool is_pick);

  std::vector<PathStep> path_;
  std::size_t position_ = 0;
  uint64_t step_ = 0;  // of the last pick
  State state_ = State::kFits;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_PATH_STRATEGY_H_
