// What the host's memory is made of: an entry of its page table, and a frame.
#ifndef RACEWALK_SCENARIOS_MACHINE_HOST_FRAME_H_
#define RACEWALK_SCENARIOS_MACHINE_HOST_FRAME_H_

#include <atomic>
#include <cstdint>

#include "core/geometry.h"
#include "core/platform/platform.h"
#include "core/tables/ghost.h"
#include "core/tables/life.h"
#include "scenarios/machine/oracle_word.h"

namespace racewalk {

enum class GuestAccess : uint8_t { kRead, kWrite, kFetch };

// A host page-table entry; pfn 0: nothing there. A huge page has one entry
// for each of its frames, so that they are looked up like any other.
template <Platform P>
struct HostEntry {
  static constexpr uint64_t kHuge = uint64_t{1} << 32;
  static constexpr uint64_t kHeld = uint64_t{1} << 33;

  uint64_t raw = 0;
  [[no_unique_address]] typename P::Ghost ghost{};

  friend bool operator==(const HostEntry& a, const HostEntry& b) { return a.raw == b.raw; }
  uint64_t bits() const { return raw; }
  Pfn pfn() const { return static_cast<Pfn>(raw); }
  bool present() const { return pfn() != kNoPfn; }
  bool huge() const { return (raw & kHuge) != 0; }
  // The host is changing it, and lookups wait.
  bool held() const { return (raw & kHeld) != 0; }
};

template <Platform P>
struct HostFrame {
  explicit HostFrame(uint32_t pfn)
      : life(WordName{"page_life", pfn}),
        references(0, WordName{"page_references", pfn}),
        dirty(false, WordName{"page_dirty", pfn, 0, ValueType::kBool}) {}

  // Allocated with one reference, of the entry that will map it.
  void Begin(Hva at, uint32_t its_stamp, uint64_t its_contents) {
    life.Begin();
    address = at;
    stamp = its_stamp;
    contents = its_contents;
    revoked = false;
    taken_back = false;
    written = false;
    host_dirty = false;
    clean = false;
    dirty.initialize(false);
    references.initialize(1);
  }

  // False if the last reference has gone.
  bool TryGet() {
    int32_t count = references.load(std::memory_order_relaxed);
    while (count > 0) {
      if (references.compare_exchange(count, count + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  LifeWord<P> life;
  typename P::template Atomic<int32_t> references;
  typename P::template Atomic<bool> dirty;  // the host has been told that it was written
  // Oracle state.
  OracleWord<P, Hva> address;
  OracleWord<P, uint32_t> stamp;  // of the allocation; the frames of a huge page have the same
  OracleWord<P, uint64_t> contents;
  OracleWord<P, bool> revoked;     // an invalidation of it has returned to the host
  OracleWord<P, bool> taken_back;  // the host has unmapped it or moved it away
  OracleWord<P, bool> written;     // since the host last saved it
  OracleWord<P, bool> clean;       // no cache hides its contents from instruction fetches
  OracleWord<P, bool> host_dirty;  // and the host's own entry says so
  OracleWord<P, bool> device;      // a device's memory: its one reference is the driver's
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_MACHINE_HOST_FRAME_H_
