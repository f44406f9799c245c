// `full` and `bound:k`: every schedule, or every one with few preemptions.
#ifndef RACEWALK_SCENARIOS_EXPLORE_EXHAUSTIVE_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_EXHAUSTIVE_STRATEGY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"
#include "scenarios/explore/enumeration.h"
#include "scenarios/explore/path.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Depth-first search over all decisions, of threads and others, by running
// each execution from its start (stateless search: Godefroid, POPL 1997).
// `bound:k` leaves out what needs more than k preemptions (iterative context
// bounding: Musuvathi and Qadeer, PLDI 2007): a preemption is a switch away from
// a thread that could go on, has begun, and is not about to pause or yield.
// Other choices are not bounded.
//
// There is no reduction: orders of operations that commute are all run. A step
// is more than what it announces (it ends with unlocks, frees and plain
// accesses), so that sleep sets made of announcements would not be sound.
//
// Memory grows with the longest execution, not with their number.
// Thread-compatible. Vectors grow while an execution runs.
class ExhaustiveStrategy final : public Enumeration {
 public:
  static constexpr uint32_t kMaxBound = 1000;

  // Without `bound`, every schedule.
  explicit ExhaustiveStrategy(std::optional<uint32_t> bound = std::nullopt) : bound_(bound) {}

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  void End() override;
  std::string spec() const override;
  // Set for good, until GoTo, when the same decisions did not lead to the same options.
  std::optional<Divergence> divergence() const override;

  bool exhausted() const override { return exhausted_; }
  bool GoTo(absl::string_view path) override;
  std::string next() const override;
  std::string last() const override;
  double done() const override;
  std::string claim() const override;

 private:
  // A decision with more than one option.
  struct Frame {
    bool is_pick = true;
    bool usual = true;     // what is taken is what is taken first
    uint32_t options = 0;  // as offered: a mask of threads, or a number
    uint32_t taken = 0;
    uint32_t left = 0;   // still to be taken: a mask of threads, or a number
    uint32_t width = 1;  // how many are to be taken in all
  };

  // The frame of the decision at `position_`, made if it is new: then
  // `allowed` is a mask or a number and `first` is taken unless resumed.
  const Frame& At(bool is_pick, uint32_t options, uint32_t allowed, uint32_t first);
  static void Advance(Frame& frame);
  // How many frames are left if those without anything left are dropped.
  std::size_t Open() const;

  std::optional<uint32_t> bound_;
  std::vector<Frame> frames_{};
  std::vector<PathStep> resume_{};  // taken by frames that are made
  std::size_t position_ = 0;
  uint32_t preemptions_ = 0;
  uint32_t started_ = 0;  // threads that have taken a step
  uint64_t step_ = 0;     // of the last pick
  bool ended_ = false;    // an execution has, and the next has not begun
  bool exhausted_ = false;
  bool diverged_ = false;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_EXHAUSTIVE_STRATEGY_H_
