#include "ci/stress_finding.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "ci/round_events.h"
#include "ci/sentences.h"
#include "core/violation.h"
#include "sanitizers/round_record.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

// Lines kept of a stack and of a sanitizer's report, and bytes of a line.
constexpr std::size_t kStackLines = 10;
constexpr std::size_t kReportLines = 24;
constexpr std::size_t kLineBytes = 200;

template <std::size_t n>
absl::string_view TextOf(const std::array<char, n>& bytes) {
  return {bytes.data(), strnlen(bytes.data(), n)};
}

std::string Line(absl::string_view line) { return std::string(line.substr(0, kLineBytes)); }

// Sets `place` to the first frame that is the core's; if no line is known, to where the stack
// begins.
void TellStack(absl::string_view title, const RaceSide& side, Symbolizer& symbolizer,
               std::vector<std::string>& lines, std::string& place) {
  lines.emplace_back(title);
  std::size_t count = 0;
  const bool known = std::any_of(side.stack.begin(), side.stack.end(), [&](uint64_t offset) {
    return offset != 0 && !symbolizer.FramesAt(offset).front().file.empty();
  });
  for (const uint64_t offset : side.stack) {
    if (offset == 0) continue;
    for (const CodeFrame& frame : symbolizer.FramesAt(offset)) {
      const bool below = known && IsBelowCore(frame);
      if (place.empty() && !below) {
        place = known ? PlaceText(frame.file, frame.line) : frame.function;
      }
      if (!below && ++count <= kStackLines) {
        lines.push_back(absl::StrCat("  ", Line(FrameText(frame))));
      }
    }
  }
}

ViolationKind KindOfRace(absl::string_view what) {
  if (absl::StartsWith(what, "data-race")) return ViolationKind::kDataRace;
  if (absl::StrContains(what, "use-after-free")) return ViolationKind::kUseAfterFree;
  if (absl::StrContains(what, "leak")) return ViolationKind::kLeak;
  if (absl::StrContains(what, "lock") || absl::StrContains(what, "mutex")) {
    return ViolationKind::kLockDiscipline;
  }
  return ViolationKind::kAssertion;
}

// What a sanitizer or libc calls it, where we have a name for it.
ViolationKind KindOfReport(absl::string_view text) {
  constexpr std::pair<absl::string_view, ViolationKind> kKinds[] = {
      {"double-free", ViolationKind::kDoubleFree},
      {"double free", ViolationKind::kDoubleFree},
      {"use-after", ViolationKind::kUseAfterFree},
      {" leaked in ", ViolationKind::kLeak},
      {"uninitialized", ViolationKind::kUninitializedRead},
  };
  for (const auto& [words, kind] : kKinds) {
    if (absl::StrContains(text, words)) return kind;
  }
  return ViolationKind::kAssertion;
}

// "walk.h:42" of "/src/core/walk.h:42:7", else "racewalk+0x1234", else "".
std::string PlaceIn(absl::string_view text) {
  std::string offset;
  for (absl::string_view word : absl::StrSplit(text, absl::ByAnyChar(" ()"), absl::SkipEmpty())) {
    if (offset.empty() && absl::StrContains(word, "+0x")) offset = std::string(word);
    const std::vector<absl::string_view> parts = absl::StrSplit(word, ':');
    uint32_t line = 0;
    if (parts.size() < 2 || !absl::SimpleAtoi(parts[1], &line)) continue;
    if (!absl::StrContains(parts[0], ".h") && !absl::StrContains(parts[0], ".c")) continue;
    return PlaceText(parts[0], line);
  }
  return offset;
}

struct Report {
  std::string summary{};
  std::string place{};
  std::vector<std::string> lines{};
};

// The first report in what a process printed: other text may stand before it.
Report ReadReport(absl::string_view text) {
  Report report;
  std::string unknown_place;  // by its offset
  bool begun = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripTrailingAsciiWhitespace(line);
    const bool runtime_error = absl::StrContains(line, ": runtime error: ");
    begun = begun || runtime_error || absl::StrContains(line, "ERROR: ") ||
            absl::StrContains(line, "WARNING: ThreadSanitizer");
    if (runtime_error && report.summary.empty()) {
      report.summary = std::string(line.substr(line.find(": runtime error: ") + 2));
      report.place = PlaceIn(line);
    }
    // A summary names the innermost frame, whoever's it is.
    if (begun && absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "#")) {
      std::string place = PlaceIn(line);
      const bool known = !absl::StrContains(place, "+0x");
      std::string& which = known ? report.place : unknown_place;
      if (which.empty()) which = std::move(place);
    }
    if (absl::StartsWith(line, "SUMMARY: ")) {
      const absl::string_view summary = absl::StripPrefix(line, "SUMMARY: ");
      if (report.summary.empty()) report.summary = std::string(summary);
      if (report.place.empty()) report.place = PlaceIn(summary);
    }
    if (report.lines.size() < kReportLines && begun && !line.empty()) {
      report.lines.push_back(Line(line));
    }
  }
  if (report.place.empty()) report.place = std::move(unknown_place);
  if (report.lines.empty()) {
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
      if (report.lines.size() < kReportLines) report.lines.push_back(Line(line));
    }
  }
  return report;
}

std::string AtText(absl::string_view thread, absl::string_view place) {
  return absl::StrCat(thread.empty() ? "a thread" : thread, place.empty() ? "" : " (", place,
                      place.empty() ? "" : ")");
}

}  // namespace

std::string ClassOf(const StressFinding& finding) {
  if (finding.hang) return absl::StrCat(Name(finding.kind), "|row ", finding.row);
  const auto [first, second] = std::minmax(finding.place, finding.other_place);
  return absl::StrJoin({std::string(Name(finding.kind)), finding.invariant, first, second}, "|");
}

StressFinding FindingOfRecord(const RoundRecord& record, const GuestFrames& frames) {
  const Violation& violation = record.violation;
  StressFinding finding;
  finding.kind = violation.kind;
  finding.invariant = violation.invariant;
  finding.thread = std::string(TextOf(record.thread));
  finding.place = PlaceText(violation.where);
  finding.other_place = PlaceText(violation.other_where);
  Violation told = violation;
  told.thread = 0;
  finding.sentence = ViolationSentence(
      told, {finding.thread.empty() ? std::string("this thread") : finding.thread},
      [&](uint64_t gfn) { return frames.Text(gfn); });
  return finding;
}

StressFinding FindingOfRace(const RaceReport& race, Symbolizer& symbolizer) {
  StressFinding finding;
  finding.reports = true;
  const absl::string_view what = TextOf(race.what);
  finding.kind = KindOfRace(what);
  finding.thread = std::string(TextOf(race.sides[0].thread));
  finding.other_thread = std::string(TextOf(race.sides[1].thread));
  const auto access = [](const RaceSide& side) {
    return absl::StrCat(side.atomic ? "atomic " : "", side.write ? "write" : "read");
  };
  std::vector<uint64_t> offsets(race.sides[0].stack.begin(), race.sides[0].stack.end());
  offsets.insert(offsets.end(), race.sides[1].stack.begin(), race.sides[1].stack.end());
  symbolizer.Learn(offsets);
  TellStack(absl::StrCat(access(race.sides[0]), ":"), race.sides[0], symbolizer, finding.details,
            finding.place);
  TellStack(absl::StrCat("earlier ", access(race.sides[1]), ":"), race.sides[1], symbolizer,
            finding.details, finding.other_place);
  if (finding.kind == ViolationKind::kDataRace) {
    finding.sentence =
        absl::StrCat("ThreadSanitizer: nothing orders the ", access(race.sides[0]), " of ",
                     AtText(finding.thread, finding.place), " and the ", access(race.sides[1]),
                     " of ", AtText(finding.other_thread, finding.other_place), ".");
  } else {
    finding.sentence = absl::StrCat("ThreadSanitizer: ", what, ".");
  }
  return finding;
}

StressFinding FindingOfDeath(absl::string_view death, absl::string_view text,
                             Symbolizer& symbolizer) {
  StressFinding finding;
  Report report = ReadReport(symbolizer.Readable(text));
  finding.kind = KindOfReport(report.summary.empty() ? text : report.summary);
  finding.place = std::move(report.place);
  finding.sentence = report.summary.empty()
                         ? absl::StrCat("the process that ran the round ", death, ".")
                         : absl::StrCat(report.summary, ".");
  finding.details = std::move(report.lines);
  return finding;
}

StressFinding FindingOfHang(absl::string_view hang, Motion motion,
                            const std::vector<ThreadEvents>& threads) {
  StressFinding finding;
  finding.hang = true;
  finding.kind = motion == Motion::kMoving ? ViolationKind::kLivelock : ViolationKind::kDeadlock;
  switch (motion) {
    case Motion::kMoving:
      finding.sentence = absl::StrCat("the threads still do something, but the round ", hang, ".");
      break;
    case Motion::kStill:
      finding.sentence = absl::StrCat("no thread does anything any more: the round ", hang, ".");
      break;
    case Motion::kUnknown:
      finding.sentence = absl::StrCat("the round ", hang,
                                      "; without --events=on it is not known whether its threads "
                                      "still do something, nor where they are.");
      break;
  }
  // Of what stands still it is known where.
  std::vector<std::string> places;
  for (const ThreadEvents& thread : threads) {
    if (motion == Motion::kStill && !thread.place.empty()) {
      places.push_back(absl::StrCat(thread.thread, " at ", thread.place));
    }
  }
  finding.place = absl::StrJoin(places, ", ");
  return finding;
}

std::vector<LoggedThread> LoggedThreads(const RoundRecord& record, const Scenario& scenario) {
  std::vector<LoggedThread> all;
  for (std::size_t i = 0; i < record.logs.size(); ++i) {
    LoggedThread thread{.log = &record.logs[i]};
    if (thread.log->written() == 0) continue;
    if (i < scenario.threads.size()) {
      thread.name = scenario.threads[i].name;
      thread.operations = scenario.threads[i].operations;
    } else {
      thread.name = i == kMaxScenarioThreads ? "(setup)" : "rcu";
    }
    all.push_back(std::move(thread));
  }
  return all;
}

std::vector<ThreadEvents> EventsOf(const std::vector<LoggedThread>& threads) {
  std::vector<ThreadEvents> all;
  for (const LoggedThread& thread : threads) {
    const std::vector<StressEvent> last = thread.log->Last(1);
    all.push_back({.thread = thread.name,
                   .all = thread.log->written(),
                   .place = last.empty() ? "" : PlaceText(last.back().where)});
  }
  return all;
}

std::string StressFindingText(const StressFinding& finding) {
  std::string text = absl::StrCat(
      "VIOLATION: ", Name(finding.kind),
      finding.invariant.empty() ? "" : absl::StrCat(" (invariant ", finding.invariant, ")"), "\n  ",
      finding.sentence, "\n");
  if (!finding.thread.empty() || !finding.place.empty()) {
    absl::StrAppend(&text, "  seen by ", AtText(finding.thread, finding.place), "\n");
  }
  for (const std::string& line : finding.details) absl::StrAppend(&text, "    ", line, "\n");
  absl::StrAppend(&text, "  round ", finding.round, ": ", finding.drawn, "\n    ", finding.scenario,
                  "\n");
  if (finding.events.empty()) return text;
  std::size_t width = 0;
  std::vector<std::string> logged;
  for (const ThreadEvents& thread : finding.threads) {
    logged.push_back(absl::StrCat(thread.thread, " ", Grouped(thread.all)));
    width = std::max(width, thread.thread.size());
  }
  absl::StrAppend(&text,
                  "  last events of all threads, by time (logged: ", absl::StrJoin(logged, ", "),
                  "):\n");
  for (const TimelineEvent& event : finding.events) {
    const std::string padding(width - std::min(width, event.thread.size()), ' ');
    absl::StrAppend(&text, "    ", event.thread, event.text.empty() ? "" : padding,
                    event.text.empty() ? "" : "  ", event.text, "\n");
  }
  return text;
}

}  // namespace racewalk
