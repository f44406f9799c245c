// Words for error messages: the nearest valid name, and input quoted safely.
//
// Pure and thread-safe. Nothing here fails, whatever the bytes given.
#ifndef RACEWALK_SCENARIOS_NEAREST_H_
#define RACEWALK_SCENARIOS_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

// Returns the candidate that `word` is most likely a slip of: the fewest
// insertions, deletions, substitutions and swaps of neighbours, at most a
// third of its length (at least one). Letter case, and the difference of '-'
// and '_', do not count. Failing that, a candidate that begins with `word`.
// The first wins a tie. Returns "" if nothing is near or `word` is longer than
// 64 bytes.
std::string Nearest(absl::string_view word, const std::vector<std::string>& candidates);

// Returns "; did you mean 'x'?", or "" if nothing is near.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& candidates);

// Returns `word` in single quotes on one line: bytes that do not print are
// escaped, and what exceeds 40 bytes is cut and shown as "...".
std::string Quoted(absl::string_view word);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_NEAREST_H_
