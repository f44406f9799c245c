// The token: one line from which an execution is repeated exactly.
//
//   SCENARIO#HASH@mmu[+variant...][+weaken=POINT,...][+bug=NAME]/strategy:params/seed=HEX64
//   fault_vs_unmap#1a2b3c4d@tdp+owned+weaken=table_publish/pct:3,n=3,k=58/seed=0123456789abcdef
//
// It is read from the right: the last '/' begins the seed, the one before it
// the strategy, the last '@' before that the MMU and what was changed in it,
// the last '#' before that the hash. None of these parts can hold the
// characters that follow it in this list, so that one reading is possible.
//
// Where every execution is run once (full, bound:k) a seed means nothing: the
// strategy is then `path:` and the execution's decisions (path.h), the seed 0:
//
//   ...@tdp+owned/path:0001a11/seed=0000000000000000
#ifndef RACEWALK_SCENARIOS_EXPLORE_TOKEN_H_
#define RACEWALK_SCENARIOS_EXPLORE_TOKEN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

inline constexpr std::size_t kMaxTokenBytes = 128 * 1024;

// Values only; not the lexer's Token. What each part may hold is in subject_words.h.
struct ReplayToken {
  std::string scenario{};             // a library name, or one-line text
  std::string hash{};                 // of the scenario: 8 lower-case hexadecimal digits
  std::string mmu{};                  // "tdp" or "stage2"
  std::string variant{};              // '+'-separated where variants combine; may be ""
  std::vector<std::string> weaken{};  // names of points, in the order given
  std::string bug{};                  // "" for none
  std::string strategy{};             // Strategy::spec()
  uint64_t key = 0;                   // of the execution, see ExecutionKey
  bool operator==(const ReplayToken&) const = default;
};

// Returns the token as one line without a line end. The parts are written as
// they are: of parts that ParseToken would refuse it makes a line that it refuses.
std::string FormatToken(const ReplayToken& token);

// Spaces and line ends around the token are ignored. ParseToken(FormatToken(t))
// is t. Neither the hash nor the strategy is checked against anything.
// Error: InvalidArgument, one line with the column, from 1, and a remedy.
absl::StatusOr<ReplayToken> ParseToken(absl::string_view text);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_TOKEN_H_
