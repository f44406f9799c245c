#include "ci/mutants_report.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "ci/sentences.h"
#include "ci/sort_by_key.h"

namespace racewalk {
namespace {

bool Unknown(const MutantState& state) {
  return state.origin == MutantOrigin::kNone || state.unfinished;
}

int Badness(const MutantState& state) {
  if (state.result.killed()) return state.result.killed_by_all() ? 4 : 3;
  if (Unknown(state)) return 2;
  return state.explanation.empty() ? 0 : 1;
}

}  // namespace

MutantCounts CountMutants(const MutantsReport& report) {
  MutantCounts counts;
  for (const MutantState& state : report.states) {
    if (state.result.killed()) {
      ++(state.result.killed_by_all() ? counts.killed : counts.partly);
    } else if (Unknown(state)) {
      ++counts.unknown;
    } else {
      ++counts.survivors;
      counts.explained += state.explanation.empty() ? 0 : 1;
    }
  }
  return counts;
}

const char* OutcomeOf(const MutantState& state) {
  if (state.result.killed()) return "killed";
  if (state.origin == MutantOrigin::kNone) return "not-run";
  return state.unfinished ? "unfinished" : "survived";
}

ExitStatus ExitStatusOf(const MutantsReport& report) {
  if (report.internal_error) return kExitInternalError;
  if (report.interrupted) return kExitInterrupted;
  const MutantCounts counts = CountMutants(report);
  if (report.presubmit) {
    if (counts.unknown != 0) return kExitBudgetEnded;
    const auto wanted = kPresubmitRate * static_cast<double>(report.states.size());
    return static_cast<double>(counts.killed) >= wanted ? kExitClean : kExitViolation;
  }
  if (counts.survivors > counts.explained) return kExitViolation;
  return counts.unknown == 0 ? kExitClean : kExitBudgetEnded;
}

std::string VerdictOf(const MutantsReport& report) {
  switch (ExitStatusOf(report)) {
    case kExitClean:
      return CountMutants(report).survivors == 0 ? "all-killed" : "all-explained";
    case kExitViolation:
      return "survivors";
    case kExitBudgetEnded:
      return "cut-short";
    case kExitInterrupted:
      return "interrupted";
    case kExitBadInput:
    case kExitInternalError:
      break;
  }
  return "internal-error";
}

std::vector<const MutantState*> WorstFirst(const MutantsReport& report) {
  std::vector<const MutantState*> states;
  for (const MutantState& state : report.states) states.push_back(&state);
  SortByKey(states, [](const MutantState* state) { return Badness(*state); });
  return states;
}

std::string ExecutionsText(const MutantResult& result) {
  std::vector<std::string> words;
  for (const MutantSearch& search : result.searches) {
    words.push_back(search.executions ? Grouped(*search.executions) : "-");
  }
  return words.empty() ? "-" : absl::StrJoin(words, " ");
}

std::string SecondsText(const MutantResult& result) {
  std::vector<std::string> words;
  for (const MutantSearch& search : result.searches) {
    words.push_back(search.seconds ? absl::StrFormat("%.2g", *search.seconds) : "-");
  }
  return words.empty() ? "-" : absl::StrJoin(words, " ");
}

}  // namespace racewalk
