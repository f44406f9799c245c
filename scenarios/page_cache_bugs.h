// The historical bugs of the page cache, for Bugs().
#ifndef RACEWALK_SCENARIOS_PAGE_CACHE_BUGS_H_
#define RACEWALK_SCENARIOS_PAGE_CACHE_BUGS_H_

#include <vector>

#include "scenarios/bugs.h"

namespace racewalk {

std::vector<Bug> PageCacheBugs();

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_PAGE_CACHE_BUGS_H_
