// Hashes of a scenario's meaning, to guard tokens and to name results.
#ifndef RACEWALK_SCENARIOS_HASH_H_
#define RACEWALK_SCENARIOS_HASH_H_

#include <cstdint>
#include <string>

#include "scenarios/scenario.h"

namespace racewalk {

// The same for equal scenarios, in every build and on every machine; name and
// summary do not count. FNV-1a of PrintExplicit.
uint64_t ScenarioHash(const Scenario& scenario);

// The hash folded to 32 bits, as 8 lower-case hexadecimal digits.
std::string ShortHash(const Scenario& scenario);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_HASH_H_
