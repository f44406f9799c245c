#include "ci/campaign/engine.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/wire.h"

namespace racewalk {
namespace {

void WriteViolation(const SeenViolation& violation, WireWriter& writer) {
  writer.Texts({violation.kind, violation.invariant, violation.place, violation.other_place,
                violation.points, violation.sentence, violation.explanation, violation.token,
                violation.timeline, violation.trace});
  writer.Numbers({violation.steps, violation.count});
}

bool ReadViolation(WireReader& reader, SeenViolation& violation) {
  std::vector<std::string> texts = reader.Texts();
  const std::vector<uint64_t> numbers = reader.Numbers();
  if (texts.size() != 10 || numbers.size() != 2) return false;
  violation = {.kind = std::move(texts[0]),
               .invariant = std::move(texts[1]),
               .place = std::move(texts[2]),
               .other_place = std::move(texts[3]),
               .points = std::move(texts[4]),
               .sentence = std::move(texts[5]),
               .explanation = std::move(texts[6]),
               .steps = numbers[0],
               .token = std::move(texts[7]),
               .timeline = std::move(texts[8]),
               .trace = std::move(texts[9]),
               .count = numbers[1]};
  return true;
}

}  // namespace

std::string UnitName(const CampaignUnit& unit) {
  std::string name = unit.engine;
  for (const std::string* word :
       {&unit.weaken, &unit.scenario, &unit.mmu, &unit.variant, &unit.strategy}) {
    if (!word->empty()) absl::StrAppend(&name, " ", *word);
  }
  return name;
}

std::string ClassOf(const SeenViolation& violation, absl::string_view weaken) {
  std::string name = absl::StrCat(violation.kind, "|", violation.invariant, "|");
  if (!weaken.empty()) return absl::StrCat(name, weaken);
  const auto [first, second] = std::minmax(violation.place, violation.other_place);
  return absl::StrCat(name, first, "|", second);
}

void AddViolation(SeenViolation seen, absl::string_view weaken,
                  std::vector<SeenViolation>& violations) {
  const std::string name = ClassOf(seen, weaken);
  for (SeenViolation& known : violations) {
    if (ClassOf(known, weaken) != name) continue;
    seen.count += known.count;
    if (std::pair(seen.token.empty(), seen.steps) < std::pair(known.token.empty(), known.steps)) {
      known = std::move(seen);
    } else {
      known.count = seen.count;
    }
    return;
  }
  violations.push_back(std::move(seen));
}

std::string FormatChunkOutcome(const ChunkOutcome& outcome) {
  WireWriter writer;
  writer.Text(outcome.problem);
  writer.Numbers({outcome.executions, outcome.steps, outcome.distinct, outcome.nanoseconds,
                  uint64_t{outcome.retire}, outcome.violations.size(),
                  uint64_t{outcome.mutant.has_value()}, outcome.corpus.size()});
  for (const SeenViolation& violation : outcome.violations) WriteViolation(violation, writer);
  if (outcome.mutant) {
    const MutantOutcome& mutant = *outcome.mutant;
    writer.Numbers({uint64_t{mutant.killed}, mutant.executions, mutant.nanoseconds});
    writer.Texts({mutant.scenario, mutant.kind, mutant.token});
  }
  for (const StoredInput& entry : outcome.corpus) {
    writer.Text(entry.text);
    writer.Number(entry.features);
  }
  return writer.Take();
}

absl::StatusOr<ChunkOutcome> ParseChunkOutcome(absl::string_view message) {
  const absl::Status damaged = absl::InternalError("a worker sent a damaged result");
  WireReader reader(message);
  ChunkOutcome outcome;
  outcome.problem = reader.Text();
  const std::vector<uint64_t> numbers = reader.Numbers();
  if (numbers.size() != 8) return damaged;
  outcome.executions = numbers[0];
  outcome.steps = numbers[1];
  outcome.distinct = numbers[2];
  outcome.nanoseconds = numbers[3];
  outcome.retire = numbers[4] != 0;
  for (uint64_t i = 0; i < numbers[5]; ++i) {
    SeenViolation violation;
    if (!ReadViolation(reader, violation)) return damaged;
    outcome.violations.push_back(std::move(violation));
  }
  if (numbers[6] != 0) {
    const std::vector<uint64_t> counts = reader.Numbers();
    std::vector<std::string> texts = reader.Texts();
    if (counts.size() != 3 || texts.size() != 3) return damaged;
    outcome.mutant = {.killed = counts[0] != 0,
                      .executions = counts[1],
                      .nanoseconds = counts[2],
                      .scenario = std::move(texts[0]),
                      .kind = std::move(texts[1]),
                      .token = std::move(texts[2])};
  }
  for (uint64_t i = 0; i < numbers[7] && reader.ok(); ++i) {
    StoredInput entry{.text = reader.Text()};
    entry.features = reader.Number();
    outcome.corpus.push_back(std::move(entry));
  }
  if (!reader.Complete()) return damaged;
  return outcome;
}

}  // namespace racewalk
