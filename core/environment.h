// What is outside of an MMU: the processors it serves and the host whose
// memory it maps. The scenario machine implements it; so would an embedder.
#ifndef RACEWALK_CORE_ENVIRONMENT_H_
#define RACEWALK_CORE_ENVIRONMENT_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "core/geometry.h"

namespace racewalk {

// A guest page that the host has looked up, with one reference held.
struct HostPage {
  Pfn pfn = kNoPfn;         // kNoPfn: the host has nothing there
  uint32_t generation = 0;  // of the frame, where the world keeps one
  bool writable = false;
  bool counted = true;  // false: the frame has no count of its users, and no reference is held
};

// A host page that is mapped for the hypervisor's own use (kernel: khva).
using HostMapping = uint64_t;
inline constexpr HostMapping kNoMapping = 0;

// Thread-safe. None of these calls takes a lock of the MMU's.
class Environment {
 public:
  virtual ~Environment() = default;

  // Translates `address` by the host's page table, bringing the page in if
  // needed. May sleep: no lock of the MMU may be held.
  virtual HostPage FaultIn(Hva address, bool write) = 0;
  // The level at which the host maps `address` now, from 1. It stays so for as
  // long as the MMU lock is held and no invalidation of it is in progress.
  virtual int MappingLevel(Hva address) = 0;
  // Gives the reference back; `dirty`: the host must not drop the contents.
  // Only of pages that are counted.
  virtual void ReleasePage(const HostPage& page, bool dirty) = 0;
  // For v14 (core/vm/state.h), whose entries hold references of their own.
  // Whether the frame's users are counted (kernel: it has a struct page, and that
  // is refcounted); a device's memory has no such count.
  virtual bool IsCounted(Pfn pfn) = 0;
  // Only of frames that are counted. Get: the caller knows of another reference.
  virtual void GetPage(Pfn pfn) = 0;
  virtual void PutPage(Pfn pfn) = 0;
  // What the hardware has noted in an entry that is going away (ad_at_zap).
  virtual void MarkPage(Pfn pfn, bool accessed, bool dirty) = 0;

  // Makes the page's contents visible to instruction fetches. Only where the
  // processors' instruction fetches do not see writes by themselves.
  virtual void CleanPage(Pfn pfn) = 0;
  // Maps `page`, to which the caller has a reference, for the hypervisor's own
  // use. The mapping holds none: whoever has it must stop when the host takes
  // the page back, and unmap it once. Both may sleep.
  virtual HostMapping MapPage(const HostPage& page) = 0;
  virtual void UnmapPage(HostMapping mapping) = 0;
  // Writes the page; not after UnmapPage.
  virtual void WriteMapping(HostMapping mapping) = 0;

  // Calls visit(gfn) for what vCPU `vcpu`, which the caller runs, has put into
  // its page-modification log, and empties that. Only with a log.
  virtual void DrainLog(int vcpu, absl::FunctionRef<void(Gfn)> visit) = 0;

  // Drops all cached translations of vCPU `vcpu`, which the caller runs.
  virtual void FlushOwnTlb(int vcpu) = 0;
  // Drops what vCPU `vcpu` has cached for guest frames [first, last], pointers to
  // tables included; returns when a walk that had begun before cannot cache
  // anything any more, unless `wait_for_walks` is false (only when weakened).
  virtual void FlushRange(int vcpu, Gfn first, Gfn last, bool wait_for_walks) = 0;
  // Interrupts vCPU `vcpu`; returns when the hardware part of what it was
  // doing in guest mode is over.
  virtual void Interrupt(int vcpu) = 0;
  // The hardware loads root `table` (kNoPfn: none).
  virtual void SetHardwareRoot(int vcpu, Pfn table) = 0;
};

}  // namespace racewalk

#endif  // RACEWALK_CORE_ENVIRONMENT_H_
