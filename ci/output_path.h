// Files and folders that a command is about to write: what cannot be written is
// refused before the work and not after it. No check creates or changes anything.
#ifndef RACEWALK_CI_OUTPUT_PATH_H_
#define RACEWALK_CI_OUTPUT_PATH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// In all of these `flag` is for the message, and a path of "" is fine: the flag
// was not given. "-" is refused: elsewhere it means standard output.
// Errors: InvalidArgument, one line with a remedy.

// A file that must not exist, in a folder that does and can be written to.
absl::Status CheckNewFile(absl::string_view flag, const std::string& path);

// Likewise, but a file that exists will be replaced.
absl::Status CheckWritableFile(absl::string_view flag, const std::string& path);

// A folder that can be written to, or can be made with those above it.
absl::Status CheckOutputFolder(absl::string_view flag, const std::string& path);

// Makes it, and those above it, unless it is there.
absl::Status MakeOutputFolder(absl::string_view flag, const std::string& path);

// Two files that must not be the same one, spelled or linked in whatever way.
absl::Status CheckDifferentFiles(absl::string_view flag, const std::string& path,
                                 absl::string_view other_flag, const std::string& other_path);

}  // namespace racewalk

#endif  // RACEWALK_CI_OUTPUT_PATH_H_
