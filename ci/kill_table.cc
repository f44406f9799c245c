#include "ci/kill_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "ci/sentences.h"
#include "core/protocol.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/library.h"
#include "scenarios/nearest.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

constexpr absl::string_view kMadeBy =
    "# Made by racewalk mutants --update; do not edit. A row is what weakening a point in a "
    "variant "
    "leads to; the token replays it.\n";
constexpr absl::string_view kColumns =
    "point\tmmu\tvariant\tkind\tinvariant\tscenario\texecutions\tseconds\ttoken\n";
constexpr std::size_t kFields = 9;

std::string FromDash(absl::string_view text) { return text == "-" ? "" : std::string(text); }

bool ParseSearches(absl::string_view executions, absl::string_view seconds,
                   std::vector<MutantSearch>& searches) {
  for (absl::string_view word : absl::StrSplit(executions, ' ')) {
    uint64_t number = 0;
    MutantSearch search;
    if (word != "-") {
      if (!absl::SimpleAtoi(word, &number)) return false;
      search.executions = number;
    }
    searches.push_back(search);
  }
  std::size_t index = 0;
  for (absl::string_view word : absl::StrSplit(seconds, ' ')) {
    double number = 0;
    if (index == searches.size()) return false;
    MutantSearch& search = searches[index++];
    if (word == "-") continue;
    if (!absl::SimpleAtod(word, &number) || !(number >= 0)) return false;
    search.seconds = number;
  }
  return index == searches.size() || seconds == "-";
}

absl::Status BadLine(absl::string_view path, std::size_t number, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": ", what));
}

// "points=0123 library=4567".
void ParseInputs(absl::string_view text, KillInputs& inputs) {
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    if (absl::ConsumePrefix(&word, "points=")) {
      inputs.points = std::string(word);
    } else if (absl::ConsumePrefix(&word, "library=")) {
      inputs.library = std::string(word);
    }
  }
}

}  // namespace

KillInputs CurrentKillInputs() {
  std::string points;
  for (std::size_t i = 1; i < kPointCount; ++i) {
    const PointInfo& info = kPoints[i];
    absl::StrAppend(&points, std::string(info.name), " ", static_cast<int>(info.kind), " ",
                    static_cast<int>(info.strong), " ", static_cast<int>(info.weak), " ",
                    std::string(info.variant), "\n");
  }
  std::string library;
  for (const Scenario& scenario : Library()) {
    absl::StrAppend(&library, scenario.name, " ", PrintExplicit(scenario), "\n");
  }
  return {.points = FormatHex64(Fnv1a64(points)), .library = FormatHex64(Fnv1a64(library))};
}

const MutantResult* KillTable::Find(const MutantUnit& unit) const {
  const auto found =
      std::find_if(kills.begin(), kills.end(), [&](const Kill& kill) { return kill.unit == unit; });
  return found == kills.end() ? nullptr : &found->result;
}

void KillTable::Set(const MutantUnit& unit, MutantResult result) {
  const auto found =
      std::find_if(kills.begin(), kills.end(), [&](const Kill& kill) { return kill.unit == unit; });
  if (found == kills.end()) {
    kills.push_back({unit, std::move(result)});
  } else {
    found->result = std::move(result);
  }
}

void KillTable::Arrange() {
  std::vector<Kill> arranged;
  for (const MutantUnit& unit : AllMutants()) {
    if (const MutantResult* result = Find(unit)) arranged.push_back({unit, *result});
  }
  kills = std::move(arranged);
}

std::string FormatKill(const Kill& kill) {
  const MutantResult& result = kill.result;
  std::vector<std::string> executions;
  std::vector<std::string> seconds;
  for (const MutantSearch& search : result.searches) {
    executions.push_back(search.executions ? absl::StrCat(*search.executions) : "-");
    seconds.push_back(search.seconds ? SecondsText(*search.seconds) : "-");
  }
  if (executions.empty()) executions = seconds = {"-"};
  return absl::StrJoin(
      {kill.unit.point, kill.unit.mmu, kill.unit.variant, OrDash(result.kind),
       OrDash(result.invariant), OrDash(result.scenario), absl::StrJoin(executions, " "),
       absl::StrJoin(seconds, " "), OrDash(result.token)},
      "\t");
}

absl::StatusOr<Kill> ParseKill(absl::string_view line) {
  const std::vector<std::string> fields = absl::StrSplit(line, '\t');
  if (fields.size() != kFields) {
    return absl::InvalidArgumentError(
        absl::StrCat("found ", fields.size(), " columns, expected ", kFields));
  }
  for (const std::string& field : fields) {
    if (field.empty()) return absl::InvalidArgumentError("found an empty column, expected '-'");
  }
  Kill kill{.unit = {.point = fields[0], .mmu = fields[1], .variant = fields[2]}};
  kill.result.kind = FromDash(fields[3]);
  kill.result.invariant = FromDash(fields[4]);
  kill.result.scenario = FromDash(fields[5]);
  kill.result.token = FromDash(fields[8]);
  if (!ParseSearches(fields[6], fields[7], kill.result.searches)) {
    return absl::InvalidArgumentError(
        absl::StrCat("found ", Quoted(fields[6]), " and ", Quoted(fields[7]),
                     ", expected executions and seconds, a number or '-' for each seed"));
  }
  if (kill.result.kind.empty() != kill.result.token.empty()) {
    return absl::InvalidArgumentError("a violation has a token, and only a violation has one");
  }
  return kill;
}

std::string FormatKillTable(const KillTable& table) {
  std::string text(kMadeBy);
  absl::StrAppend(&text, "# inputs: points=", table.inputs.points,
                  " library=", table.inputs.library, "\n# settings: ", table.settings, "\n",
                  kColumns);
  for (const Kill& kill : table.kills) absl::StrAppend(&text, FormatKill(kill), "\n");
  return text;
}

absl::StatusOr<KillTable> ParseKillTable(absl::string_view text, absl::string_view path) {
  KillTable table;
  std::size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::ConsumePrefix(&line, "# inputs: ")) {
      ParseInputs(line, table.inputs);
    } else if (absl::ConsumePrefix(&line, "# settings: ")) {
      table.settings = std::string(line);
    } else if (!line.empty() && line[0] != '#' && !absl::StartsWith(line, "point\t")) {
      absl::StatusOr<Kill> kill = ParseKill(line);
      if (!kill.ok()) return BadLine(path, number, absl::string_view(kill.status().message()));
      if (table.Find(kill->unit) != nullptr) {
        return BadLine(path, number,
                       absl::StrCat("a second row of ", MutantName(kill->unit), "; delete one"));
      }
      table.kills.push_back(*std::move(kill));
    }
  }
  return table;
}

absl::StatusOr<std::vector<Survivor>> ParseSurvivors(absl::string_view text,
                                                     absl::string_view path) {
  const std::vector<MutantUnit> units = AllMutants();
  std::vector<Survivor> survivors;
  std::size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (fields.size() != 4 || fields[3].empty()) {
      return BadLine(path, number, "expected point, MMU, variant and a sentence, tab-separated");
    }
    Survivor survivor{.unit = {fields[0], fields[1], fields[2]}, .why = fields[3]};
    if (std::find(units.begin(), units.end(), survivor.unit) == units.end()) {
      return BadLine(path, number,
                     absl::StrCat("there is no unit ", MutantName(survivor.unit),
                                  "; racewalk list points --json shows all"));
    }
    survivors.push_back(std::move(survivor));
  }
  return survivors;
}

}  // namespace racewalk
