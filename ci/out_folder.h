// Names of files in the folder of `--out`, in which what was found is kept. It
// must be there already: MakeOutputFolder.
#ifndef RACEWALK_CI_OUT_FOLDER_H_
#define RACEWALK_CI_OUT_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// A label, which may be a whole scenario's text, as part of a file's name.
std::string FileStem(absl::string_view label);

struct FileOfAName {
  absl::string_view extension;  // ".scn"
  absl::string_view text;
};

// Writes `files`, at least one, side by side: as STEM with their extensions, or
// as STEM-2 and so on, and returns the path without an extension. An existing
// file is never touched. `what` they are is for the message.
// Error: what the system says, with the path.
absl::StatusOr<std::string> SaveTogether(absl::string_view folder, absl::string_view stem,
                                         const std::vector<FileOfAName>& files,
                                         absl::string_view what);

}  // namespace racewalk

#endif  // RACEWALK_CI_OUT_FOLDER_H_
