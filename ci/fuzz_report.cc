#include "ci/fuzz_report.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ci/escape.h"
#include "ci/sentences.h"
#include "ci/table.h"

namespace racewalk {
namespace {

// The rest of them is in the JSON.
constexpr std::size_t kBeyondShown = 20;

std::string MomentsTable(const FuzzReport& report) {
  std::vector<std::vector<std::string>> rows = {{"seconds", "executions", "pairs", "states"}};
  for (const FuzzMoment& moment : report.result.moments) {
    rows.push_back({SecondsText(moment.seconds), Grouped(moment.executions), Grouped(moment.pairs),
                    Grouped(moment.states)});
  }
  return FormatTable(rows, {true, true, true, true});
}

std::string CorpusText(const FuzzReport& report) {
  const FuzzResult& result = report.result;
  const double rate = result.seconds > 0 ? static_cast<double>(result.inputs) / result.seconds : 0;
  std::string text = absl::StrCat(
      Count(result.inputs, "input"), ", ", Grouped(static_cast<uint64_t>(std::llround(rate))),
      "/s, ", Count(result.executions, "execution"), " in ", DurationText(result.seconds), "\n");
  if (!report.minimized) {
    absl::StrAppend(&text, "corpus: ", Count(result.corpus.entries().size(), "input"));
    if (report.corpus.empty()) {
      absl::StrAppend(&text, result.corpus.entries().empty()
                                 ? ""
                                 : ", which are gone now; --corpus=DIR keeps them");
    } else {
      absl::StrAppend(&text, ", ", Count(report.added, "file"), " more in ", report.corpus);
    }
    absl::StrAppend(&text, "\n");
  } else if (!result.corpus.entries().empty()) {
    absl::StrAppend(&text, "corpus: ", Count(report.files, "file"), " in ", report.corpus, ", now ",
                    Grouped(result.corpus.entries().size() + report.kept), " (",
                    Grouped(report.added), " written, ", Grouped(report.removed), " removed)\n");
    if (report.kept != 0) {
      absl::StrAppend(&text, Count(report.kept, "file"),
                      " stayed that people wrote: the name is not the hash of the bytes\n");
    }
    // Fewer than asked for by their number only.
    if (result.corpus.features() < result.features.size()) {
      absl::StrAppend(&text, "they show ", Grouped(result.corpus.features()), " of ",
                      Grouped(result.features.size()), " features\n");
    }
  } else {
    absl::StrAppend(&text, "corpus: ", report.corpus, " is as it was\n");
  }
  return text;
}

std::string BeyondText(const FuzzReport& report) {
  if (!report.beyond) return "";
  const std::vector<BeyondLibrary>& beyond = *report.beyond;
  std::string text =
      absl::StrCat(Count(beyond.size(), "pair"), " that no scenario of the library ", "showed in ",
                   Count(report.library_executions, "execution"), " of each row and strategy\n");
  for (std::size_t i = 0; i < beyond.size() && i < kBeyondShown; ++i) {
    absl::StrAppend(&text, "  ", beyond[i].pair, " (", Count(beyond[i].inputs, "input"), ")\n");
  }
  if (beyond.size() > kBeyondShown) {
    absl::StrAppend(&text, "  and ", beyond.size() - kBeyondShown, " more; --json has all\n");
  }
  return text;
}

std::string FoundText(const FuzzReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.result.found.size(); ++i) {
    const FoundInput& found = report.result.found[i];
    absl::StrAppend(&text, "found: ", Name(found.finding.kind),
                    found.finding.invariant.empty() ? "" : " ", found.finding.invariant, " in ",
                    found.finding.scenario, ", execution ", Grouped(found.execution), "\n  ",
                    ReplayCommand(found.finding.token), "\n");
    if (!report.paths[i].empty()) {
      absl::StrAppend(&text, "  ", ReplayCommand(report.paths[i]), "\n");
    }
  }
  for (std::size_t i = 0; i < report.result.lost.size(); ++i) {
    absl::StrAppend(&text, "lost: ", report.result.lost[i].how);
    if (!report.lost_files[i].empty()) absl::StrAppend(&text, "; ", report.lost_files[i]);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace

ExitStatus ExitStatusOf(const FuzzReport& report) {
  const FuzzResult& result = report.result;
  if (!result.internal_errors.empty()) return kExitInternalError;
  if (result.interrupted) return kExitInterrupted;
  if (report.write_failed) return kExitInternalError;
  // What was seen stands, whatever else went wrong.
  if (!result.found.empty()) return kExitViolation;
  return result.lost.empty() ? kExitClean : kExitInternalError;
}

std::string VerdictOf(const FuzzReport& report) { return Verdict(ExitStatusOf(report)); }

std::string FormatFuzzSummary(const FuzzReport& report) {
  return absl::StrCat("\n", report.minimized ? "" : MomentsTable(report) + "\n", CorpusText(report),
                      BeyondText(report), FoundText(report), "verdict: ", VerdictOf(report),
                      report.minimized ? "; " : " (sampled); ", report.parameters, "\n");
}

}  // namespace racewalk
