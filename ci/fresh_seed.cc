#include "ci/fresh_seed.h"

#include <cstdint>
#include <random>

namespace racewalk {

uint64_t FreshSeed() {
  std::random_device device;
  return ((uint64_t{device()} << 32) | device()) & ((uint64_t{1} << 48) - 1);
}

}  // namespace racewalk
