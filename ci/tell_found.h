// What a run found, told in full and made smaller.
#ifndef RACEWALK_CI_TELL_FOUND_H_
#define RACEWALK_CI_TELL_FOUND_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ci/console.h"
#include "ci/finding.h"
#include "ci/shrinker.h"
#include "ci/token_target.h"
#include "scenarios/bugs.h"

namespace racewalk {

// "bug X11 ...: what it is", and its story.
std::string BugText(const Bug& bug);

// A line for a kind of violation that the bug is not known to show as; "" if it is, or for no bug.
// A bug may show in another way: worth a look, not an error.
std::string UnexpectedKind(const Bug* bug, const Finding& finding);

// The violation with its timeline and how to replay it. `note` is lines about it, `files` such as
// "  trace: PATH\n"; either may be "".
std::string FullText(const Finding& finding, absl::string_view note, absl::string_view files);

struct ShrinkFoundOptions {
  int jobs = 1;
  uint64_t seed = 0;
  double seconds = 0;  // for all of them together; none is shrunk if it is not above 0
};

struct ShrunkFound {
  std::vector<std::optional<ShrinkResult>> shrunk{};  // as the findings: what there was time for
  bool interrupted = false;
  std::string internal_error{};  // "" for none; it ends the shrinking
};

// One after the other; those that need less leave more to the others. `told` is called with each
// result and its text. Must be called from a process of one thread in which no Explorer lives.
ShrunkFound ShrinkFindings(
    const std::vector<Finding>& findings, const ShrinkFoundOptions& options,
    const ExplorerFactory& factory, const Console& console,
    const std::function<void(std::size_t index, const ShrinkResult& result)>& told);

}  // namespace racewalk

#endif  // RACEWALK_CI_TELL_FOUND_H_
