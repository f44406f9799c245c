// The kill table, scenarios/library/kills.tsv: what weakening each protocol
// point led to, with a token that replays it. Made by `racewalk mutants
// --update`, committed, and replayed by a test.
#ifndef RACEWALK_CI_KILL_TABLE_H_
#define RACEWALK_CI_KILL_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/mutant.h"

namespace racewalk {

struct Kill {
  MutantUnit unit{};
  MutantResult result{};
};

// What a table was made from, as FNV-1a in 16 hexadecimal digits. Comments and
// reasons do not count: only what can change a result.
struct KillInputs {
  std::string points{};   // of the points' names, kinds, orders and variants
  std::string library{};  // of the scenarios' names and canonical one-line texts
  bool operator==(const KillInputs&) const = default;
};
KillInputs CurrentKillInputs();

struct KillTable {
  KillInputs inputs{};
  std::string settings{};  // of the searches, in words: "seconds=60 seeds=1,2,3"
  std::vector<Kill> kills{};

  // Nullptr if there is no row of it.
  const MutantResult* Find(const MutantUnit& unit) const;
  // Replaces or adds the row; Arrange puts rows in order.
  void Set(const MutantUnit& unit, MutantResult result);
  // In the order of AllMutants, without those that are gone.
  void Arrange();
};

// One row: point, MMU, variant, kind, invariant, scenario, executions and
// seconds of each seed, token; tab-separated, "-" for nothing.
std::string FormatKill(const Kill& kill);
// Error: InvalidArgument.
absl::StatusOr<Kill> ParseKill(absl::string_view line);

std::string FormatKillTable(const KillTable& table);
// `path` is for messages. Error: InvalidArgument, one line with the place.
absl::StatusOr<KillTable> ParseKillTable(absl::string_view text, absl::string_view path);

// Written by people, scenarios/library/survivors.tsv: units that nothing kills,
// each with the reason. Rows of point, MMU, variant and a sentence; '#' begins
// a comment.
struct Survivor {
  MutantUnit unit{};
  std::string why{};
};
absl::StatusOr<std::vector<Survivor>> ParseSurvivors(absl::string_view text,
                                                     absl::string_view path);

}  // namespace racewalk

#endif  // RACEWALK_CI_KILL_TABLE_H_
