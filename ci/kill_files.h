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

// What a run knows of the kills, for the tree.
struct KillUpdate {
  std::vector<Kill> found{};           // replace the rows of their units
  std::vector<MutantUnit> verified{};  // whose rows were replayed, and stay
  std::string settings{};              // of the searches; "" if there were none
  bool ended = false;                  // not cut short: the page is written too
};

// Other rows stay as they were, and then the table does not claim to be made of
// the points and the library of this program. Error: what the system says.
absl::Status WriteKills(const KillFiles& files, const KnownKills& known, const KillUpdate& update);

}  // namespace racewalk

#endif  // RACEWALK_CI_KILL_FILES_H_
