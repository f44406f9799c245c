// Where files are that messages name without their folders.
#ifndef RACEWALK_CI_REPORT_SOURCE_PATHS_H_
#define RACEWALK_CI_REPORT_SOURCE_PATHS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace racewalk {

// Of all folders but ci/, from the top of the tree, as the build found them.
absl::Span<const absl::string_view> SourcePaths();

struct SourcePlace {
  std::vector<std::string> paths{};  // that it may be; the file's name if none is known
  uint64_t line = 0;                 // from 1
};

// Of "roots.h:71", seen on an MMU: the other MMU's files are not meant, and of files of one name
// the MMU's own comes first. No path and line 0 for what is no place.
SourcePlace FindPlace(absl::string_view place, absl::string_view mmu, bool explored);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_SOURCE_PATHS_H_
