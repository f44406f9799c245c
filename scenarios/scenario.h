// A scenario as a tree: what is raced, and what must hold.
//
// Values only; equality is equality of meaning (source positions and the name
// are not compared).
#ifndef RACEWALK_SCENARIOS_SCENARIO_H_
#define RACEWALK_SCENARIOS_SCENARIO_H_

#include <cstdint>
#include <string>
#include <vector>

namespace racewalk {

enum class MmuChoice : uint8_t { kTdp, kStage2, kAny };
enum class HostBacking : uint8_t { kSmall, kHuge };
enum class LoggingKind : uint8_t { kWriteProtect, kDirtyBit };
// How accesses are noted: by the processors in accessed and dirty bits, or,
// without such bits, by faults on permissions that ageing took away.
enum class AccessKind : uint8_t { kBits, kTracked };
// When dirty logging splits blocks: as it is turned on, or at the next write.
enum class SplitKind : uint8_t { kEager, kLazy };
enum class FlushKind : uint8_t { kAll, kRange };
enum class ThreadRole : uint8_t { kVcpu, kHost, kVmm };
enum class Access : uint8_t { kRead, kWrite, kExec };

// Guest frame numbers, both ends included.
struct GfnRange {
  uint32_t first = 0;
  uint32_t last = 0;
  bool operator==(const GfnRange&) const = default;
};

enum class Verb : uint8_t {
  // vcpu
  kRead,
  kWrite,
  kExec,
  kFault,
  kPrefetch,
  kLoadRoot,
  kPutRoot,
  kClose,
  // host
  kUnmap,
  kSwap,
  kMigrate,
  kAge,
  kTestYoung,
  kMakeHuge,
  kMakeSmall,
  kExitMm,
  // vmm
  kDirtyLogOn,
  kDirtyLogOff,
  kHarvest,
  kCollapse,
  kSplit,
  kWrprotect,
  kZapAll,
  kInvalidateRoots,
  kSlotAdd,
  kSlotDelete,
  kSlotMove,
  kDonate,
  kReclaim,
  kGpcActivate,
  kGpcRefresh,
  kGpcUse,
  kGpcDeactivate,
  kUnregister,
  kDestroy,
  // any role
  kRepeat,
  kSynchronizeRcu,
};

struct Operation {
  Verb verb = Verb::kRead;
  GfnRange range{};               // for words that take A or A..B
  Access access = Access::kRead;  // fault G r|w|x
  uint32_t number = 0;            // role, slot, or repeat count
  GfnRange target{};              // slot move: where to
  std::vector<Operation> body{};  // repeat
  uint32_t line = 0;              // position in the source, from 1; 0: none
  uint32_t column = 0;
  bool operator==(const Operation& o) const {
    return verb == o.verb && range == o.range && access == o.access && number == o.number &&
           target == o.target && body == o.body;
  }
};

struct ScenarioThread {
  ThreadRole role = ThreadRole::kVcpu;
  std::string name{};
  std::vector<Operation> operations{};
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const ScenarioThread& o) const {
    return role == o.role && name == o.name && operations == o.operations;
  }
};

enum class CheckVerb : uint8_t { kMapped, kUnmapped, kHuge, kYoung, kClean };

struct CheckLine {
  CheckVerb verb = CheckVerb::kMapped;
  GfnRange range{};
  bool operator==(const CheckLine&) const = default;
};

// Limits, checked by the parser; numbers are inclusive.
inline constexpr uint32_t kMaxFrames = 64;
inline constexpr uint32_t kMaxScenarioThreads = 5;
inline constexpr uint32_t kMaxRepeat = 64;
inline constexpr uint32_t kMaxRoles = 4;
inline constexpr uint32_t kMaxSlots = 8;
inline constexpr uint32_t kMaxOperations = 256;  // after repeats are unrolled
inline constexpr std::size_t kMaxScenarioBytes = 64 * 1024;

struct Scenario {
  std::string name{};     // library name or file stem; "" for text
  std::string summary{};  // the leading comment, one line
  MmuChoice mmu = MmuChoice::kAny;
  std::vector<std::string> variants{};  // empty: all of the MMU's
  uint32_t levels = 3;
  uint32_t index_bits = 1;
  uint32_t frames = 4;  // guest frames, at most 2^(levels*index_bits)
  HostBacking host = HostBacking::kSmall;
  LoggingKind logging = LoggingKind::kWriteProtect;
  AccessKind access_kind = AccessKind::kBits;
  SplitKind split = SplitKind::kEager;
  FlushKind flush = FlushKind::kAll;
  std::vector<GfnRange> slots{};    // empty: one slot over all frames
  std::vector<GfnRange> devices{};  // frames that are backed by a device's memory
  uint32_t roles = 1;
  std::vector<Operation> setup{};
  std::vector<ScenarioThread> threads{};
  std::vector<Operation> after{};
  std::vector<CheckLine> checks{};

  bool operator==(const Scenario& o) const {
    return mmu == o.mmu && variants == o.variants && levels == o.levels &&
           index_bits == o.index_bits && frames == o.frames && host == o.host &&
           logging == o.logging && access_kind == o.access_kind && split == o.split &&
           flush == o.flush && slots == o.slots && devices == o.devices && roles == o.roles &&
           setup == o.setup && threads == o.threads && after == o.after && checks == o.checks;
  }
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_SCENARIO_H_
