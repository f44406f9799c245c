// What a process that runs rounds leaves behind, however it dies.
//
// Records lie in memory that is shared with the process that watches. The two
// are forked from one image, so that pointers to literals and to the places in
// a Violation mean the same to both.
#ifndef RACEWALK_SANITIZERS_ROUND_RECORD_H_
#define RACEWALK_SANITIZERS_ROUND_RECORD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include "core/violation.h"
#include "sanitizers/event_log.h"
#include "scenarios/scenario.h"

namespace racewalk {

// One side of a data race, or one place of another report.
struct RaceSide {
  static constexpr std::size_t kFrames = 24;

  bool write = false;
  bool atomic = false;
  std::array<char, 48> thread{};  // its name, "" if it has none; cut where it does not fit
  // The innermost first: distances from where this program is loaded. 0: of a
  // library, or none.
  std::array<uint64_t, kFrames> stack{};
};

struct RaceReport {
  uint64_t row = 0;
  uint64_t round = 0;
  std::array<char, 48> what{};  // "data-race", as the sanitizer calls it
  std::array<RaceSide, 2> sides{};
};

// Plain data in shared memory: written by the process that runs rounds, read by
// its watcher, in general after that process has ended or has answered.
struct RoundRecord {
  static constexpr std::size_t kLogs = kMaxScenarioThreads + 2;  // see RoundLogs
  static constexpr uint32_t kRaces = 16;                         // kept of one message

  // The round under way.
  std::atomic<bool> running{false};
  std::atomic<uint64_t> row{0};
  std::atomic<uint64_t> round{0};
  // 0: none, 1: being written, 2: there.
  std::atomic<uint32_t> violated{0};
  Violation violation{};
  std::array<char, 48> thread{};  // in which it was seen

  std::atomic<uint32_t> races{0};  // that were reported; the first kRaces are kept
  std::array<RaceReport, kRaces> race{};

  std::array<EventLog, kLogs> logs{};

  // All but the logs; before a message.
  void Clear();
};

// From now on what this process sees to be wrong is noted in `record`. Of the
// threads that see something the first one counts; it ends the process.
// To be called before a round, always with the same record, which must live as
// long as the process.
void RecordViolationsIn(RoundRecord& record);
// What a violation does then: notes it and ends the process at once.
[[noreturn]] void RecordViolation(const Violation& violation, std::source_location where,
                                  const char* thread);

// The status with which such a process ends.
inline constexpr int kViolationRecorded = 86;

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_ROUND_RECORD_H_
