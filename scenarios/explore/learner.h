// What a pilot learns of a subject.
#ifndef RACEWALK_SCENARIOS_EXPLORE_LEARNER_H_
#define RACEWALK_SCENARIOS_EXPLORE_LEARNER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/platform/decisions.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Decides as `random` does, and counts each thread's operations by location.
// Thread-compatible. Vectors grow while an execution runs.
class Learner final : public Strategy {
 public:
  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override { return random_.Choose(n, kind); }
  std::string spec() const override { return random_.spec(); }

  // Sets `operations` and `words` to means over the executions so far, rounded
  // up; the most contended words first.
  void Fill(Profile& profile) const;

 private:
  struct Word {
    std::array<uint64_t, kMaxThreads> operations{};
    bool written = false;
  };
  void Count(const PickView& view, int thread);

  RandomStrategy random_{};
  uint64_t executions_ = 0;
  std::vector<Word> words_{};  // by location
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_LEARNER_H_
