// `surw`: the selectively uniform random walk (Zhao, Wolff, Mathur and
// Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025).
#ifndef RACEWALK_SCENARIOS_EXPLORE_SURW_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_SURW_STRATEGY_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/rng.h"

namespace racewalk {

struct SurwParameters {
  static constexpr uint32_t kMaxCount = 1'000'000;
  static constexpr std::size_t kMaxWords = 8;

  uint32_t threads = 1;                            // 1 to kMaxThreads
  std::array<uint32_t, kMaxThreads> operations{};  // of each thread, on any word or lock
  std::vector<WordProfile> words{};                // that threads contend for, kMaxWords at most
};

// Parses what follows "surw:", or "" for what the profile has learned.
absl::StatusOr<SurwParameters> ParseSurw(absl::string_view text, const Profile& profile);

// Some operations are interesting, and their order is sampled uniformly: whose
// interesting operation comes next is drawn in proportion to how many each
// thread still has; the others wait before theirs. Everything else is a random
// walk, so that no schedule is impossible.
//
// The choices that the paper leaves open:
// - Each execution draws what is interesting, uniformly: all operations on any
//   word or lock, or those on one of the (at most eight) words that the pilot
//   saw most contended for. The paper draws one shared variable; all of them
//   together is what makes short scenarios uniform.
// - The counts are means of a pilot. Where they are wrong the walk is less
//   uniform, and no schedule is lost: a thread that shows more than was counted
//   weighs 1, and if all who can run wait for one who cannot, a new one is
//   drawn among them.
// - Choices that are not of a thread are not in the paper: rare_choice.h.
//
// Thread-compatible; allocates nothing while an execution runs.
class SurwStrategy final : public Strategy {
 public:
  // The parameters must be in range.
  explicit SurwStrategy(SurwParameters parameters);

  void Begin(uint64_t key) override;
  int Pick(const PickView& view) override;
  void Forced(const PickView& view) override;
  uint32_t Choose(uint32_t n, Choice kind) override;
  std::string spec() const override;  // "surw:c=40.33.12,w17=4.3.0"

 private:
  bool Interesting(const PickView& view, int thread) const;
  // Draws among the threads of `mask`, by what they have left; those of
  // `floor` weigh at least 1. -1 if nobody has anything left.
  int Draw(uint32_t mask, uint32_t floor);
  void Take(const PickView& view, int thread);

  SurwParameters parameters_;
  Rng rng_{};
  uint32_t location_ = 0;  // that is interesting; 0: all
  std::array<uint32_t, kMaxThreads> left_{};
  int intended_ = -1;  // whose interesting operation comes next; -1: to be drawn
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_SURW_STRATEGY_H_
