// Which steps of an execution order which others, and which fail to because a
// protocol point was weakened.
#ifndef RACEWALK_CI_SYNCHRONIZATION_H_
#define RACEWALK_CI_SYNCHRONIZATION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/protocol.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {

// From a store to a load of another thread, both indices of Recording::events.
struct SyncEdge {
  enum class Kind : uint8_t {
    kOrdered,    // an acquire has read a release, or what read-modify-writes made of it
    kUnordered,  // it would have, were not the order of one of them weakened
    kUnseen,     // a weakened load missed the store, or missed a weakened store
  };
  Kind kind = Kind::kOrdered;
  std::size_t store = 0;
  std::size_t load = 0;
  point weakened = point::none;  // of the other two kinds
  // Of all that are not ordered, the one that the violation comes down to.
  bool missing = false;
};

// In the order of the loads. What happens before the first operation is left out.
std::vector<SyncEdge> SyncEdges(const Recording& recording);

// A sentence or two that say what the violation comes down to: the order that
// was missing or the step that was left out, with its reason; if nothing was
// weakened, the two racing places and what each side believed. "" if neither
// is known. `threads` are the names by index.
std::string Explanation(const Recording& recording, const std::vector<std::string>& threads);

}  // namespace racewalk

#endif  // RACEWALK_CI_SYNCHRONIZATION_H_
