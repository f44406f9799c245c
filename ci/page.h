// An execution as a page: one HTML file that needs nothing else.
#ifndef RACEWALK_CI_PAGE_H_
#define RACEWALK_CI_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/target.h"
#include "ci/timeline_rows.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {

// What was run and what came of it. References must outlive the call.
struct PageSubject {
  const Target& target;
  const Recording& recording;
  const std::vector<std::string>& threads;
  const std::vector<TimelineRow>& rows;
  std::string strategy{};
  std::string token{};
  std::string explanation{};             // Explanation of the recording
  std::optional<uint64_t> stopped_at{};  // --stop-at: the rows end there
};

// Readable without scripts: the verdict, then a table with a lane for each
// thread. The script adds arrows and a panel that follows the chosen step:
// `#step=17` chooses one. Everything that was made from a user's words is
// escaped. The same bytes for the same subject and build.
std::string FormatPage(const PageSubject& subject);

}  // namespace racewalk

#endif  // RACEWALK_CI_PAGE_H_
