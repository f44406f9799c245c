// The decisions of a recorded execution, taken again in order.
#ifndef RACEWALK_SCENARIOS_EXPLORE_REPLAY_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_REPLAY_STRATEGY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Checks each decision asked for against the record: its kind, its options,
// and that what was taken can be taken. The first difference is kept, and from
// there on the lowest enabled thread and 0 are taken. A record that ends too
// early, or is not used up at End, is a difference too. Begin starts the
// record again, whatever the key. Thread-compatible; allocates nothing while
// an execution runs: sentences are made by divergence().
class ReplayStrategy final : public Strategy {
 public:
  explicit ReplayStrategy(std::vector<Decision> decisions);

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  void End() override;
  // "replay": not a spec for MakeStrategy, since decisions are not in it.
  std::string spec() const override { return "replay"; }
  std::optional<Divergence> divergence() const override;

  // How many recorded decisions have not been taken.
  std::size_t left() const { return decisions_.size() - position_; }

 private:
  enum class State { kFits, kMismatch, kRecordEnded, kExecutionEnded };

  // Returns true and advances if the record has `found` next; `taken` is set.
  bool Next(const Decision& found, uint32_t& taken);

  std::vector<Decision> decisions_;
  std::size_t position_ = 0;
  uint64_t step_ = 0;  // of the last pick
  State state_ = State::kFits;
  Decision found_{};  // what was asked for when the record ceased to fit
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_REPLAY_STRATEGY_H_
