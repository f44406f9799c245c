#include "ci/kill_files.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/mutants_summary.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

// A token may be long, 128 KiB, and there are some hundred.
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

// "" if there is no such file.
absl::StatusOr<std::string> ReadIfThere(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kMostBytes);
  if (text.ok()) return text;
  if (absl::IsNotFound(text.status())) return std::string();
  const auto message = text.status().message();
  return absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
}

}  // namespace

KillFiles FilesIn(const std::string& tree) {
  const std::filesystem::path root(tree);
  return {.table = (root / "scenarios/library/kills.tsv").lexically_normal().string(),
          .survivors = (root / "scenarios/library/survivors.tsv").lexically_normal().string(),
          .page = (root / "docs/kills.md").lexically_normal().string(),
          .strategies = (root / "docs/strategies.md").lexically_normal().string()};
}

absl::StatusOr<KnownKills> ReadKnownKills(const KillFiles& files) {
  KnownKills known;
  absl::StatusOr<std::string> text = ReadIfThere(files.table);
  if (!text.ok()) return text.status();
  absl::StatusOr<KillTable> table = ParseKillTable(*text, files.table);
  if (!table.ok()) return table.status();
  known.table = *std::move(table);
  text = ReadIfThere(files.survivors);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<Survivor>> survivors = ParseSurvivors(*text, files.survivors);
  if (!survivors.ok()) return survivors.status();
  known.survivors = *std::move(survivors);
  return known;
}

absl::Status WriteKills(const KillFiles& files, const KnownKills& known, const KillUpdate& update) {
  KillTable table = known.table;
  std::set<std::string> good;
  for (const MutantUnit& unit : update.verified) good.insert(MutantName(unit));
  for (const Kill& kill : update.found) {
    table.Set(kill.unit, kill.result);
    good.insert(MutantName(kill.unit));
  }
  table.Arrange();
  const std::vector<MutantUnit> all = AllMutants();
  const bool whole = std::all_of(all.begin(), all.end(), [&](const MutantUnit& unit) {
    return good.contains(MutantName(unit));
  });
  if (update.ended && whole) table.inputs = CurrentKillInputs();
  if (!update.settings.empty()) table.settings = update.settings;
  absl::Status status = WriteFileAtomically(files.table, FormatKillTable(table), Overwrite::kAllow);
  if (!status.ok() || !update.ended) return status;
  return WriteFileAtomically(files.page, KillPage(table, known.survivors), Overwrite::kAllow);
}

}  // namespace racewalk
