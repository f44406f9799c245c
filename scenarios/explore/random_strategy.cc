#include "scenarios/explore/random_strategy.h"

#include <bit>
#include <cstdint>

#include "core/platform/decisions.h"

namespace racewalk {

int RandomStrategy::Pick(const PickView& view) {
  uint32_t rest = view.enabled;
  const auto count = static_cast<uint32_t>(std::popcount(rest));
  // A step without a choice costs no random number.
  for (uint32_t skip = count > 1 ? rng_.Below(count) : 0; skip > 0; --skip) rest &= rest - 1;
  return std::countr_zero(rest);
}

uint32_t RandomStrategy::Choose(uint32_t n, Choice /*kind*/) { return rng_.Below(n); }

}  // namespace racewalk
