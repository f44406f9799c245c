// The shape of a VM's tables at one moment, for whoever counts the shapes that occur.
#ifndef RACEWALK_SCENARIOS_MACHINE_VM_SHAPE_H_
#define RACEWALK_SCENARIOS_MACHINE_VM_SHAPE_H_

#include <cstdint>

#include "scenarios/scenario.h"

namespace racewalk {

// Of a destroyed VM all is 0.
struct VmShape {
  uint32_t depth = 0;          // levels of tables, the deepest of any root
  uint32_t tables = 0;         // that can be reached from a root, roots included
  uint32_t blocks = 0;         // leaves above the lowest level
  uint32_t valid_roots = 0;    // listed
  uint32_t invalid_roots = 0;  // listed, on their way out
  uint32_t startable = 0;      // RCU callbacks whose grace period may start
  uint32_t runnable = 0;       // those that may run
  bool operator==(const VmShape&) const = default;
};

// Plain memory, and there only for who asks: what is explored does not depend on it.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // The running thread begins an operation.
  virtual void Begins(int thread, Verb verb) = 0;
  // A thread's operation has returned, others may be in the middle of theirs. On
  // a fiber: small frames, no formatting.
  virtual void Saw(const VmShape& shape) = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_VM_SHAPE_H_
