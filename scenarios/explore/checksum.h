// FNV-1a, 64 bits: tells a cut or edited file from the one that was written.
// (Fowler, Noll and Vo; RFC 9923.) It is no protection against intent.
#ifndef RACEWALK_SCENARIOS_EXPLORE_CHECKSUM_H_
#define RACEWALK_SCENARIOS_EXPLORE_CHECKSUM_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace racewalk {

constexpr uint64_t Fnv1a64(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_CHECKSUM_H_
