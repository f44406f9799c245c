// The outcome of `racewalk mutants`, as values: what the table, the pages and
// the JSON say.
#ifndef RACEWALK_CI_MUTANTS_REPORT_H_
#define RACEWALK_CI_MUTANTS_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ci/exit_status.h"
#include "ci/mutant.h"

namespace racewalk {

// How a unit's result is known.
enum class MutantOrigin : uint8_t {
  kNone,      // it is not: the run ended before
  kReplayed,  // the token that was known before still shows the same
  kStored,    // from --store
  kSearched,  // by this run
};

struct MutantState {
  MutantUnit unit{};
  MutantOrigin origin = MutantOrigin::kNone;
  MutantResult result{};
  // No violation, and not each row of the library was run either.
  bool unfinished = false;
  std::string explanation{};  // of a survivor, from the tree's survivors.tsv
};

struct MutantsReport {
  std::string command{};     // as typed
  std::string parameters{};  // all of them, on one line
  std::vector<uint64_t> seeds{};
  std::vector<MutantState> states{};               // survivors stand among the others
  std::vector<PointWithoutUnits> without_units{};  // empty if only some points were asked for
  bool presubmit = false;                          // then the rate is judged
  bool interrupted = false;
  bool time_limit_hit = false;
  bool internal_error = false;
  double seconds = 0;                 // wall time
  std::vector<std::string> errors{};  // as printed on standard error
};

// The share that a pre-submit run must kill.
inline constexpr double kPresubmitRate = 0.95;

struct MutantCounts {
  std::size_t killed = 0;     // by every seed of its search, maybe one before this run
  std::size_t partly = 0;     // by some of its seeds
  std::size_t survivors = 0;  // whose search was whole
  std::size_t explained = 0;  // of those
  std::size_t unknown = 0;    // not run, or not every row
};
MutantCounts CountMutants(const MutantsReport& report);

// "killed", "survived", "unfinished" or "not-run".
const char* OutcomeOf(const MutantState& state);

// "all-killed", "partly-killed" (all, but some not by every seed),
// "all-explained", "survivors", "cut-short", "internal-error", "interrupted".
// Of a pre-submit run "rate-reached" or "rate-missed" in place of the first four.
std::string VerdictOf(const MutantsReport& report);
// kExitViolation if a survivor has no explanation.
ExitStatus ExitStatusOf(const MutantsReport& report);

// Survivors first, then what is not known, then what not every seed killed.
std::vector<const MutantState*> WorstFirst(const MutantsReport& report);

// "570 of 576 units killed by every seed of their search, 6 by some of its ...".
std::string CountsText(const MutantsReport& report);
// How they are known: replayed, from the store, searched, and with how many seeds.
std::string OriginsText(const MutantsReport& report);
// "1 seed", "3 seeds each", "1 to 3 seeds"; of at least one result.
std::string SeedsText(const std::vector<const MutantResult*>& results);

// "1,006 9 -" and "0.012 0.5 -"; "-" for nothing.
std::string ExecutionsText(const MutantResult& result);
std::string SecondsText(const MutantResult& result);

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANTS_REPORT_H_
