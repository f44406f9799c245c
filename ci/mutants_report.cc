#include "ci/mutants_report.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
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
    case kExitClean: {
      if (report.presubmit) return "rate-reached";
      const MutantCounts counts = CountMutants(report);
      if (counts.survivors != 0) return "all-explained";
      return counts.partly == 0 ? "all-killed" : "partly-killed";
    }
    case kExitViolation:
      return report.presubmit ? "rate-missed" : "survivors";
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

std::string CountsText(const MutantsReport& report) {
  const MutantCounts counts = CountMutants(report);
  return absl::StrCat(counts.killed, " of ", Count(report.states.size(), "unit"),
                      " killed by every seed of their search, ", counts.partly,
                      " by some of its seeds, ", counts.survivors, " by none (", counts.explained,
                      " explained), ", counts.unknown, " not known");
}

std::string OriginsText(const MutantsReport& report) {
  std::vector<const MutantResult*> replayed;
  std::size_t stored = 0;
  std::size_t searched = 0;
  for (const MutantState& state : report.states) {
    if (state.origin == MutantOrigin::kReplayed) replayed.push_back(&state.result);
    stored += state.origin == MutantOrigin::kStored ? 1 : 0;
    searched += state.origin == MutantOrigin::kSearched ? 1 : 0;
  }
  const std::size_t seeds = report.seeds.size();
  return absl::StrCat(
      replayed.size(), " by a known token, replayed",
      replayed.empty() ? ""
                       : absl::StrCat(" (found before in searches of ", SeedsText(replayed), ")"),
      ", ", stored, " from the store, ", searched, " searched with ", Count(seeds, "seed"), ": ",
      absl::StrJoin(report.seeds, ","));
}

std::string SeedsText(const std::vector<const MutantResult*>& results) {
  std::size_t fewest = ~std::size_t{0};
  std::size_t most = 0;
  for (const MutantResult* result : results) {
    fewest = std::min(fewest, result->searches.size());
    most = std::max(most, result->searches.size());
  }
  return fewest >= most ? absl::StrCat(Count(most, "seed"), most == 1 ? "" : " each")
                        : absl::StrCat(fewest, " to ", Count(most, "seed"));
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
    words.push_back(search.seconds ? SecondsText(*search.seconds) : "-");
  }
  return words.empty() ? "-" : absl::StrJoin(words, " ");
}

}  // namespace racewalk
