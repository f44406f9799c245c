// An execution as text for a terminal: threads side by side, one step a line.
#ifndef RACEWALK_CI_TIMELINE_H_
#define RACEWALK_CI_TIMELINE_H_

#include <string>
#include <vector>

#include "ci/terminal.h"
#include "ci/timeline_rows.h"

namespace racewalk {

// Each thread has a lane; what a thread does begins in its lane and runs on to
// the right, where nobody else writes on that line. The place in the source
// and the protocol point stand at the right edge, or on a line of their own
// where they do not fit. No line is wider than the style says but one with an
// unbreakable word. Ends with a line end. Deterministic.
std::string FormatTimeline(const std::vector<TimelineRow>& rows,
                           const std::vector<std::string>& threads, const TextStyle& style);

}  // namespace racewalk

#endif  // RACEWALK_CI_TIMELINE_H_
