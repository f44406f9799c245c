// What a walk over all tables finds at rest.
#ifndef RACEWALK_SCENARIOS_MACHINE_RECOUNT_H_
#define RACEWALK_SCENARIOS_MACHINE_RECOUNT_H_

#include <array>
#include <cstdint>

namespace racewalk {

template <typename G>
struct Recount {
  std::array<int64_t, G::kLevels> leaves{};  // by level, from 1
  int64_t links = 0;                         // to tables, but for roots
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_RECOUNT_H_
