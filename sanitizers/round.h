// A round: one scenario, as a rule scaled up to full-size tables, raced once on real threads.
#ifndef RACEWALK_SANITIZERS_ROUND_H_
#define RACEWALK_SANITIZERS_ROUND_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/protocol.h"
#include "sanitizers/event_log.h"
#include "sanitizers/noise.h"
#include "scenarios/scenario.h"

namespace racewalk {

struct RoundPlan {
  // Tiny geometry, its threads' operations in this round's order, repeats unrolled.
  Scenario scenario{};
  std::string mmu{};      // "tdp" or "stage2"
  std::string variant{};  // canonical
  // A power of two; scenario frame f is the guest frames base + f*pages_per_frame, ... of
  // Geometry<4, 9>.
  uint32_t pages_per_frame = 1;
  // Tables as small as the scenario's own, whose geometry is SmallGeometry, and a page a frame:
  // what takes a subtree of several levels away there is no more than a table of the full size.
  bool small_tables = false;
  uint32_t turns = 1;  // how often each thread runs its list, 1 if in_order
  // The scenario's own order: its `check` lines hold, if a scenario's table is one of the round's
  // (pages_per_frame is 512 / 2^index_bits, or tables are small). Else they are not verified.
  bool in_order = true;
  Noise noise{};
  uint64_t seed = 0;  // of what threads draw
  std::vector<point> weakened{};
};

// Where a round says what happens: memory that outlives the process, or the
// heap in tests. Empty: nothing is logged. Index kMaxScenarioThreads is the
// thread that sets up and looks at what is at rest, the next the callbacks'.
struct RoundLogs {
  std::span<EventLog> threads{};
};

// Runs the round on real threads of this process; returns when they have been
// joined, all oracles at rest were asked and the VM is gone. A violation does
// not return: NativeFail calls its handler.
// Error: InvalidArgument, the scenario does not fit this MMU or variant.
absl::Status RunRound(const RoundPlan& plan, RoundLogs logs);

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_ROUND_H_
