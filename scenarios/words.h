// Every word of the scenario language, once. The parser, the printer, the
// validator and whoever lists or invents words all read these tables.
#ifndef RACEWALK_SCENARIOS_WORDS_H_
#define RACEWALK_SCENARIOS_WORDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "scenarios/scenario.h"

namespace racewalk {

// A value and how it is written.
template <typename E>
struct Spelling {
  E value;
  absl::string_view text;
};

inline constexpr std::array<Spelling<MmuChoice>, 3> kMmuSpellings{
    {{MmuChoice::kTdp, "tdp"}, {MmuChoice::kStage2, "stage2"}, {MmuChoice::kAny, "any"}}};
inline constexpr std::array<Spelling<HostBacking>, 2> kHostSpellings{
    {{HostBacking::kHuge, "huge"}, {HostBacking::kSmall, "small"}}};
inline constexpr std::array<Spelling<LoggingKind>, 2> kLoggingSpellings{
    {{LoggingKind::kWriteProtect, "wrprot"}, {LoggingKind::kDirtyBit, "dirty_bit"}}};
inline constexpr std::array<Spelling<AccessKind>, 2> kAccessKindSpellings{
    {{AccessKind::kBits, "bits"}, {AccessKind::kTracked, "tracked"}}};
inline constexpr std::array<Spelling<SplitKind>, 2> kSplitSpellings{
    {{SplitKind::kEager, "eager"}, {SplitKind::kLazy, "lazy"}}};
inline constexpr std::array<Spelling<FlushKind>, 2> kFlushSpellings{
    {{FlushKind::kAll, "all"}, {FlushKind::kRange, "range"}}};
inline constexpr std::array<Spelling<ThreadRole>, 3> kRoleSpellings{
    {{ThreadRole::kVcpu, "vcpu"}, {ThreadRole::kHost, "host"}, {ThreadRole::kVmm, "vmm"}}};
inline constexpr std::array<Spelling<Access>, 3> kAccessSpellings{
    {{Access::kRead, "r"}, {Access::kWrite, "w"}, {Access::kExec, "x"}}};

enum class Header : uint8_t {
  kMmu,
  kVariant,
  kGeometry,
  kFrames,
  kHost,
  kLogging,
  kAccess,
  kSplit,
  kFlush,
  kSlots,
  kRoles,
  kDevice,
};
inline constexpr std::array<Spelling<Header>, 12> kHeaderSpellings{{{Header::kMmu, "mmu"},
                                                                    {Header::kVariant, "variant"},
                                                                    {Header::kGeometry, "geometry"},
                                                                    {Header::kFrames, "frames"},
                                                                    {Header::kHost, "host"},
                                                                    {Header::kLogging, "logging"},
                                                                    {Header::kAccess, "access"},
                                                                    {Header::kSplit, "split"},
                                                                    {Header::kFlush, "flush"},
                                                                    {Header::kSlots, "slots"},
                                                                    {Header::kRoles, "roles"},
                                                                    {Header::kDevice, "device"}}};

// The blocks that are no thread.
enum class Block : uint8_t { kSetup, kAfter, kCheck };
inline constexpr std::array<Spelling<Block>, 3> kBlockSpellings{
    {{Block::kSetup, "setup"}, {Block::kAfter, "after"}, {Block::kCheck, "check"}}};

template <typename E, std::size_t n>
constexpr absl::string_view SpellingOf(const std::array<Spelling<E>, n>& table, E value) {
  for (const Spelling<E>& spelling : table) {
    if (spelling.value == value) return spelling.text;
  }
  return "?";
}

template <typename E, std::size_t n>
constexpr std::optional<E> ValueOf(const std::array<Spelling<E>, n>& table,
                                   absl::string_view text) {
  for (const Spelling<E>& spelling : table) {
    if (spelling.text == text) return spelling.value;
  }
  return std::nullopt;
}

// For a name that has been checked.
constexpr MmuChoice MmuNamed(absl::string_view name) {
  return ValueOf(kMmuSpellings, name).value_or(MmuChoice::kTdp);
}

template <typename E, std::size_t n>
std::vector<std::string> TextsOf(const std::array<Spelling<E>, n>& table) {
  std::vector<std::string> texts;
  for (const Spelling<E>& spelling : table) texts.emplace_back(spelling.text);
  return texts;
}

// What follows a word, and the fields of Operation that hold it.
enum class Operands : uint8_t {
  kNone,
  kFrame,         // A                range, of one frame
  kFrames,        // A or A..B        range
  kFramesAccess,  // A..B r|w|x       range, access
  kOptionalRole,  // [ROLE]           number; 0 if left out
  kOptionalSlot,  // [SLOT]           number; 0 if left out
  kSlot,          // SLOT             number
  kSlotFrames,    // SLOT A..B        number, range
  kSlotTarget,    // SLOT A..B        number, target
  kRepeat,        // N { ... }        number, body
};

// The operands as a person would be told them: "A or A..B"; "" for none.
absl::string_view Describe(Operands operands);

using RoleSet = uint8_t;
constexpr RoleSet RoleBit(ThreadRole role) {
  return static_cast<RoleSet>(1u << static_cast<unsigned>(role));
}
inline constexpr RoleSet kAnyRole =
    RoleBit(ThreadRole::kVcpu) | RoleBit(ThreadRole::kHost) | RoleBit(ThreadRole::kVmm);

// How a word takes part in the preconditions that a kernel enforces.
enum class Effect : uint8_t {
  kOrdinary,
  kGuestAccess,   // runs the guest, or gets it ready to run
  kCacheAccess,   // the hypervisor uses guest memory: as kGuestAccess, by the VMM
  kClosesVcpu,    // its vCPU can do nothing more
  kNeedsMemory,   // by the owner of the address space: not beside or after its end
  kEndsMemory,    // the address space goes: no guest access beside it or later; once
  kEndsNotifier,  // the MMU hears no more of the host: as kEndsMemory, counted on its own
  kEndsVm,        // the VM goes: as kEndsMemory, and nothing of the vmm later; once
};

struct Word {
  Verb verb;
  absl::string_view first;   // "dirty_log"
  absl::string_view second;  // "on", or "" for a word of one part
  RoleSet roles;             // threads that may say it; setup and after may say all
  Operands operands;
  Effect effect;
  absl::string_view meaning;
};

// In the order of Verb.
absl::Span<const Word> Words();
const Word& WordOf(Verb verb);
// "dirty_log on".
std::string SpellingOf(const Word& word);
// "vmm", "vcpu or host"; "any".
std::string SpellingOf(RoleSet roles);

// The distinct first parts of the words that any of `roles` may say.
std::vector<std::string> FirstParts(RoleSet roles);

struct CheckWord {
  CheckVerb verb;
  absl::string_view text;
  Operands operands;  // kFrame or kFrames
  absl::string_view meaning;
};

// In the order of CheckVerb.
absl::Span<const CheckWord> CheckWords();
const CheckWord& WordOf(CheckVerb verb);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_WORDS_H_
