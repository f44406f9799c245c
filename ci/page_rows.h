// Which rows of a timeline a page shows: of a long execution, a livelock, not
// all, or no browser could show it.
#ifndef RACEWALK_CI_PAGE_ROWS_H_
#define RACEWALK_CI_PAGE_ROWS_H_

#include <cstddef>
#include <vector>

#include "ci/timeline_rows.h"

namespace racewalk {

// More rows than the first are cut down to those at the beginning, at the end
// and around the marked ones.
struct PageRowLimits {
  std::size_t most = 4000;
  std::size_t first = 1000;
  std::size_t last = 2000;
  std::size_t around = 100;  // before a marked row, and after it
};

// In place of those that are left out there is one row of kind kLeftOut, of no
// thread (-1) and all their events, that says how many they are.
std::vector<TimelineRow> PageRows(const std::vector<TimelineRow>& rows,
                                  const PageRowLimits& limits = {});

}  // namespace racewalk

#endif  // RACEWALK_CI_PAGE_ROWS_H_
