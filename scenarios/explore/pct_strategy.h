// `pct:d`: probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi
// and Nagarakatte, ASPLOS 2010).
#ifndef RACEWALK_SCENARIOS_EXPLORE_PCT_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_PCT_STRATEGY_H_

#include <array>
#include <cstdint>
#include <string>

#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/rng.h"

namespace racewalk {

struct PctParameters {
  static constexpr uint32_t kMaxDepth = 16;
  static constexpr uint32_t kMaxSteps = 1'000'000'000;

  uint32_t depth = 3;    // d, 1 to kMaxDepth: how many ordering constraints a bug needs
  uint32_t threads = 1;  // n, 1 to kMaxThreads: of the subject
  uint32_t steps = 1;    // k, 1 to kMaxSteps: of the longest execution
};

// The enabled thread of the highest priority always runs. Priorities are
// distinct and drawn at random; after each of d-1 steps, drawn uniformly and
// independently from [1, k], the thread that took it falls below all that have
// not fallen so. A bug of depth d shows with P >= 1/(n k^(d-1)) per execution.
//
// Two rules are not in the paper, which assumes that threads do not spin. A
// thread that is about to pause falls below every other: it waits for
// somebody, who may have a lower priority and would never run. A thread about
// to yield does so with probability 1/2, so that what it lets in is seen, and
// its going straight on as well. Where a thread spins or yields the bound
// therefore does not hold strictly.
//
// The bound says nothing of choices that are not of a thread: rare_choice.h.
//
// Thread-compatible; allocates nothing while an execution runs.
class PctStrategy final : public Strategy {
 public:
  // The parameters must be in range.
  explicit PctStrategy(PctParameters parameters);

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  std::string spec() const override;   // "pct:3,n=3,k=58"
  std::string bound() const override;  // one sentence without a full stop

 private:
  struct ChangePoint {
    uint32_t step = 0;  // steps taken when it acts, from 1
    int64_t priority = 0;
  };

  PctParameters parameters_;
  Rng rng_{};
  std::array<int64_t, kMaxThreads> priority_{};
  std::array<ChangePoint, PctParameters::kMaxDepth> changes_{};  // by step
  uint32_t next_change_ = 0;
  int64_t lowest_ = 0;  // no thread has a lower priority
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_PCT_STRATEGY_H_
