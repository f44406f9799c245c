#include "ci/stress.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/explorer_process.h"
#include "ci/fresh_seed.h"
#include "ci/interrupt.h"
#include "ci/out_folder.h"
#include "ci/output_path.h"
#include "ci/progress.h"
#include "ci/rows.h"
#include "ci/seconds.h"
#include "ci/stress_finding.h"
#include "ci/stress_json.h"
#include "ci/stress_report.h"
#include "ci/stress_run.h"
#include "ci/target.h"
#include "ci/version.h"
#include "ci/worker_pool.h"
#include "sanitizers/plan_round.h"
#include "sanitizers/runtime_options.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

constexpr double kDefaultSeconds = 10;
constexpr absl::string_view kExploreSeconds = "10";
// A run may find many things; each of these takes that long under exploration.
constexpr std::size_t kMostExplored = 4;
constexpr absl::string_view kNoExplorer = "none";

// The threads of a round keep several cores busy.
int Jobs() { return std::max(1, Cores() / 2); }

// What an instrumented build sees others may not: there it is the path of this one.
std::string OwnName() {
  const std::string plain = "racewalk";
  if (Instrumentation() == absl::string_view("none")) return plain;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return plain;
  const std::filesystem::path shown = std::filesystem::proximate(path, error);
  return error ? path.string() : shown.string();
}

// What `racewalk stress` and `racewalk check` take alike.
std::vector<std::string> WeakenedFlags(const Target& target) {
  std::vector<std::string> flags;
  if (!target.weaken.empty()) {
    flags.push_back(absl::StrCat("--weaken=", absl::StrJoin(target.weaken, ",")));
  }
  if (!target.bug.empty()) flags.push_back(absl::StrCat("--bug=", target.bug));
  return flags;
}

class Stress {
 public:
  Stress(const StressOptions& options, const Console& console)
      : options_(options), console_(console), progress_(console) {}

  ExitStatus Run(const std::string& command, const RoundRunner& runner, bool can_explore) {
    absl::Status status = Prepare(can_explore);
    if (!status.ok()) return Refuse(status);
    report_.command = command;
    report_.parameters = Parameters();
    Print(absl::StrCat(report_.parameters,
                       "\nThe seed fixes what each round does, not how its threads are "
                       "scheduled.\n"));
    absl::StatusOr<StressResult> result = RunRounds(report_.targets, run_, runner, Hooks());
    progress_.Clear();
    if (!result.ok()) {
      Error(result.status().message());
      return kExitInternalError;
    }
    report_.result = *std::move(result);
    for (std::size_t i = 0; i < files_.size(); ++i) report_.result.findings[i].file = files_[i];
    if (!report_.result.input.ok()) Error(report_.result.input.message());
    ExploreFindings();
    console_.out(options_.json ? StressJson(report_) : FormatStressSummary(report_));
    const ExitStatus exit = ExitStatusOf(report_);
    return write_failed_ ? kExitInternalError : exit;
  }

 private:
  absl::Status Prepare(bool can_explore) {
    absl::StatusOr<Rows> rows = SelectRows({.scenarios = options_.scenarios,
                                            .mmu = options_.mmu,
                                            .variants = options_.variants,
                                            .weaken = options_.weaken,
                                            .bug = options_.bug});
    if (!rows.ok()) return rows.status();
    // What cannot be run is refused before anything is printed or made.
    std::erase_if(rows->targets, [&](const Target& target) {
      return rows->whole_library && !PlanOf(target, 0).ok();
    });
    report_.targets = std::move(rows->targets);
    report_.seed = options_.seed ? *options_.seed : FreshSeed();
    run_.jobs = Jobs();
    run_.seed = report_.seed;
    run_.limits.threads = options_.threads;
    run_.limits.noise = options_.noise;
    run_.limits.weakened = report_.targets.front().subject.weakened;
    run_.events = options_.events;
    run_.rounds = options_.rounds;
    run_.only = options_.round;
    run_.stuck =
        std::chrono::duration_cast<std::chrono::milliseconds>(Seconds(options_.stuck_seconds));
    seconds_ = options_.seconds;
    if (!seconds_ && !options_.rounds) seconds_ = kDefaultSeconds;
    if (seconds_) run_.budget = Seconds(*seconds_);
    for (const Target& target : report_.targets) {
      absl::Status status = PlanOf(target, options_.round.value_or(0)).status();
      if (!status.ok()) return status;
    }
    if (options_.explorer.empty()) {
      explorer_ = DefaultExplorer(can_explore);
    } else if (options_.explorer != kNoExplorer) {
      explorer_ = options_.explorer;
      const std::string problem = ProblemOfExplorer(explorer_);
      if (!problem.empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--explorer: cannot use ", explorer_, ": ", problem,
                         "; name a racewalk of a release build, or none"));
      }
    }
    return MakeOutputFolder("--out", options_.out);
  }

  absl::StatusOr<RoundPlan> PlanOf(const Target& target, uint64_t round) const {
    const Subject& subject = target.subject;
    return PlanRound(subject.scenario, subject.mmu, subject.variant, report_.seed, round,
                     run_.limits);
  }

  std::string Parameters() const {
    const absl::string_view revision = kRevision;
    const Target& target = report_.targets.front();
    std::string text = absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision,
                                    " stress: seed=", report_.seed, " jobs=", run_.jobs);
    if (seconds_) absl::StrAppend(&text, " seconds=", *seconds_);
    if (run_.rounds) absl::StrAppend(&text, " rounds=", *run_.rounds);
    if (run_.only) absl::StrAppend(&text, " round=", *run_.only);
    if (options_.threads != 0) absl::StrAppend(&text, " threads=", options_.threads);
    absl::StrAppend(&text, " rows=", report_.targets.size(),
                    " noise=", options_.noise ? NoiseText(*options_.noise) : "drawn",
                    " events=", options_.events ? "on" : "off",
                    " stuck-seconds=", options_.stuck_seconds, " sanitizer=", Instrumentation());
    for (const std::string& flag : WeakenedFlags(target)) {
      absl::StrAppend(&text, " ", absl::string_view(flag).substr(2));
    }
    return text;
  }

  StressHooks Hooks() {
    return {.interrupted = Interrupted,
            .progress = [this](const auto& now) { progress_.Show(ProgressText(now), now.seconds); },
            .found = [this](const StressFinding& finding) { Found(finding); },
            .trouble =
                [this](const std::string& trouble) {
                  progress_.Clear();
                  Error(trouble);
                }};
  }

  // One command that runs the same round again.
  std::string Again(const StressFinding& finding) const {
    const Target& target = report_.targets[finding.row];
    const Scenario& scenario = target.subject.scenario;
    const std::string name = LibraryName(scenario);
    std::vector<std::string> words = {OwnName(),
                                      "stress",
                                      name.empty() ? PrintOneLine(scenario) : name,
                                      absl::StrCat("--mmu=", target.subject.mmu),
                                      absl::StrCat("--variant=", target.subject.variant),
                                      absl::StrCat("--seed=", report_.seed),
                                      absl::StrCat("--round=", finding.round)};
    if (options_.threads != 0) words.push_back(absl::StrCat("--threads=", options_.threads));
    if (options_.noise) words.push_back(absl::StrCat("--noise=", NoiseText(*options_.noise)));
    for (std::string& flag : WeakenedFlags(target)) words.push_back(std::move(flag));
    return absl::StrJoin(words, " ", [](std::string* text, const std::string& word) {
      text->append(ShellQuoted(word));
    });
  }

  void Found(const StressFinding& finding) {
    progress_.Clear();
    std::string file;
    if (!options_.out.empty() && !write_failed_) file = Save(finding);
    std::string text =
        absl::StrCat("\n", StressFindingText(finding), "  again: ", Again(finding), "\n");
    if (!file.empty()) absl::StrAppend(&text, "  scenario: ", file, "\n");
    Print(text);
    files_.push_back(std::move(file));
  }

  // Returns the path; "" if it cannot be written, which is told once.
  std::string Save(const StressFinding& finding) {
    const Subject& subject = report_.targets[finding.row].subject;
    const absl::StatusOr<RoundPlan> plan = PlanOf(report_.targets[finding.row], finding.round);
    if (!plan.ok()) return "";
    const std::string text = absl::StrCat(
        "# ", Name(finding.kind), finding.invariant.empty() ? "" : " ", finding.invariant,
        " on real threads: seed=", report_.seed, " round=", finding.round, " ", finding.drawn,
        "\n# ", Again(finding), "\n", PrintScenario(plan->scenario));
    const absl::StatusOr<std::string> path =
        SaveTogether(options_.out,
                     absl::StrCat(FileStem(ScenarioLabel(subject.scenario)), "-", subject.mmu, "-",
                                  Name(finding.kind)),
                     {{".scn", text}}, "scenarios");
    if (path.ok()) return *path + ".scn";
    write_failed_ = true;
    Error(absl::StrCat(absl::string_view(path.status().message()),
                       "; no more scenarios are written, what is found is printed only"));
    return "";
  }

  // Whether schedules that can be replayed show the same.
  void ExploreFindings() {
    std::vector<StressFinding>& findings = report_.result.findings;
    if (findings.empty() || options_.explorer == kNoExplorer || report_.result.interrupted) return;
    if (explorer_.empty()) {
      Print(
          "\nThere is no explorer to look for it with: cmake --build --preset release, or give "
          "--explorer=PATH.\n");
      return;
    }
    std::string why_not = absl::StrCat("not explored: the first ", kMostExplored, " are");
    for (std::size_t i = 0; i < findings.size() && i < kMostExplored; ++i) {
      if (Explore(findings[i])) continue;
      why_not = report_.result.interrupted ? "not explored: interrupted"
                                           : "not explored: the explorer failed";
      break;
    }
    for (StressFinding& finding : findings) {
      if (finding.explored.empty()) finding.explored = why_not;
    }
  }

  // Returns whether to go on.
  bool Explore(StressFinding& finding) {
    const Target& target = report_.targets[finding.row];
    std::vector<std::string> arguments = {finding.file.empty() ? finding.scenario : finding.file,
                                          absl::StrCat("--mmu=", target.subject.mmu),
                                          absl::StrCat("--variant=", target.subject.variant),
                                          absl::StrCat("--seconds=", kExploreSeconds)};
    for (std::string& flag : WeakenedFlags(target)) arguments.push_back(std::move(flag));
    console_.err(absl::StrCat("exploring the scenario of round ", finding.round, " for ",
                              kExploreSeconds, " s\n"));
    const auto found = AskExplorer(explorer_, arguments, Interrupted);
    if (absl::IsCancelled(found.status())) {
      report_.result.interrupted = true;
      return false;
    }
    if (!found.ok()) {
      Error(found.status().message());
      return false;
    }
    if (found->empty()) {
      finding.explored = absl::StrCat("exploration found nothing in ", kExploreSeconds, " s");
      return true;
    }
    const auto alike = [&](const ExploredViolation& violation) {
      return (violation.kind == Name(finding.kind) ? 2 : 0) +
             (violation.invariant == finding.invariant ? 1 : 0);
    };
    const auto best = std::max_element(
        found->begin(), found->end(),
        [&](const auto& one, const auto& other) { return alike(one) < alike(other); });
    const std::string what =
        absl::StrCat(best->kind, best->invariant.empty() ? "" : " ", best->invariant);
    finding.explored =
        absl::StrCat(alike(*best) == 3   ? "exploration finds it too: "
                     : alike(*best) == 2 ? "exploration finds the same kind, of another invariant: "
                                         : "exploration finds something else: ",
                     what);
    finding.token = best->token;
    return true;
  }

  void Print(absl::string_view text) {
    if (!options_.json) console_.out(text);
  }

  void Error(absl::string_view message) {
    report_.errors.emplace_back(message);
    console_.err(absl::StrCat("racewalk stress: ", message, "\n"));
  }

  ExitStatus Refuse(const absl::Status& status) {
    Error(status.message());
    return kExitBadInput;
  }

  const StressOptions& options_;
  const Console& console_;
  Progress progress_;
  StressRunOptions run_{};
  std::optional<double> seconds_{};
  std::string explorer_{};  // "" if there is none
  StressReport report_{};
  std::vector<std::string> files_{};  // of each finding
  bool write_failed_ = false;
};

}  // namespace

ExitStatus RunStress(const StressOptions& options, const std::string& command,
                     const RoundRunner& runner, bool can_explore, const Console& console) {
  return Stress(options, console).Run(command, runner, can_explore);
}

}  // namespace racewalk
