// Random choices in the words of whoever makes them.
#ifndef RACEWALK_FUZZ_DRAW_H_
#define RACEWALK_FUZZ_DRAW_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "scenarios/rng.h"
#include "scenarios/words.h"

namespace racewalk {

// Both ends included; low <= high.
inline uint32_t Between(Rng& rng, uint32_t low, uint32_t high) {
  return low + rng.Below(high - low + 1);
}

// True once in `n` times; n >= 1.
inline bool OneIn(Rng& rng, uint32_t n) { return rng.Below(n) == 0; }

// An index of something that is not empty.
template <typename Container>
std::size_t DrawIndex(Rng& rng, const Container& container) {
  return rng.Below(static_cast<uint32_t>(container.size()));
}

template <typename T>
const T& DrawFrom(Rng& rng, const std::vector<T>& choices) {
  return choices[DrawIndex(rng, choices)];
}

template <typename E, std::size_t n>
E DrawFrom(Rng& rng, const std::array<Spelling<E>, n>& table) {
  return table[rng.Below(n)].value;
}

// An index, each as likely as its weight; the weights' sum fits 32 bits and is not 0.
inline std::size_t DrawWeighted(Rng& rng, absl::Span<const uint32_t> weights) {
  uint32_t sum = 0;
  for (const uint32_t weight : weights) sum += weight;
  uint32_t left = rng.Below(sum);
  std::size_t i = 0;
  while (left >= weights[i]) left -= weights[i++];
  return i;
}

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_DRAW_H_
