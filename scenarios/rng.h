// The generator behind every random decision: ours, so that a token gives the
// same execution with every standard library.
#ifndef RACEWALK_SCENARIOS_RNG_H_
#define RACEWALK_SCENARIOS_RNG_H_

#include <array>
#include <bit>
#include <cstdint>

namespace racewalk {

// A bijection of 64-bit words in which each bit of the input changes about
// half of the output's: one step of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
constexpr uint64_t Mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64 as its
// authors advise. Thread-compatible; allocates nothing; 32 bytes.
class Rng {
 public:
  constexpr explicit Rng(uint64_t key = 0) { Seed(key); }

  // Starts again as if made with `key`; every key is good, 0 included.
  constexpr void Seed(uint64_t key) {
    for (uint64_t& word : state_) {
      word = Mix64(key);
      key += 0x9e3779b97f4a7c15;
    }
  }

  // Returns 64 uniform bits; the period is 2^256 - 1.
  constexpr uint64_t Next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Returns a value in [0, n), every one equally likely; n >= 1.
  // Multiply and reject (Lemire, ACM TOMACS 29(1), 2019).
  constexpr uint32_t Below(uint32_t n) {
    uint64_t product = (Next() >> 32) * n;
    if (static_cast<uint32_t>(product) < n) {
      const uint32_t reject = (0u - n) % n;
      while (static_cast<uint32_t>(product) < reject) product = (Next() >> 32) * n;
    }
    return static_cast<uint32_t>(product >> 32);
  }

 private:
  std::array<uint64_t, 4> state_{};
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_RNG_H_
