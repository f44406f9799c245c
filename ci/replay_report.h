// The outcome of a replay, as values.
#ifndef RACEWALK_CI_REPLAY_REPORT_H_
#define RACEWALK_CI_REPLAY_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/finding.h"
#include "ci/target.h"
#include "ci/timeline_rows.h"

namespace racewalk {

struct ReplayReport {
  std::string command{};
  Target target{};
  std::string strategy{};
  uint64_t key = 0;
  std::string token{};
  uint64_t fingerprint = 0;
  uint64_t steps = 0;
  std::optional<Finding> finding{};  // empty: a clean execution
  std::vector<std::string> threads{};
  std::vector<TimelineRow> rows{};
  // With --stop-at: the finding and the rows are those up to there.
  std::optional<uint64_t> stopped_at{};
  std::string state{};  // StateText there
};

// "violation"; "stopped": none was seen up to where it stopped; "clean".
inline const char* VerdictOf(const ReplayReport& report) {
  if (report.finding) return "violation";
  return report.stopped_at ? "stopped" : "clean";
}

}  // namespace racewalk

#endif  // RACEWALK_CI_REPLAY_REPORT_H_
