// Scenarios from scenarios, one change at a time.
#ifndef RACEWALK_FUZZ_MUTATE_H_
#define RACEWALK_FUZZ_MUTATE_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "fuzz/fit.h"
#include "scenarios/rng.h"
#include "scenarios/subject.h"
#include "scenarios/words.h"

namespace racewalk {

enum class Mutation : uint8_t {
  kInsert,        // a new operation
  kDelete,        // an operation, or all from one on in its list
  kDuplicate,     // an operation, next to itself or elsewhere
  kMove,          // an operation, to another thread or within its own
  kSwap,          // two operations of a list, or the lists of two threads of a role
  kWord,          // another word in an operation's place, with its frames where it takes some
  kFrames,        // which frames an operation, a slot's target or a device has
  kNumber,        // access, slot, role, or how often something is repeated
  kRepeat,        // an operation becomes a repeat of itself, or a repeat its body
  kSetting,       // a header that is neither MMU nor variant
  kVariant,       // another variant of the same MMU
  kMmu,           // the other MMU; words that it lacks go
  kAddThread,     // a new one, or part of one that is there
  kRemoveThread,  // a thread, which may leave its operations to another of its role
};

inline constexpr std::array<Spelling<Mutation>, 14> kMutations{
    {{Mutation::kInsert, "insert"},
     {Mutation::kDelete, "delete"},
     {Mutation::kDuplicate, "duplicate"},
     {Mutation::kMove, "move"},
     {Mutation::kSwap, "swap"},
     {Mutation::kWord, "word"},
     {Mutation::kFrames, "frames"},
     {Mutation::kNumber, "number"},
     {Mutation::kRepeat, "repeat"},
     {Mutation::kSetting, "setting"},
     {Mutation::kVariant, "variant"},
     {Mutation::kMmu, "mmu"},
     {Mutation::kAddThread, "add_thread"},
     {Mutation::kRemoveThread, "remove_thread"}}};

// Returns what was done. The subject must pass CheckSubject; it still does, as
// Fit leaves it, within the limits or no larger than it was, and has another
// meaning. The same for the same state of `rng`; `weakened` stays as it is.
Mutation Mutate(Subject& subject, const Limits& limits, Rng& rng);

// As Mutate, by a change of one kind. False if none of some tries was valid:
// then nothing has changed but what Fit changes.
bool MutateBy(Mutation kind, Subject& subject, const Limits& limits, Rng& rng);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_MUTATE_H_
