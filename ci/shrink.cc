#include "ci/shrink.h"

#include <chrono>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/finding.h"
#include "ci/interrupt.h"
#include "ci/json_output.h"
#include "ci/out_folder.h"
#include "ci/progress.h"
#include "ci/recorded.h"
#include "ci/shrink_report.h"
#include "ci/shrinker.h"
#include "ci/trace_folder.h"
#include "ci/version.h"
#include "ci/worker_pool.h"

namespace racewalk {
namespace {

ShrinkOptions OptionsOf(const ShrinkCommandOptions& options, const Console& console) {
  return {.jobs = options.jobs > 0 ? options.jobs : Cores(),
          .seed = options.seed,
          .executions = options.executions,
          .time = std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::duration<double>(options.seconds)),
          .style = console.style};
}

std::string Parameters(const ShrinkCommandOptions& options, int jobs) {
  const absl::string_view revision = kRevision;
  return absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision,
                      ": shrink seed=", options.seed, " jobs=", jobs,
                      " executions=", options.executions, " seconds=", options.seconds);
}

std::string ReportText(const ShrinkReport& report) {
  const Finding& finding = report.result.finding;
  std::string text = absl::StrCat("\n", FindingText(finding), "\n", finding.timeline, "\n",
                                  ShrunkText(report.result));
  if (!report.files.scenario.empty()) {
    absl::StrAppend(&text, "  scenario: ", report.files.scenario, "\n  trace: ", report.files.trace,
                    "\n");
  }
  return text;
}

absl::StatusOr<ShrinkResult> LoadAndShrink(const ShrinkCommandOptions& options,
                                           const ShrinkOptions& how, const ExplorerFactory& factory,
                                           const Console& console) {
  absl::StatusOr<Recorded> recorded = LoadRecorded(options.target);
  if (!recorded.ok()) return recorded.status();
  Progress progress(console);
  ShrinkHooks hooks{.interrupted = Interrupted, .progress = [&](const ShrinkProgress& now) {
                      progress.Show(ProgressText(now), now.seconds);
                    }};
  absl::StatusOr<ShrinkResult> result = Shrink(*recorded, how, factory, hooks);
  progress.Clear();
  // After the reading: a folder is not made for what turns out to be nothing.
  if (result.ok() && !options.out.empty()) {
    absl::Status status = PrepareOutFolder(options.out);
    if (!status.ok()) return status;
  }
  return result;
}

}  // namespace

ExitStatus RunShrink(const ShrinkCommandOptions& options, const std::string& command,
                     const ExplorerFactory& factory, const Console& console) {
  const auto error = [&](absl::string_view message) {
    console.err(absl::StrCat("racewalk shrink: ", message, "\n"));
  };
  const ShrinkOptions how = OptionsOf(options, console);
  absl::StatusOr<ShrinkResult> result = LoadAndShrink(options, how, factory, console);
  if (!result.ok()) {
    const auto message = result.status().message();
    error(absl::string_view(message.data(), message.size()));
    return absl::IsInternal(result.status()) ? kExitInternalError : kExitBadInput;
  }
  ShrinkReport report{.command = command, .parameters = Parameters(options, how.jobs)};
  report.seed = options.seed;
  report.result = *std::move(result);
  bool lost = false;
  if (!options.out.empty()) {
    absl::StatusOr<ShrunkFiles> files = SaveShrunk(options.out, report.result.original.scenario,
                                                   report.result.scenario, report.result.finding);
    lost = !files.ok();
    if (files.ok()) {
      report.files = *std::move(files);
    } else {
      const auto message = files.status().message();
      report.errors.emplace_back(message.data(), message.size());
      error(report.errors.back());
    }
  }
  const std::string verdict = absl::StrCat("verdict: violation; ", report.parameters, "\n");
  console.out(options.json ? ShrinkJson(report)
                           : absl::StrCat(report.parameters, "\n", ReportText(report), verdict));
  if (lost) return kExitInternalError;
  return report.result.interrupted ? kExitInterrupted : kExitViolation;
}

}  // namespace racewalk
