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
#include "ci/tell_found.h"
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

  // Seconds that shrinking may take.
  double ShrinkSeconds() const {
    if (!options_.time_limit) return options_.shrink_seconds;
    const std::chrono::duration<double> used = std::chrono::steady_clock::now() - start_;
    // The rest is for telling it.
    return std::min(options_.shrink_seconds, (*options_.time_limit - used.count()) * kLimitShare);
  }

  void ShrinkFound(int jobs, const ExplorerFactory& factory) {
    ExplorationResult& result = report_.result;
    report_.shrunk.resize(result.found.size());
    // A harness that is wrong would shrink something else.
    if (!result.internal_errors.empty() || !result.input.ok() || result.interrupted) return;
    std::vector<Finding> findings;
    for (const FoundClass& found : result.found) findings.push_back(found.finding);
    ShrunkFound shrunk = ShrinkFindings(
        findings, {.jobs = jobs, .seed = report_.seed, .seconds = ShrinkSeconds()}, factory,
        console_, [this](std::size_t /*index*/, const ShrinkResult& smaller) {
          Print(absl::StrCat("\n", ShrunkText(smaller)));
        });
    report_.shrunk = std::move(shrunk.shrunk);
    result.interrupted |= shrunk.interrupted;
    if (!shrunk.internal_error.empty()) {
      result.internal_errors.push_back(std::move(shrunk.internal_error));
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
    Print(FullText(finding, UnexpectedKind(report_.plan.bug, finding),
                   path.empty() ? "" : absl::StrCat("  trace: ", path, "\n")));
    report_.traces.push_back(std::move(path));
  }

  const CheckOptions& options_;
  const Console& console_;
  Progress progress_;
  CheckReport report_{};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool write_failed_ = false;
};

}  // namespace

ExitStatus RunCheck(const CheckOptions& options, const std::string& command,
                    const ExplorerFactory& factory, const Console& console) {
  return Check(options, console).Run(command, factory);
}

}  // namespace racewalk
