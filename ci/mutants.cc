#include "ci/mutants.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/interrupt.h"
#include "ci/json_output.h"
#include "ci/kill_files.h"
#include "ci/kill_replay.h"
#include "ci/mutant_search.h"
#include "ci/mutant_store.h"
#include "ci/mutants_page.h"
#include "ci/mutants_report.h"
#include "ci/mutants_summary.h"
#include "ci/output_path.h"
#include "ci/plan.h"
#include "ci/progress.h"
#include "ci/sentences.h"
#include "ci/strategy_comparison.h"
#include "ci/version.h"
#include "ci/worker_pool.h"
#include "core/violation.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr double kUpdateSeconds = 1;

class Mutants {
 public:
  Mutants(const MutantsOptions& options, const ExplorerFactory& factory, const Console& console)
      : options_(options),
        factory_(factory),
        console_(console),
        progress_(console),
        files_(FilesIn(options.tree)),
        jobs_(options.jobs > 0 ? options.jobs : Cores()) {}

  ExitStatus Run(const std::string& command) {
    report_.command = command;
    report_.presubmit = options_.presubmit;
    report_.seeds = options_.seeds;
    if (report_.seeds.empty()) {
      report_.seeds =
          options_.presubmit ? std::vector<uint64_t>{1} : std::vector<uint64_t>{1, 2, 3};
    }
    if (absl::Status status = Prepare(); !status.ok()) {
      Error(status.message());
      return kExitBadInput;
    }
    Print(absl::StrCat(report_.parameters, "\n"));
    absl::Status status = ReplayKnown();
    if (status.ok()) status = SearchRest();
    progress_.Clear();
    report_.seconds = Elapsed();
    report_.interrupted = report_.interrupted || Interrupted();
    if (status.ok() && options_.update) status = Update(WasWhole());
    if (status.ok() && !options_.html.empty()) {
      status = WriteFileAtomically(options_.html, MutantsHtml(report_));
    }
    if (!status.ok()) InternalError(status.message());
    console_.out(options_.json ? MutantsJson(report_) : MutantsSummary(report_));
    return ExitStatusOf(report_);
  }

 private:
  double Elapsed() const { return duration<double>(steady_clock::now() - start_).count(); }
  std::optional<double> SecondsLeft() const {
    if (!options_.time_limit) return std::nullopt;
    return *options_.time_limit - Elapsed();
  }
  // Whether to stop; notes why.
  bool Over() {
    report_.interrupted = report_.interrupted || Interrupted();
    const std::optional<double> left = SecondsLeft();
    report_.time_limit_hit = report_.time_limit_hit || (left && *left <= 0);
    return report_.interrupted || report_.time_limit_hit;
  }

  // Whether every unit that was asked for was replayed or searched. The page of
  // a run that was cut short would tell the rest as it no longer is.
  bool WasWhole() const {
    return !report_.interrupted && !report_.time_limit_hit && !report_.internal_error;
  }

  void Print(absl::string_view text) {
    if (!options_.json) console_.out(text);
  }
  void Error(absl::string_view message) {
    progress_.Clear();
    report_.errors.emplace_back(message);
    console_.err(absl::StrCat("racewalk mutants: ", message, "\n"));
  }
  void InternalError(absl::string_view message) {
    report_.internal_error = true;
    Error(absl::StrCat("internal error: ", message));
  }

  // Everything that can be refused, before anything is written.
  absl::Status Prepare() {
    absl::StatusOr<std::vector<MutantUnit>> units =
        SelectMutants(options_.points, options_.mmu, options_.variants);
    if (!units.ok()) return units.status();
    if (options_.sample) {
      units = SampleOf(*std::move(units), *options_.sample, report_.seeds.front());
    }
    // An unknown strategy.
    if (absl::Status status = PlanOfMutant(units->front(), options_.strategies).status();
        !status.ok()) {
      return status;
    }
    absl::StatusOr<KnownKills> known = ReadKnownKills(files_);
    if (!known.ok()) return known.status();
    known_ = *std::move(known);
    absl::Status status;
    status.Update(CheckNewFile("--html", options_.html));
    status.Update(CheckWritableFile("--store", options_.store));
    status.Update(CheckDifferentFiles("--html", options_.html, "--store", options_.store));
    if (options_.update) {
      status.Update(CheckWritableFile("--update", files_.table));
      status.Update(CheckWritableFile("--update", files_.page));
    }
    if (!status.ok()) return status;
    for (const MutantUnit& unit : *units) {
      MutantState state{.unit = unit};
      for (const Survivor& survivor : known_.survivors) {
        if (survivor.unit == unit) state.explanation = survivor.why;
      }
      report_.states.push_back(std::move(state));
    }
    if (options_.points.empty()) report_.without_units = PointsWithoutUnits(kPoints);
    if (options_.presubmit) {
      const absl::StatusOr<Plan> whole = MakePlan({.strategies = options_.strategies});
      if (!whole.ok()) return whole.status();
      rows_ = whole->units.size();
    }
    Describe();
    return OpenStore();
  }

  std::string Settings() const {
    std::string text = absl::StrFormat("seconds=%g", options_.seconds);
    if (options_.executions) absl::StrAppend(&text, " executions=", *options_.executions);
    absl::StrAppend(&text, " seeds=", absl::StrJoin(report_.seeds, ","));
    if (!options_.strategies.empty()) {
      absl::StrAppend(&text, " strategies=", absl::StrJoin(options_.strategies, ";"));
    }
    return text;
  }

  void Describe() {
    const absl::string_view revision = kRevision;
    report_.parameters =
        absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision,
                     ": mutants units=", report_.states.size(),
                     " known=", known_.table.kills.size(), " ", Settings(), " jobs=", jobs_);
    if (options_.fresh) absl::StrAppend(&report_.parameters, " fresh");
    if (options_.presubmit) absl::StrAppend(&report_.parameters, " presubmit rows=", rows_);
    if (options_.time_limit) {
      absl::StrAppend(&report_.parameters, " time-limit=", *options_.time_limit);
    }
  }

  absl::Status OpenStore() {
    if (options_.store.empty()) return absl::OkStatus();
    const KillInputs inputs = CurrentKillInputs();
    const char* mode = options_.presubmit ? "presubmit" : options_.fresh ? "fresh" : "known";
    absl::StatusOr<std::unique_ptr<MutantStore>> store = MutantStore::Open(
        options_.store, absl::StrCat("points=", inputs.points, " library=", inputs.library,
                                     " racewalk=", ThisBinary(), " mode=", mode, " executions=",
                                     options_.executions.value_or(0), " ", Settings()));
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    for (const std::string& row : store_->rows()) {
      absl::StatusOr<Kill> kill = ParseKill(row);
      if (!kill.ok()) return kill.status();
      MutantState* state = StateOf(kill->unit);
      if (state == nullptr) continue;
      state->origin = MutantOrigin::kStored;
      state->result = std::move(kill->result);
    }
    return absl::OkStatus();
  }

  // A replay takes less than a millisecond, a search up to minutes.
  absl::Status ReplayKnown() {
    if ((options_.fresh && !options_.update) || options_.presubmit) return absl::OkStatus();
    std::vector<Kill> kills;
    for (const Kill& kill : known_.table.kills) {
      const MutantState* state = StateOf(kill.unit);
      // Of the table that is written every row must be known to be true.
      const bool wanted = state == nullptr
                              ? options_.update
                              : !options_.fresh && state->origin == MutantOrigin::kNone;
      if (wanted && kill.result.killed()) kills.push_back(kill);
    }
    absl::StatusOr<std::vector<absl::Status>> checked = CheckKills(
        kills, jobs_, factory_,
        {.interrupted = [this] { return Over(); },
         .progress =
             [&](std::size_t done) {
               progress_.Show(absl::StrCat(done, "/", kills.size(), " known kills replayed"),
                              Elapsed());
             }});
    if (!checked.ok()) return checked.status();
    for (std::size_t i = 0; i < kills.size(); ++i) {
      const absl::Status& status = (*checked)[i];
      MutantState* state = StateOf(kills[i].unit);
      if (!status.ok()) {
        if (absl::IsCancelled(status)) continue;
        progress_.Clear();
        console_.err(absl::StrCat(MutantName(kills[i].unit),
                                  ": the known token no longer fits: ", status.message(), "\n"));
      } else if (state == nullptr) {
        others_.push_back(kills[i].unit);
      } else {
        state->origin = MutantOrigin::kReplayed;
        state->result = kills[i].result;
      }
    }
    return absl::OkStatus();
  }

  MutantState* StateOf(const MutantUnit& unit) {
    const auto found = std::find_if(report_.states.begin(), report_.states.end(),
                                    [&](const MutantState& state) { return state.unit == unit; });
    return found == report_.states.end() ? nullptr : &*found;
  }

  absl::Status SearchRest() {
    const auto missing = [](const MutantState& state) {
      return state.origin == MutantOrigin::kNone;
    };
    const auto total = static_cast<std::size_t>(
        std::count_if(report_.states.begin(), report_.states.end(), missing));
    std::size_t number = 0;
    for (MutantState& state : report_.states) {
      if (!missing(state)) continue;
      if (Over()) break;
      ++number;
      label_ = absl::StrCat(number, "/", total, " ", MutantName(state.unit));
      if (absl::Status status = SearchUnit(state); !status.ok()) return status;
      if (state.origin == MutantOrigin::kNone) continue;
      Tell(state);
      if (state.unfinished) continue;
      if (store_ != nullptr) {
        if (absl::Status status = store_->Append(FormatKill({state.unit, state.result}));
            !status.ok()) {
          return status;
        }
      }
      // Not after each of hundreds of searches that take milliseconds.
      if (options_.update && Elapsed() >= updated_ + kUpdateSeconds) {
        if (absl::Status status = Update(false); !status.ok()) return status;
        updated_ = Elapsed();
      }
    }
    return absl::OkStatus();
  }

  // With every seed. A unit whose search was cut short stays unknown.
  absl::Status SearchUnit(MutantState& state) {
    MutantSearchOptions search = SearchOptions(state.unit);
    if (options_.presubmit) {
      const absl::StatusOr<Plan> plan = PlanOfMutant(state.unit, options_.strategies);
      if (!plan.ok()) return plan.status();
      // The rows of the other variants have their share of the run too.
      const auto share = static_cast<double>(plan->units.size()) / static_cast<double>(rows_);
      search.phases = {{options_.strategies, options_.seconds * share}};
    }
    MutantResult result;
    bool unfinished = false;
    for (const uint64_t seed : report_.seeds) {
      search.seed = seed;
      search.seconds_left = SecondsLeft();
      absl::StatusOr<MutantSearchOutcome> outcome =
          SearchMutant(state.unit, search, factory_, Hooks(seed));
      if (!outcome.ok()) return outcome.status();
      // What goes wrong in one row goes wrong in hundreds: told once. Other units
      // may do.
      if (const std::size_t errors = outcome->errors.size(); errors != 0) {
        InternalError(
            absl::StrCat(outcome->errors.front(),
                         errors > 1 ? absl::StrCat("; and likewise ", errors - 1, " more") : ""));
        return absl::OkStatus();
      }
      if (outcome->interrupted || (outcome->time_limit_hit && !outcome->finding)) {
        report_.interrupted = report_.interrupted || outcome->interrupted;
        report_.time_limit_hit = report_.time_limit_hit || outcome->time_limit_hit;
        return absl::OkStatus();
      }
      MutantSearch& one = result.searches.emplace_back();
      if (!outcome->finding) {
        unfinished = unfinished || !outcome->finished;
        continue;
      }
      one = {.executions = outcome->executions, .seconds = outcome->seconds};
      if (result.killed()) continue;
      result.kind = Name(outcome->finding->kind);
      result.invariant = outcome->finding->invariant;
      result.scenario = outcome->finding->scenario;
      result.token = outcome->finding->token;
    }
    state.origin = MutantOrigin::kSearched;
    // A pre-submit run has its minute and no more.
    state.unfinished = unfinished && !result.killed() && !options_.presubmit;
    state.result = std::move(result);
    return absl::OkStatus();
  }

  MutantSearchOptions SearchOptions(const MutantUnit& unit) const {
    MutantSearchOptions search;
    search.jobs = jobs_;
    search.executions = options_.executions;
    if (options_.strategies.empty()) {
      // Most kills come in a tenth of the time; the rest is for pos as well,
      // which finds some that the default mix does not.
      search.phases = {{{}, options_.seconds / 10},
                       {{"random", "pct:3", "pos"}, options_.seconds * 9 / 10}};
    } else {
      search.phases = {{options_.strategies, options_.seconds}};
    }
    if (options_.fresh || options_.presubmit) return search;
    std::vector<Kill> kills = known_.table.kills;
    for (const MutantState& state : report_.states) kills.push_back({state.unit, state.result});
    search.first_scenarios = LikelyKillers(unit, kills);
    search.own_mmu_first = true;
    return search;
  }

  ExplorationHooks Hooks(uint64_t seed) {
    ExplorationHooks hooks;
    hooks.interrupted = Interrupted;
    hooks.progress = [this, seed](const ExplorationProgress& now) {
      progress_.Show(absl::StrCat(label_, ", seed ", seed, ": ", ProgressText(now)), Elapsed());
    };
    return hooks;
  }

  void Tell(const MutantState& state) {
    progress_.Clear();
    const MutantResult& result = state.result;
    console_.err(absl::StrCat(label_, ": ",
                              result.killed()
                                  ? absl::StrCat(result.kind, " in ", result.scenario,
                                                 ", executions ", ExecutionsText(result))
                                  : OutcomeOf(state),
                              "\n"));
  }

  absl::Status Update(bool ended) {
    std::vector<Kill> found;
    bool searched = false;
    for (const MutantState& state : report_.states) {
      if (state.origin == MutantOrigin::kNone || state.unfinished) continue;
      found.push_back({state.unit, state.result});
      searched = searched || state.origin != MutantOrigin::kReplayed;
    }
    return WriteKills(files_, known_,
                      {.found = std::move(found),
                       .verified = others_,
                       .settings = searched ? Settings() : "",
                       .ended = ended});
  }

  const MutantsOptions& options_;
  const ExplorerFactory& factory_;
  const Console& console_;
  Progress progress_;
  KillFiles files_;
  int jobs_;
  steady_clock::time_point start_ = steady_clock::now();
  KnownKills known_{};
  std::unique_ptr<MutantStore> store_{};
  MutantsReport report_{};
  std::vector<MutantUnit> others_{};  // not asked for, and still as the table says
  std::size_t rows_ = 0;              // of the whole pre-submit run
  double updated_ = 0;                // Elapsed() when the table was last written
  std::string label_{};               // of what is searched, for progress
};

}  // namespace

ExitStatus RunMutants(const MutantsOptions& options, const std::string& command,
                      const ExplorerFactory& factory, const Console& console) {
  if (!options.compare.empty()) return RunComparison(options, command, factory, console);
  return Mutants(options, factory, console).Run(command);
}

}  // namespace racewalk
