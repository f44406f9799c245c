// Whole files, read and written so that no reader ever sees half of one.
#ifndef RACEWALK_SCENARIOS_FILES_H_
#define RACEWALK_SCENARIOS_FILES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

enum class Overwrite : uint8_t { kRefuse, kAllow };

// Writes a temporary file beside `path`, syncs it and renames it: whenever the
// process is killed, `path` is absent, old or whole. Only a regular file is
// replaced (a symbolic link itself, not what it points to). Thread-safe.
// Errors, one line with the path: AlreadyExists (under kRefuse),
// FailedPrecondition if something else than a file is there, or what the
// system says. On error nothing is left behind.
absl::Status WriteFileAtomically(absl::string_view path, absl::string_view contents,
                                 Overwrite overwrite = Overwrite::kRefuse);

// Removes from a folder what a WriteFileAtomically that was killed left there: its temporary files
// of processes that are no more, if a minute old, since a process on another machine may write to
// the same folder. What cannot be removed stays.
void RemoveStaleTemporaries(const std::string& folder);

// Returns the whole file; pipes are read to their end. Thread-safe.
// Errors, one line with the path: InvalidArgument if it holds more than
// `max_bytes` or is a folder, NotFound and what else the system says.
absl::StatusOr<std::string> ReadFile(absl::string_view path, std::size_t max_bytes);

// The same of a regular file only, so that nobody waits for the other end of a pipe that lies in a
// folder: InvalidArgument for anything else.
absl::StatusOr<std::string> ReadRegularFile(absl::string_view path, std::size_t max_bytes);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_FILES_H_
