// Names of files in the folder of `--out`, in which what was found is kept. It
// must be there already: MakeOutputFolder.
#ifndef RACEWALK_CI_OUT_FOLDER_H_
#define RACEWALK_CI_OUT_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// So many files that differ in a number only; whoever has more names another folder.
inline constexpr int kMostFilesOfAName = 100'000;

// A label, which may be a whole scenario's text, as part of a file's name.
std::string FileStem(absl::string_view label);

// Writes `text` to STEM.scn, or to STEM-2.scn and so on, and returns the path.
// An existing file is never touched. Error: what the system says, with the path.
absl::StatusOr<std::string> SaveScenario(absl::string_view folder, absl::string_view stem,
                                         absl::string_view text);

}  // namespace racewalk

#endif  // RACEWALK_CI_OUT_FOLDER_H_
