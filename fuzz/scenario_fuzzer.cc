#include "fuzz/scenario_fuzzer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/violation.h"
#include "fuzz/generate.h"
#include "fuzz/input.h"
#include "fuzz/mutate.h"
#include "fuzz/runner.h"
#include "fuzz/splice.h"
#include "scenarios/explore/token.h"
#include "scenarios/rng.h"
#include "scenarios/scenario.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

// How often something within the options and the size is looked for.
constexpr int kTries = 8;

std::vector<std::string> ThreadNames(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const ScenarioThread& thread : scenario.threads) names.push_back(thread.name);
  names.emplace_back("rcu");
  return names;
}

}  // namespace

bool ScenarioFuzzer::Read(absl::string_view bytes, Input& input) const {
  if (bytes.size() > kMaxBytes) return false;
  absl::StatusOr<Input> parsed = ParseInput(bytes, "");
  if (!parsed.ok() || !options_.Takes(parsed->subject)) return false;
  input = *std::move(parsed);
  return true;
}

ScenarioFuzzer::Verdict ScenarioFuzzer::Run(absl::string_view bytes) {
  coverage_.Clear();
  Input input;
  if (!Read(bytes, input)) return {.refused = true};
  input.subject.weakened = options_.weakened;
  const InputResult result = runner_.Run(input, options_.executions, coverage_);
  if (!result.status.ok()) return {.refused = true};
  return {.report = result.violation ? Report(input, result) : ""};
}

std::string ScenarioFuzzer::Report(const Input& input, const InputResult& result) const {
  const Violation& violation = result.violation->violation;
  const std::vector<std::string> threads = ThreadNames(input.subject.scenario);
  ReplayToken token = TokenOf(input, *result.violation);
  token.weaken = options_.weaken;
  token.bug = options_.bug;
  const std::string line = FormatToken(token);
  std::string text = absl::StrCat("VIOLATION: ", Name(violation.kind));
  const absl::string_view invariant = violation.invariant;
  if (!invariant.empty()) absl::StrAppend(&text, " (invariant ", invariant, ")");
  absl::StrAppend(&text, "\n  ", ViolationSentence(violation, threads), "\n  ", input.subject.mmu,
                  " ", input.subject.variant, ", strategy ", result.violation->strategy,
                  ", execution ", result.violation->index + 1, " of the input, step ",
                  violation.step);
  if (const std::string place = PlaceText(violation.where); !place.empty()) {
    absl::StrAppend(&text, ", ", place);
  }
  absl::StrAppend(&text, "\n\n  token: ", line, "\n  replay: racewalk replay '", line,
                  "'\n  smaller: racewalk shrink '", line, "'\n");
  return text;
}

Input ScenarioFuzzer::Invent(Rng& rng) const {
  Input input;
  do {
    input.subject = options_.variant.empty()
                        ? Generate(limits_, rng)
                        : Generate(options_.mmu, options_.variant, limits_, rng);
  } while (!options_.Takes(input.subject));
  DrawSchedule(input, rng);
  return input;
}

void ScenarioFuzzer::Change(Input& input, Rng& rng) const {
  // Another schedule of the same scenario is cheap: what runs it is kept.
  const uint32_t what = rng.Below(4);
  if (what != 0) racewalk::Mutate(input.subject, limits_, rng);
  if (what <= 1) DrawSchedule(input, rng);
}

std::string ScenarioFuzzer::Mutate(absl::string_view bytes, std::size_t max_bytes,
                                   uint64_t seed) const {
  Rng rng(seed);
  Input original;
  // Now and then something that has nothing to do with what there is.
  const bool invented = !Read(bytes, original) || rng.Below(32) == 0;
  for (int i = 0; i < kTries; ++i) {
    Input input = invented ? Invent(rng) : original;
    if (!invented) Change(input, rng);
    std::string text = PrintInput(input);
    if (text.size() <= max_bytes && options_.Takes(input.subject)) return text;
  }
  return bytes.size() <= max_bytes && !invented ? std::string(bytes) : "";
}

std::string ScenarioFuzzer::Join(absl::string_view a, absl::string_view b, std::size_t max_bytes,
                                 uint64_t seed) const {
  Rng rng(seed);
  Input first;
  Input second;
  if (!Read(a, first) || !Read(b, second)) return Mutate(a, max_bytes, rng.Next());
  for (int i = 0; i < kTries; ++i) {
    Input input = first;
    input.subject = Splice(first.subject, second.subject, limits_, rng);
    if (rng.Below(2) == 0) DrawSchedule(input, rng);
    std::string text = PrintInput(input);
    if (text.size() <= max_bytes && options_.Takes(input.subject)) return text;
  }
  return Mutate(a, max_bytes, rng.Next());
}

}  // namespace racewalk
