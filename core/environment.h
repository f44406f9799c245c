// What is outside of an MMU: the processors it serves and the host whose
// memory it maps. The scenario machine implements it; so would an embedder.
#ifndef RACEWALK_CORE_ENVIRONMENT_H_
#define RACEWALK_CORE_ENVIRONMENT_H_

#include <cstdint>

#include "core/geometry.h"

namespace racewalk {

// A guest page that the host has looked up, with one reference held.
struct HostPage {
  Pfn pfn = kNoPfn;         // kNoPfn: the host has nothing there
  uint32_t generation = 0;  // of the frame, where the world keeps one
  bool writable = false;
};

// Thread-safe. None of these calls takes a lock of the MMU's.
class Environment {
 public:
  virtual ~Environment() = default;

  // Translates gfn by the host's page table, bringing the page in if needed.
  // May sleep: no lock of the MMU may be held.
  virtual HostPage FaultIn(Gfn gfn, bool write) = 0;
  // Gives the reference back; `dirty`: the host must not drop the contents.
  virtual void ReleasePage(const HostPage& page, bool dirty) = 0;
  // What the hardware has noted in an entry that is going away (ad_at_zap).
  virtual void MarkPage(Pfn pfn, bool accessed, bool dirty) = 0;

  // Drops all cached translations of vCPU `vcpu`, which the caller runs.
  virtual void FlushOwnTlb(int vcpu) = 0;
  // Interrupts vCPU `vcpu`; returns when the hardware part of what it was
  // doing in guest mode is over.
  virtual void Interrupt(int vcpu) = 0;
  // The hardware loads root `table` (kNoPfn: none).
  virtual void SetHardwareRoot(int vcpu, Pfn table) = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_ENVIRONMENT_H_
