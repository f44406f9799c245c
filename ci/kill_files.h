// The files of a source tree that hold what is known of mutants.
#ifndef RACEWALK_CI_KILL_FILES_H_
#define RACEWALK_CI_KILL_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ci/kill_table.h"

namespace racewalk {

struct KillFiles {
  std::string table{};       // scenarios/library/kills.tsv
  std::string survivors{};   // scenarios/library/survivors.tsv
  std::string page{};        // docs/kills.md
  std::string strategies{};  // docs/strategies.md
};
KillFiles FilesIn(const std::string& tree);

struct KnownKills {
  KillTable table{};
  std::vector<Survivor> survivors{};
};

// What is not there is empty. Error: InvalidArgument, one line: a file that
// cannot be read or is damaged.
absl::StatusOr<KnownKills> ReadKnownKills(const KillFiles& files);

// Error: InvalidArgument if the file could not be written: its folder is
// missing, or it is something else. `flag` is for the message.
absl::Status CheckWritable(const std::string& flag, const std::string& path);

}  // namespace racewalk

#endif  // RACEWALK_CI_KILL_FILES_H_
