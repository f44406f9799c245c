// The parts of the catalogue, for Bugs(), in no order.
#ifndef RACEWALK_SCENARIOS_BUG_LISTS_H_
#define RACEWALK_SCENARIOS_BUG_LISTS_H_

#include <vector>

#include "scenarios/bugs.h"

namespace racewalk {

std::vector<Bug> TdpBugs();
std::vector<Bug> Stage2Bugs();
std::vector<Bug> NotifierBugs();
std::vector<Bug> PageCacheBugs();

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_BUG_LISTS_H_
