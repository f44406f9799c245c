// What the script of the page knows, as JSON: ci/page.js says what is where.
#ifndef RACEWALK_CI_PAGE_DATA_H_
#define RACEWALK_CI_PAGE_DATA_H_

#include <string>
#include <vector>

#include "ci/page.h"
#include "ci/timeline_rows.h"

namespace racewalk {

// Of the rows that the page shows, see PageRows. Can stand inside of a script
// element.
std::string PageData(const PageSubject& subject, const std::vector<TimelineRow>& rows);

}  // namespace racewalk

#endif  // RACEWALK_CI_PAGE_DATA_H_
