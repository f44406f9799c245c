// Pauses that threads make of their own.
#ifndef RACEWALK_SANITIZERS_NOISE_H_
#define RACEWALK_SANITIZERS_NOISE_H_

#include <cstdint>

namespace racewalk {

enum class NoiseKind : uint8_t { kNone, kYield, kDelay };

// Pauses at protocol points and atomic accesses, which widen windows.
struct Noise {
  NoiseKind kind = NoiseKind::kYield;
  uint32_t per_mille = 20;  // of those at which a thread pauses
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_NOISE_H_
