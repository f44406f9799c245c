#include "fuzz/input.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "fuzz/draw.h"
#include "fuzz/fit.h"
#include "scenarios/diagnostics.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/hash.h"
#include "scenarios/nearest.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

constexpr absl::string_view kMark = "# run:";
constexpr absl::string_view kExample = "# run: tdp+owned/random/seed=0000000000000000";

// Reads the line; parts of it are views into the text, so that each knows its place.
class RunReader {
 public:
  RunReader(absl::string_view text, absl::string_view name) : text_(text), name_(name) {}

  absl::Status Read(Input& input) {
    absl::string_view run;
    absl::Status status = Find(run);
    if (!status.ok()) return status;
    const std::vector<absl::string_view> parts = absl::StrSplit(run, '/');
    if (parts.size() != 3) {
      return Error(run, Quoted(run), "an MMU, a strategy and a seed, divided by '/'",
                   absl::StrCat("write it as in '", kExample, "'"));
    }
    status = ReadWhere(parts[0], input.subject);
    if (status.ok()) status = ReadStrategy(parts[1], input.strategy);
    if (status.ok()) status = ReadSeed(parts[2], input.key);
    return status;
  }

 private:
  // `part` is a view into the text.
  Position PlaceOf(absl::string_view part) const {
    const absl::string_view before =
        text_.substr(0, static_cast<std::size_t>(part.data() - text_.data()));
    const std::size_t line_end = before.rfind('\n');
    const std::size_t begin = line_end == absl::string_view::npos ? 0 : line_end + 1;
    return {static_cast<uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
            static_cast<uint32_t>(1 + before.size() - begin)};
  }

  absl::Status Error(absl::string_view at, absl::string_view found, absl::string_view expected,
                     absl::string_view remedy) const {
    return InputError(name_, PlaceOf(at),
                      absl::StrCat("found ", found, ", expected ", expected, "; ", remedy));
  }

  absl::Status Find(absl::string_view& run) const {
    int found = 0;
    absl::string_view end = text_.substr(0, 0);
    for (const absl::string_view line : absl::StrSplit(text_, '\n')) {
      absl::string_view rest = absl::StripAsciiWhitespace(line);
      if (!rest.empty()) end = rest.substr(rest.size());
      if (!absl::ConsumePrefix(&rest, kMark)) continue;
      if (++found == 2) {
        return Error(absl::StripAsciiWhitespace(line), "a second line '# run:'", "one",
                     "remove one of them");
      }
      run = absl::StripAsciiWhitespace(rest);
      // An empty view may lose its place.
      if (run.empty()) run = rest;
    }
    if (found == 1) return absl::OkStatus();
    return Error(end, "no line '# run:'", "one that says where to run and which execution",
                 absl::StrCat("add it at the end, as in '", kExample, "'"));
  }

  absl::Status ReadWhere(absl::string_view part, Subject& subject) const {
    const absl::string_view mmu = part.substr(0, part.find('+'));
    const absl::string_view variant = absl::StripPrefix(part.substr(mmu.size()), "+");
    if (!MmuProblem(mmu).empty()) {
      return Error(mmu, Quoted(mmu), "an MMU", NearestOrAll(mmu, ModelledMmus()));
    }
    subject.mmu = std::string(mmu);
    const MmuChoice choice = MmuNamed(mmu);
    if (subject.scenario.mmu != MmuChoice::kAny && subject.scenario.mmu != choice) {
      const absl::string_view own = SpellingOf(kMmuSpellings, subject.scenario.mmu);
      return Error(mmu, Quoted(mmu), absl::StrCat("the scenario's MMU, '", own, "'"),
                   absl::StrCat("write '", own, "', or the header 'mmu: ", mmu, "'"));
    }
    const std::vector<std::string> there = VariantsToRun(subject.scenario, choice);
    if (there.empty()) {
      return Error(mmu, Quoted(mmu), "an MMU that the scenario has a variant of",
                   "add one to its header 'variant'");
    }
    if (mmu.size() == part.size()) {
      subject.variant = there.front();
      return absl::OkStatus();
    }
    const absl::StatusOr<std::string> canonical = CanonicalVariant(choice, variant);
    if (!canonical.ok()) {
      return InputError(name_, PlaceOf(variant), canonical.status().message());
    }
    subject.variant = *canonical;
    if (!subject.scenario.variants.empty() &&
        std::find(there.begin(), there.end(), *canonical) == there.end()) {
      return Error(variant, Quoted(variant), "a variant of the scenario",
                   absl::StrCat("choose from ", absl::StrJoin(there, ", ")));
    }
    return absl::OkStatus();
  }

  absl::Status ReadStrategy(absl::string_view part, std::string& spec) const {
    if (!StrategyProblem(part).empty()) {
      return Error(part, Quoted(part), "a strategy", "write 'random', or one as 'pct:3'");
    }
    const auto strategy = MakeStrategy(part, Profile{});
    if (!strategy.ok()) {
      return Error(part, Quoted(part), "a strategy", strategy.status().message());
    }
    if ((*strategy)->enumeration() != nullptr || absl::StartsWith(part, "path")) {
      return Error(part, Quoted(part), "a strategy that draws from a seed",
                   "write 'random', or one as 'pct:3'");
    }
    spec = std::string(part);
    return absl::OkStatus();
  }

  absl::Status ReadSeed(absl::string_view part, uint64_t& key) const {
    absl::string_view digits = part;
    if (absl::ConsumePrefix(&digits, "seed=") && ParseHex64(digits, key)) return absl::OkStatus();
    return Error(part, Quoted(part), "'seed=' and 16 hexadecimal digits",
                 "write them as in 'seed=0123456789abcdef'");
  }

  absl::string_view text_;
  absl::string_view name_;
};

}  // namespace

std::string PrintInput(const Input& input) {
  return PrintScenario(input.subject.scenario) + RunLine(input);
}

std::string RunLine(const Input& input) {
  return absl::StrCat(kMark, " ", input.subject.mmu, "+", input.subject.variant, "/",
                      input.strategy, "/seed=", FormatHex64(input.key), "\n");
}

absl::StatusOr<Input> ParseInput(absl::string_view text, absl::string_view name) {
  absl::StatusOr<Scenario> scenario = ParseScenario(text, name);
  if (!scenario.ok()) return scenario.status();
  Input input;
  input.subject.scenario = *std::move(scenario);
  if (absl::Status status = RunReader(text, name).Read(input); !status.ok()) return status;
  if (absl::Status status = CheckSubject(input.subject); !status.ok()) return status;
  return input;
}

ReplayToken TokenOf(const Input& input) {
  return {.scenario = PrintOneLine(input.subject.scenario),
          .hash = ShortHash(input.subject.scenario),
          .mmu = input.subject.mmu,
          .variant = input.subject.variant,
          .strategy = input.strategy,
          .key = input.key};
}

void DrawSchedule(Input& input, Rng& rng) {
  constexpr std::array<const char*, 5> kStrategies{"random", "pct:2", "pct:3", "pos", "surw"};
  input.strategy = kStrategies[rng.Below(kStrategies.size())];
  input.key = rng.Next();
}

}  // namespace racewalk
