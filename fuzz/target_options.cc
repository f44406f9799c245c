#include "fuzz/target_options.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/protocol.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/nearest.h"
#include "scenarios/subject.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

struct FlagText {
  absl::string_view name;
  absl::string_view value;  // "" for a flag without one
  absl::string_view meaning;
};

constexpr std::array<FlagText, 7> kFlags{
    {{"--weaken", "POINT[,POINT...]", "leave out protocol points (racewalk list points)"},
     {"--bug", "NAME", "bring back a historical bug, on its MMU and variant (racewalk list bugs)"},
     {"--mmu", "tdp|stage2", "run inputs of this MMU only"},
     {"--variant", "NAME[+NAME]", "run inputs of this variant only; needs --mmu"},
     {"--executions", "N", "executions of each input"},
     {"--no-interleaving", "", "do not show libFuzzer which steps came right after each other"},
     {"--help", "", "print this"}}};

absl::Status Bad(absl::string_view flag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", what));
}

absl::Status ReadPoints(absl::string_view value, TargetOptions& options) {
  for (const absl::string_view name : absl::StrSplit(value, ',')) {
    if (const std::string problem = PointProblem(name); !problem.empty()) {
      return Bad("--weaken", problem);
    }
    options.weaken.emplace_back(name);
    options.weakened.set(
        static_cast<std::size_t>(FindPoint(std::string_view(name.data(), name.size()))));
  }
  return absl::OkStatus();
}

absl::Status ReadBug(absl::string_view value, TargetOptions& options) {
  const absl::StatusOr<const Bug*> bug = ResolveBug(value);
  if (!bug.ok()) return bug.status();
  options.bug = (*bug)->name;
  options.weakened |= PointsOf(**bug);
  return absl::OkStatus();
}

absl::Status ReadNumber(absl::string_view value, TargetOptions& options) {
  if (absl::SimpleAtoi(value, &options.executions) && options.executions >= 1 &&
      options.executions <= TargetOptions::kMaxExecutions) {
    return absl::OkStatus();
  }
  return Bad("--executions", absl::StrCat("expected a number from 1 to ",
                                          TargetOptions::kMaxExecutions, ", not ", Quoted(value)));
}

absl::Status UnknownFlag(absl::string_view name) {
  std::vector<std::string> names;
  for (const FlagText& flag : kFlags) names.emplace_back(flag.name);
  return absl::InvalidArgumentError(absl::StrCat("unknown flag ", Quoted(name),
                                                 DidYouMean(name, names),
                                                 " (--help shows all; libFuzzer's have one dash)"));
}

absl::Status ReadFlag(absl::string_view argument, TargetOptions& options) {
  const std::size_t equals = argument.find('=');
  const absl::string_view name = argument.substr(0, equals);
  const FlagText* known = nullptr;
  for (const FlagText& flag : kFlags) known = flag.name == name ? &flag : known;
  if (known == nullptr) return UnknownFlag(name);
  const bool has_value = equals != absl::string_view::npos && equals + 1 < argument.size();
  if (known->value.empty() ? equals != absl::string_view::npos : !has_value) {
    return Bad(name, known->value.empty() ? std::string("takes no value")
                                          : absl::StrCat("write ", name, "=", known->value));
  }
  const absl::string_view value = has_value ? argument.substr(equals + 1) : "";
  if (name == "--weaken") return ReadPoints(value, options);
  if (name == "--bug") return ReadBug(value, options);
  if (name == "--executions") return ReadNumber(value, options);
  if (name == "--mmu") {
    options.mmu = std::string(value);
    const std::string problem = MmuProblem(value);
    return problem.empty() ? absl::OkStatus() : Bad(name, problem);
  }
  if (name == "--variant") options.variant = std::string(value);
  if (name == "--no-interleaving") options.interleaving = false;
  if (name == "--help") options.help = true;
  return absl::OkStatus();
}

// What of MMU and variant was not said a bug says.
absl::Status Complete(TargetOptions& options) {
  const Bug* bug = options.bug.empty() ? nullptr : FindBug(options.bug);
  if (bug != nullptr && options.mmu.empty()) {
    options.mmu = bug->mmu;
    if (options.variant.empty()) options.variant = bug->variant;
  }
  if (options.variant.empty()) return absl::OkStatus();
  if (options.mmu.empty()) return Bad("--variant", "say --mmu=tdp or --mmu=stage2 too");
  const absl::StatusOr<std::string> canonical =
      CanonicalVariant(MmuNamed(options.mmu), options.variant);
  if (!canonical.ok()) return Bad("--variant", canonical.status().message());
  options.variant = *canonical;
  return absl::OkStatus();
}

}  // namespace

bool TargetOptions::Takes(const Subject& subject) const {
  return (mmu.empty() || subject.mmu == mmu) && (variant.empty() || subject.variant == variant);
}

absl::StatusOr<TargetOptions> ParseTargetOptions(const std::vector<std::string>& arguments) {
  TargetOptions options;
  for (const std::string& argument : arguments) {
    if (argument == "-ignore_remaining_args=1") break;
    if (argument.substr(0, 2) != "--") continue;
    if (absl::Status status = ReadFlag(argument, options); !status.ok()) return status;
  }
  if (absl::Status status = Complete(options); !status.ok()) return status;
  return options;
}

std::string TargetHelp() {
  std::string text =
      "libFuzzer on racewalk: inputs are scenarios with one execution each (fuzz/README.md).\n"
      "usage: racewalk_fuzz [FLAG...] [CORPUS...]\n\n"
      "Flags of libFuzzer have one dash: -help=1 shows them. Its own:\n";
  for (const FlagText& flag : kFlags) {
    std::string left = std::string(flag.name);
    if (!flag.value.empty()) absl::StrAppend(&left, "=", flag.value);
    left.resize(left.size() < 28 ? 28 : left.size() + 1, ' ');
    absl::StrAppend(&text, "  ", left, flag.meaning, "\n");
  }
  absl::StrAppend(&text, "\nEach input runs ", InputRunner::kExecutions,
                  " times unless --executions says otherwise.\n"
                  "example: racewalk_fuzz corpus/ -max_total_time=60 --weaken=table_publish\n");
  return text;
}

}  // namespace racewalk
