// How the decisions of one execution are made. A new way to explore is one
// small class.
#ifndef RACEWALK_SCENARIOS_EXPLORE_STRATEGY_H_
#define RACEWALK_SCENARIOS_EXPLORE_STRATEGY_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/platform/decisions.h"

namespace racewalk {

class Enumeration;

// Each thread's operations on a word or lock that threads contend for.
struct WordProfile {
  uint32_t location = 0;  // as in Announcement
  std::array<uint32_t, kMaxThreads> operations{};
  bool operator==(const WordProfile&) const = default;
};

// What is known of a subject before it is explored: learned in a pilot run
// whose seeds are fixed, so that the same subject always gives the same numbers.
struct Profile {
  int threads = 0;     // scenario threads and the RCU thread
  uint64_t steps = 0;  // most steps an execution of the pilot took
  // Means, by thread: of operations on any word or lock, and on the words most
  // contended for. Zeros and none if they were not counted.
  std::array<uint32_t, kMaxThreads> operations{};
  std::vector<WordProfile> words{};
};

// A replay that no longer fits the code.
struct Divergence {
  uint64_t step = 0;      // of the execution, from 0
  std::string message{};  // what was recorded and what was found
};

// Thread-compatible; used by one execution at a time.
class Strategy : public Decisions {
 public:
  // Starts the execution whose key is `key`; all randomness comes from it.
  virtual void Begin(uint64_t key) = 0;
  // Called once the execution has ended, violated or not; then divergence() is final.
  virtual void End() {}
  // With every learned number in it, so that MakeStrategy(spec()) behaves the
  // same for the same key: "pct:3,n=3,k=58".
  virtual std::string spec() const = 0;
  // Set when the execution that has just run was not the recorded one.
  virtual std::optional<Divergence> divergence() const { return std::nullopt; }
  // One sentence on what a clean result means, or "" ("P >= ... per execution").
  virtual std::string bound() const { return ""; }
  // Set once nothing is left to run; Begin must not be called any more.
  virtual bool exhausted() const { return false; }
  // Not null if it runs every execution once, in an order of its own.
  virtual Enumeration* enumeration() { return nullptr; }
};

// One decision as recorded; `options` is the enabled mask for a pick and n for a choice.
struct Decision {
  bool is_pick = true;
  Choice kind = Choice::kStaleRead;  // if not a pick
  uint32_t options = 0;
  uint32_t taken = 0;
  bool operator==(const Decision&) const = default;
};

// The names that MakeStrategy knows, with a line on each, in a fixed order.
struct StrategyInfo {
  const char* name;  // "pct:d"
  const char* summary;
};
const std::vector<StrategyInfo>& StrategyCatalogue();

// `spec` as typed by a person ("pct:3") or as printed by spec(). What is not
// in the spec is taken from the profile. Error: InvalidArgument, one line with a remedy.
absl::StatusOr<std::unique_ptr<Strategy>> MakeStrategy(absl::string_view spec,
                                                       const Profile& profile);

// Takes the decisions of a recorded execution, in order.
std::unique_ptr<Strategy> MakeReplay(std::vector<Decision> decisions);

// Mixes a campaign's seed and an execution's index into the execution's key.
uint64_t ExecutionKey(uint64_t seed, uint64_t index);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_STRATEGY_H_
