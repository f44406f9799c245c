// A seed for who gave none.
#ifndef RACEWALK_CI_FRESH_SEED_H_
#define RACEWALK_CI_FRESH_SEED_H_

#include <cstdint>

namespace racewalk {

// Below 2^48: a program that reads JSON numbers as doubles keeps all of it.
uint64_t FreshSeed();

}  // namespace racewalk

#endif  // RACEWALK_CI_FRESH_SEED_H_
