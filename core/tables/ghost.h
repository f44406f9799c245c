// A ghost is the generation of what an entry points to, carried along with the
// entry where the world keeps generations, so that following a stale entry
// shows even when the frame has a new owner.
#ifndef RACEWALK_CORE_TABLES_GHOST_H_
#define RACEWALK_CORE_TABLES_GHOST_H_

#include <cstdint>

#include "core/platform/platform.h"

namespace racewalk {

template <Platform P>
typename P::Ghost MakeGhost([[maybe_unused]] uint32_t generation) {
  if constexpr (P::kExplored) {
    return {generation};
  } else {
    return {};
  }
}

// Whether `ghost` was made when the frame had this generation; natively unknown: true.
template <Platform P>
bool GhostMatches([[maybe_unused]] typename P::Ghost ghost, [[maybe_unused]] uint32_t generation) {
  if constexpr (P::kExplored) {
    return ghost.generation == generation;
  } else {
    return true;
  }
}

}  // namespace racewalk

#endif  // RACEWALK_CORE_TABLES_GHOST_H_
