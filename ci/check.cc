#include "ci/check.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/check_report.h"
#include "ci/escape.h"
#include "ci/exploration.h"
#include "ci/finding.h"
#include "ci/fresh_seed.h"
#include "ci/interrupt.h"
#include "ci/json_output.h"
#include "ci/output_path.h"
#include "ci/plan.h"
#include "ci/progress.h"
#include "ci/seconds.h"
#include "ci/shrink_report.h"
#include "ci/shrinker.h"
#include "ci/summary.h"
#include "ci/trace_folder.h"
#include "ci/version.h"
#include "ci/worker_pool.h"

namespace racewalk {
namespace {

// The part of what is left of --time-limit that shrinking may use.
constexpr double kLimitShare = 0.9;

template <typename Value>
std::string OptionalText(absl::string_view name, const std::optional<Value>& value) {
  return value ? absl::StrCat(" ", name, "=", *value) : "";
}

std::string Parameters(const CheckOptions& options, const Plan& plan, uint64_t seed, int jobs) {
  const absl::string_view revision = kRevision;
  const Target& target = plan.units.front().target;
  std::string text = absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision,
                                  ": seed=", seed, " jobs=", jobs);
  absl::StrAppend(&text, OptionalText("seconds", plan.seconds),
                  OptionalText("executions", options.executions),
                  OptionalText("time-limit", options.time_limit), " rows=", plan.units.size(),
                  " strategies=", absl::StrJoin(plan.strategies, " "));
  if (!target.weaken.empty()) {
    absl::StrAppend(&text, " weaken=", absl::StrJoin(target.weaken, ","));
  }
  if (!target.bug.empty()) absl::StrAppend(&text, " bug=", target.bug);
  return text;
}

std::string BugText(const Bug& bug) {
  return absl::StrCat("bug ", bug.name, " ", bug.long_name, ": ", bug.title, "\n  ", bug.story,
                      "\n");
}

// A bug may show in another way than is known of it: worth a look, not an error.
std::string UnexpectedKind(const Bug* bug, const Finding& finding) {
  if (bug == nullptr ||
      std::find(bug->kinds.begin(), bug->kinds.end(), finding.kind) != bug->kinds.end()) {
    return "";
  }
  std::vector<std::string> names;
  for (ViolationKind kind : bug->kinds) names.emplace_back(Name(kind));
  return absl::StrCat("  note: bug ", bug->name, " is known to show as ",
                      absl::StrJoin(names, " or "), "\n");
}

std::string FullText(const Finding& finding, const std::string& note, const std::string& trace) {
  std::string text = absl::StrCat("\n", FindingText(finding), note, "\n", finding.timeline,
                                  "\n  replay: ", ReplayCommand(finding.token), "\n");
  if (!trace.empty()) absl::StrAppend(&text, "  trace: ", trace, "\n");
  return text;
}

class Check {
 public:
  Check(const CheckOptions& options, const Console& console)
      : options_(options), console_(console), progress_(console) {}

  ExitStatus Run(const std::string& command, const ExplorerFactory& factory) {
    absl::StatusOr<Plan> plan = MakePlan(options_);
    if (!plan.ok()) return Refuse(plan.status());
    // What cannot be run is refused before anything is printed or made.
    for (const Unit& unit : plan->units) {
      if (absl::Status status = factory(unit.target.subject).status(); !status.ok()) {
        return Refuse(status);
      }
    }
    if (absl::Status status = MakeOutputFolder("--out", options_.out); !status.ok()) {
      return Refuse(status);
    }
    report_.plan = *std::move(plan);
    report_.command = command;
    report_.seed = options_.seed ? *options_.seed : FreshSeed();
    const int jobs = options_.jobs > 0 ? options_.jobs : Cores();
    report_.parameters = Parameters(options_, report_.plan, report_.seed, jobs);
    Print(absl::StrCat(report_.parameters, "\n"));
    if (report_.plan.bug != nullptr) Print(BugText(*report_.plan.bug));

    absl::StatusOr<ExplorationResult> result =
        Explore(report_.plan.units, Options(jobs), factory, Hooks());
    progress_.Clear();
    if (!result.ok()) {
      Error(result.status().message());
      return kExitInternalError;
    }
    report_.result = *std::move(result);
    ShrinkFound(jobs, factory);
    // Input first: it explains itself, and may be why the rest went wrong.
    if (!report_.result.input.ok()) Error(report_.result.input.message());
    for (const std::string& error : report_.result.internal_errors) {
      Error(absl::StrCat("internal error: ", error));
    }
    if (options_.json) {
      console_.out(CheckJson(report_));
    } else {
      console_.out(FormatSummary(report_));
    }
    const ExitStatus status = ExitStatusOf(report_);
    return write_failed_ && status < kExitInternalError ? kExitInternalError : status;
  }

 private:
  void Print(absl::string_view text) {
    if (!options_.json) console_.out(text);
  }

  void Error(absl::string_view message) {
    report_.errors.emplace_back(message);
    console_.err(absl::StrCat("racewalk check: ", message, "\n"));
  }

  ExitStatus Refuse(const absl::Status& status) {
    Error(status.message());
    return kExitBadInput;
  }

  ExplorationOptions Options(int jobs) const {
    ExplorationOptions options;
    options.jobs = jobs;
    options.seed = report_.seed;
    if (report_.plan.seconds) options.budget = Seconds(*report_.plan.seconds);
    options.executions = options_.executions;
    if (options_.time_limit) options.time_limit = Seconds(*options_.time_limit);
    options.stop_at_first = report_.plan.stop_at_first;
    options.style = console_.style;
    options.pages = !options_.out.empty();
    return options;
  }

  ExplorationHooks Hooks() {
    return {.interrupted = Interrupted,
            .progress =
                [this](const ExplorationProgress& now) {
                  progress_.Show(ProgressText(now), now.seconds);
                },
            .found = [this](Finding& finding) { Found(finding); }};
  }

  // Seconds that shrinking may take from now on.
  double ShrinkSeconds() const {
    double left = options_.shrink_seconds - shrink_seconds_used_;
    if (!options_.time_limit) return left;
    const std::chrono::duration<double> used = std::chrono::steady_clock::now() - start_;
    // The rest is for telling it.
    return std::min(left, (*options_.time_limit - used.count()) * kLimitShare);
  }

  void ShrinkFound(int jobs, const ExplorerFactory& factory) {
    ExplorationResult& result = report_.result;
    report_.shrunk.resize(result.found.size());
    // A harness that is wrong would shrink something else.
    if (!result.internal_errors.empty() || !result.input.ok()) return;
    for (std::size_t i = 0; i < result.found.size() && !result.interrupted; ++i) {
      // Those that need less leave more to the others.
      const double seconds = ShrinkSeconds() / static_cast<double>(result.found.size() - i);
      if (seconds <= 0) return;
      const ShrinkOptions how{
          .jobs = jobs, .seed = report_.seed, .time = Seconds(seconds), .style = console_.style};
      const auto begin = std::chrono::steady_clock::now();
      Progress progress(console_);
      const ShrinkHooks hooks{.interrupted = Interrupted, .progress = [&](const auto& now) {
                                progress.Show(ProgressText(now), now.seconds);
                              }};
      absl::StatusOr<ShrinkResult> shrunk = Shrink(result.found[i].finding, how, factory, hooks);
      progress.Clear();
      const std::chrono::duration<double> used = std::chrono::steady_clock::now() - begin;
      shrink_seconds_used_ += used.count();
      if (!shrunk.ok()) {
        const auto message = shrunk.status().message();
        result.internal_errors.push_back(
            absl::StrCat("shrinking: ", absl::string_view(message.data(), message.size())));
        return;
      }
      result.interrupted |= shrunk->interrupted;
      Print(absl::StrCat("\n", ShrunkText(*shrunk)));
      report_.shrunk[i] = *std::move(shrunk);
    }
  }

  void Found(Finding& finding) {
    progress_.Clear();
    std::string path;
    if (!options_.out.empty()) {
      absl::StatusOr<std::string> saved = SaveTrace(options_.out, finding);
      if (saved.ok()) {
        path = *std::move(saved);
      } else {
        write_failed_ = true;
        Error(saved.status().message());
      }
    }
    Print(FullText(finding, UnexpectedKind(report_.plan.bug, finding), path));
    report_.traces.push_back(std::move(path));
  }

  const CheckOptions& options_;
  const Console& console_;
  Progress progress_;
  CheckReport report_{};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double shrink_seconds_used_ = 0;
  bool write_failed_ = false;
};

}  // namespace

ExitStatus RunCheck(const CheckOptions& options, const std::string& command,
                    const ExplorerFactory& factory, const Console& console) {
  return Check(options, console).Run(command, factory);
}

}  // namespace racewalk
