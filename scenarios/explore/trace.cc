#include "scenarios/explore/trace.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "scenarios/diagnostics.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/explore/trace_decisions.h"
#include "scenarios/nearest.h"
#include "scenarios/subject.h"

namespace racewalk {
namespace {

constexpr absl::string_view kMagic = "racewalk-trace ";
constexpr std::size_t kDecisionsPerLine = 16;

bool ParseNumber(absl::string_view text, uint64_t& number) {
  if (text.empty() || text.size() > 20) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, &number);
}

class TraceReader {
 public:
  TraceReader(absl::string_view text, absl::string_view name)
      : text_(text), name_(name), rest_(text) {}

  absl::StatusOr<Trace> Read();

 private:
  absl::Status Error(absl::string_view problem) const {
    return absl::InvalidArgumentError(
        absl::StrCat(name_.empty() ? "trace" : Printable(name_), ":", line_, ": ", problem));
  }
  // Takes the next line off `rest_`; the last one may lack its end.
  absl::string_view NextLine();
  absl::Status ReadVersion();
  // Checks the last line before anything else is believed.
  absl::Status CheckEnd();
  // Reads "label: value"; `value` is empty for "-".
  absl::Status ReadField(absl::string_view label, absl::string_view& value);
  absl::Status ReadHex(absl::string_view label, uint64_t& number);
  absl::Status ReadNumber(absl::string_view label, uint64_t& number);
  absl::Status ReadSubject();
  absl::Status ReadViolation();
  absl::Status ReadDecisions();

  absl::string_view text_;
  absl::string_view name_;
  absl::string_view rest_;
  uint64_t line_ = 0;
  uint64_t ended_with_ = 0;  // decisions, by the last line
  Trace trace_{};
};

absl::string_view TraceReader::NextLine() {
  ++line_;
  const std::size_t end = rest_.find('\n');
  const absl::string_view line = rest_.substr(0, end);
  rest_ = end == absl::string_view::npos ? absl::string_view() : rest_.substr(end + 1);
  return line;
}

absl::Status TraceReader::ReadVersion() {
  absl::string_view line = NextLine();
  if (!absl::ConsumePrefix(&line, kMagic)) {
    return Error(absl::StrCat("expected '", kMagic, kTraceVersion, "', not ", Quoted(line),
                              "; give a file that racewalk wrote"));
  }
  if (absl::EndsWith(line, "\r")) {
    return Error("lines end with carriage returns; convert the file with dos2unix");
  }
  if (line == absl::StrCat(kTraceVersion)) return absl::OkStatus();
  return Error(absl::StrCat("version ", Quoted(line), " of the trace format; this racewalk reads ",
                            "version ", kTraceVersion, ": replay the file with the racewalk that ",
                            "wrote it, or replay the token"));
}

absl::Status TraceReader::CheckEnd() {
  const absl::string_view body = absl::StripSuffix(text_, "\n");
  const std::size_t before = body.rfind('\n');
  const std::size_t begin = before == absl::string_view::npos ? 0 : before + 1;
  const absl::string_view last = body.substr(begin);
  const std::vector<absl::string_view> words = absl::StrSplit(last, ' ');
  const uint64_t first_line = line_;
  line_ = static_cast<uint64_t>(std::count(body.begin(), body.end(), '\n')) + 1;
  uint64_t checksum = 0;
  if (words.size() != 3 || words[0] != "end" || !ParseNumber(words[1], ended_with_) ||
      !ParseHex64(words[2], checksum)) {
    return Error(absl::StrCat("the file is cut or has been added to: its last line is ",
                              Quoted(last), ", not 'end'; copy the whole file again"));
  }
  const uint64_t found = Fnv1a64(text_.substr(0, begin));
  if (found != checksum) {
    return Error(absl::StrCat("the file was edited or damaged: its checksum is ",
                              FormatHex64(found), ", not ", FormatHex64(checksum),
                              "; copy the file again"));
  }
  line_ = first_line;
  return absl::OkStatus();
}

absl::Status TraceReader::ReadField(absl::string_view label, absl::string_view& value) {
  value = NextLine();
  if (!absl::ConsumePrefix(&value, label) || !absl::ConsumePrefix(&value, ": ")) {
    return Error(absl::StrCat("expected '", label, ": ...', not ", Quoted(value),
                              "; let racewalk write the file"));
  }
  if (value == "-") value = absl::string_view();
  return absl::OkStatus();
}

absl::Status TraceReader::ReadHex(absl::string_view label, uint64_t& number) {
  absl::string_view value;
  absl::Status status = ReadField(label, value);
  if (!status.ok() || ParseHex64(value, number)) return status;
  return Error(absl::StrCat(label, " must be 16 hexadecimal digits, not ", Quoted(value)));
}

absl::Status TraceReader::ReadNumber(absl::string_view label, uint64_t& number) {
  absl::string_view value;
  absl::Status status = ReadField(label, value);
  if (!status.ok() || ParseNumber(value, number)) return status;
  return Error(absl::StrCat(label, " must be a number below 2^64, not ", Quoted(value)));
}

absl::Status TraceReader::ReadSubject() {
  struct Field {
    absl::string_view label;
    std::string& value;
    std::string (*problem)(absl::string_view);
    bool optional;
  };
  const auto scenario = [](absl::string_view text) {
    std::size_t bad = 0;
    return ScenarioProblem(text, bad);
  };
  const auto variants = [](absl::string_view text) {
    std::string problem;
    for (absl::string_view word : absl::StrSplit(text, '+')) {
      if (problem.empty()) problem = VariantProblem(word);
    }
    return problem;
  };
  const auto points = [](absl::string_view text) {
    std::string problem;
    for (absl::string_view word : absl::StrSplit(text, ',')) {
      if (problem.empty()) problem = PointProblem(word);
    }
    return problem;
  };
  std::string weaken;
  const Field fields[] = {{"scenario", trace_.scenario, scenario, false},
                          {"name", trace_.name, scenario, true},
                          {"hash", trace_.hash, HashProblem, false},
                          {"mmu", trace_.mmu, MmuProblem, false},
                          {"variant", trace_.variant, variants, true},
                          {"weaken", weaken, points, true},
                          {"bug", trace_.bug, BugProblem, true},
                          {"strategy", trace_.strategy, StrategyProblem, false}};
  for (const Field& field : fields) {
    absl::string_view value;
    absl::Status status = ReadField(field.label, value);
    if (!status.ok()) return status;
    const std::string problem = value.empty() && field.optional ? "" : field.problem(value);
    if (!problem.empty()) return Error(problem);
    field.value = std::string(value);
  }
  if (!weaken.empty()) trace_.weaken = absl::StrSplit(weaken, ',');
  return ReadHex("key", trace_.key);
}

absl::Status TraceReader::ReadViolation() {
  absl::string_view kind;
  absl::Status status = ReadField("violation", kind);
  if (!status.ok()) return status;
  const auto* const found = std::find(kViolationKindNames.begin(), kViolationKindNames.end(), kind);
  if (found == kViolationKindNames.end()) {
    return Error(
        absl::StrCat("unknown kind of violation ", Quoted(kind), "; ",
                     NearestOrAll(kind, {kViolationKindNames.begin(), kViolationKindNames.end()})));
  }
  trace_.violation = static_cast<ViolationKind>(found - kViolationKindNames.begin());
  absl::string_view invariant;
  status = ReadField("invariant", invariant);
  if (!status.ok()) return status;
  trace_.invariant = std::string(invariant);
  status = ReadNumber("step", trace_.step);
  return status.ok() ? ReadHex("fingerprint", trace_.fingerprint) : status;
}

absl::Status TraceReader::ReadDecisions() {
  uint64_t count = 0;
  absl::Status status = ReadNumber("decisions", count);
  if (!status.ok()) return status;
  while (trace_.decisions.size() < count) {
    absl::string_view line = NextLine();
    const std::string first = absl::StrCat(trace_.decisions.size(), ": ");
    if (!absl::ConsumePrefix(&line, first)) {
      return Error(absl::StrCat("expected '", first, "' and decisions, not ", Quoted(line)));
    }
    for (absl::string_view word : absl::StrSplit(line, ' ')) {
      Decision decision;
      if (!ParseDecision(word, decision)) {
        return Error(absl::StrCat("expected a decision such as '2/012' or 'stale=1/2', not ",
                                  Quoted(word), "; let racewalk write the file"));
      }
      trace_.decisions.push_back(decision);
    }
  }
  NextLine();
  if (trace_.decisions.size() == count && ended_with_ == count && rest_.empty()) {
    return absl::OkStatus();
  }
  return Error(absl::StrCat("found ", trace_.decisions.size(), " decisions where ", count,
                            " are announced and the last line says ", ended_with_,
                            "; let racewalk write the file"));
}

absl::StatusOr<Trace> TraceReader::Read() {
  if (text_.size() > kMaxTraceBytes) {
    return Error(absl::StrCat("longer than ", kMaxTraceBytes, " bytes; replay the token instead"));
  }
  absl::Status status = ReadVersion();
  if (status.ok()) status = CheckEnd();
  if (status.ok()) status = ReadSubject();
  if (status.ok()) status = ReadViolation();
  if (status.ok()) status = ReadDecisions();
  if (!status.ok()) return status;
  return trace_;
}

}  // namespace

std::string FormatTrace(const Trace& trace) {
  std::string text = absl::StrCat(
      kMagic, kTraceVersion, "\nscenario: ", trace.scenario, "\nname: ", OrDash(trace.name),
      "\nhash: ", trace.hash, "\nmmu: ", trace.mmu, "\nvariant: ", OrDash(trace.variant),
      "\nweaken: ", OrDash(absl::StrJoin(trace.weaken, ",")), "\nbug: ", OrDash(trace.bug),
      "\nstrategy: ", trace.strategy, "\nkey: ", FormatHex64(trace.key),
      "\nviolation: ", Name(trace.violation), "\ninvariant: ", OrDash(trace.invariant),
      "\nstep: ", trace.step, "\nfingerprint: ", FormatHex64(trace.fingerprint),
      "\ndecisions: ", trace.decisions.size());
  for (std::size_t i = 0; i < trace.decisions.size(); ++i) {
    if (i % kDecisionsPerLine == 0) absl::StrAppend(&text, "\n", i, ":");
    absl::StrAppend(&text, " ", FormatDecision(trace.decisions[i]));
  }
  absl::StrAppend(&text, "\n");
  const std::string checksum = FormatHex64(Fnv1a64(text));
  absl::StrAppend(&text, "end ", trace.decisions.size(), " ", checksum, "\n");
  return text;
}

absl::StatusOr<Trace> ParseTrace(absl::string_view text, absl::string_view name) {
  return TraceReader(text, name).Read();
}

ReplayToken TokenOf(const Trace& trace) {
  return {.scenario = trace.name.empty() ? trace.scenario : trace.name,
          .hash = trace.hash,
          .mmu = trace.mmu,
          .variant = trace.variant,
          .weaken = trace.weaken,
          .bug = trace.bug,
          .strategy = trace.strategy,
          .key = trace.key};
}

}  // namespace racewalk
