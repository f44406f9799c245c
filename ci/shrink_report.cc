#include "ci/shrink_report.h"

#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

std::string Change(absl::string_view what, uint64_t before, uint64_t after) {
  return absl::StrCat(" ", what, " ", Grouped(before), " -> ", Grouped(after));
}

}  // namespace

const char* VerdictOf(const ShrinkReport& report) {
  return report.result.interrupted ? "interrupted" : "violation";
}

std::string NumbersText(const ShrinkNumbers& numbers) {
  return absl::StrCat(Count(numbers.threads, "thread"), ", ",
                      Count(numbers.operations, "operation"), ", ",
                      Count(numbers.preemptions, "preemption"));
}

std::string ShrunkText(const ShrinkResult& result) {
  const ShrinkNumbers& before = result.before;
  const ShrinkNumbers& after = result.after;
  std::string text = absl::StrCat("SHRUNK:", Change("threads", before.threads, after.threads), ",",
                                  Change("operations", before.operations, after.operations), ",",
                                  Change("frames", before.frames, after.frames), ",",
                                  Change("preemptions", before.preemptions, after.preemptions), ",",
                                  Change("steps", before.steps, after.steps), "\n");
  absl::StrAppend(&text, "  in ", absl::StrFormat("%.1f", result.seconds), " s, ",
                  Count(result.scenarios, "scenario"), " tried");
  if (result.interrupted) {
    absl::StrAppend(&text, "; interrupted, it may become smaller yet");
  } else if (result.time_ended) {
    absl::StrAppend(&text, "; the time ended, it may become smaller yet");
  }
  if (result.lost != 0) {
    absl::StrAppend(&text, "; ", Count(result.lost, "worker"), " died or hung meanwhile");
  }
  absl::StrAppend(&text, "\n\n", result.scenario,
                  "\n  replay: ", ReplayCommand(result.finding.token), "\n");
  return text;
}

std::string ProgressText(const ShrinkProgress& progress) {
  std::string text = absl::StrCat("shrinking: ", NumbersText(progress.now), "; ",
                                  Count(progress.executions, "execution"));
  if (progress.seconds_left) {
    absl::StrAppend(&text, ", ", std::llround(std::ceil(*progress.seconds_left)), " s left");
  }
  return text;
}

}  // namespace racewalk
