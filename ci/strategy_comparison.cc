#include "ci/strategy_comparison.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/comparison_page.h"
#include "ci/exploration.h"
#include "ci/interrupt.h"
#include "ci/json_output.h"
#include "ci/kill_files.h"
#include "ci/mutant.h"
#include "ci/mutant_store.h"
#include "ci/output_path.h"
#include "ci/plan.h"
#include "ci/progress.h"
#include "ci/seconds.h"
#include "ci/version.h"
#include "ci/worker_pool.h"
#include "scenarios/bugs.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr uint64_t kExecutions = 3000;
// So many targets share workers; then the results are stored.
constexpr std::size_t kGroup = 8;

using Runs = std::vector<std::vector<std::optional<uint64_t>>>;

std::string KeyOf(const ComparedTarget& target) {
  return absl::StrCat(target.bug ? "bug" : "point", "\t", target.name, "\t", target.mmu, "\t",
                      target.variant, "\t", target.scenario);
}

// "12 - 7\t1 2 3": the seeds of each strategy.
std::string FormatRuns(const Runs& runs) {
  return absl::StrJoin(runs, "\t", [](std::string* text, const auto& seeds) {
    absl::StrAppend(text, absl::StrJoin(seeds, " ", [](std::string* word, const auto& executions) {
                      absl::StrAppend(word, executions ? absl::StrCat(*executions) : "-");
                    }));
  });
}

Runs ParseRuns(absl::string_view text) {
  Runs runs;
  for (absl::string_view seeds : absl::StrSplit(text, '\t')) {
    auto& row = runs.emplace_back();
    for (absl::string_view word : absl::StrSplit(seeds, ' ')) {
      uint64_t number = 0;
      row.emplace_back(absl::SimpleAtoi(word, &number) ? std::optional(number) : std::nullopt);
    }
  }
  return runs;
}

class Comparison {
 public:
  Comparison(const MutantsOptions& options, const ExplorerFactory& factory, const Console& console)
      : options_(options),
        factory_(factory),
        console_(console),
        progress_(console),
        files_(FilesIn(options.tree)),
        jobs_(options.jobs > 0 ? options.jobs : Cores()) {}

  ExitStatus Run(const std::string& command) {
    report_.command = command;
    report_.strategies = options_.compare;
    report_.seeds = options_.seeds.empty() ? std::vector<uint64_t>{1} : options_.seeds;
    report_.limit = options_.executions.value_or(kExecutions);
    if (absl::Status status = Prepare(); !status.ok()) {
      Error(status.message());
      return kExitBadInput;
    }
    if (!options_.json) console_.out(absl::StrCat(report_.parameters, "\n"));
    absl::Status status = Measure();
    progress_.Clear();
    // A page of half the targets would look like one of all.
    if (status.ok() && options_.update && ExitStatusOf(report_) == kExitClean) {
      status = WriteFileAtomically(files_.strategies, ComparisonPage(report_), Overwrite::kAllow);
    }
    if (!status.ok()) {
      report_.internal_error = true;
      Error(absl::StrCat("internal error: ", status.message()));
    }
    console_.out(options_.json ? ComparisonJson(report_) : ComparisonSummary(report_));
    return ExitStatusOf(report_);
  }

 private:
  double Elapsed() const { return duration<double>(steady_clock::now() - start_).count(); }

  void Error(absl::string_view message) {
    progress_.Clear();
    report_.errors.emplace_back(message);
    console_.err(absl::StrCat("racewalk mutants: ", message, "\n"));
  }

  absl::Status Prepare() {
    absl::StatusOr<std::vector<MutantUnit>> units =
        SelectMutants(options_.points, options_.mmu, options_.variants);
    if (!units.ok()) return units.status();
    if (options_.sample) {
      units = SampleOf(*std::move(units), *options_.sample, report_.seeds.front());
    }
    // An unknown strategy.
    absl::Status status = MakePlan({.strategies = options_.compare}).status();
    if (!status.ok()) return status;
    absl::StatusOr<KnownKills> known = ReadKnownKills(files_);
    if (!known.ok()) return known.status();
    for (const MutantUnit& unit : *units) {
      const MutantResult* kill = known->table.Find(unit);
      if (kill == nullptr || !kill->killed()) {
        ++report_.without_scenario;
        continue;
      }
      report_.targets.push_back({.name = unit.point,
                                 .mmu = unit.mmu,
                                 .variant = unit.variant,
                                 .scenario = kill->scenario});
    }
    const bool all = options_.points.empty() && options_.variants.empty() && !options_.sample;
    for (const Bug& bug : Bugs()) {
      if (!all || (!options_.mmu.empty() && bug.mmu != options_.mmu)) continue;
      report_.targets.push_back({.bug = true,
                                 .name = bug.name,
                                 .mmu = bug.mmu,
                                 .variant = bug.variant,
                                 .scenario = bug.scenario});
    }
    if (report_.targets.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--compare: ", files_.table,
                       " names a scenario for none of the units; run racewalk "
                       "mutants --update, or name the source tree by --tree"));
    }
    status.Update(CheckWritableFile("--store", options_.store));
    if (options_.update) status.Update(CheckWritableFile("--update", files_.strategies));
    if (!status.ok()) return status;
    const absl::string_view revision = kRevision;
    report_.parameters =
        absl::StrCat("racewalk ", kVersion, revision.empty() ? "" : " ", revision,
                     ": mutants compare=", absl::StrJoin(report_.strategies, ","),
                     " seeds=", absl::StrJoin(report_.seeds, ","), " executions=", report_.limit,
                     " targets=", report_.targets.size(), " jobs=", jobs_);
    return OpenStore();
  }

  absl::Status OpenStore() {
    if (options_.store.empty()) return absl::OkStatus();
    const KillInputs inputs = CurrentKillInputs();
    absl::StatusOr<std::unique_ptr<MutantStore>> store = MutantStore::Open(
        options_.store, absl::StrCat("points=", inputs.points, " library=", inputs.library,
                                     " racewalk=", ThisBinary(), " mode=compare executions=",
                                     report_.limit, " seeds=", absl::StrJoin(report_.seeds, ","),
                                     " strategies=", absl::StrJoin(report_.strategies, ";")));
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    std::map<std::string, Runs> stored;
    for (const std::string& row : store_->rows()) {
      const std::vector<std::string> parts = absl::StrSplit(row, absl::MaxSplits("\t\t", 1));
      if (parts.size() == 2) stored[parts[0]] = ParseRuns(parts[1]);
    }
    for (ComparedTarget& target : report_.targets) {
      if (auto found = stored.find(KeyOf(target)); found != stored.end()) {
        target.runs = found->second;
      }
    }
    return absl::OkStatus();
  }

  absl::Status Measure() {
    std::vector<ComparedTarget*> missing;
    for (ComparedTarget& target : report_.targets) {
      if (target.runs.empty()) missing.push_back(&target);
    }
    for (std::size_t first = 0; first < missing.size(); first += kGroup) {
      const std::size_t last = std::min(first + kGroup, missing.size());
      const std::vector<ComparedTarget*> group(missing.begin() + static_cast<std::ptrdiff_t>(first),
                                               missing.begin() + static_cast<std::ptrdiff_t>(last));
      label_ = absl::StrCat(first, "/", missing.size(), " targets");
      absl::Status status = MeasureGroup(group);
      if (!status.ok()) return status;
      if (report_.interrupted || report_.time_limit_hit) break;
      if (store_ == nullptr) continue;
      for (const ComparedTarget* target : group) {
        status = store_->Append(absl::StrCat(KeyOf(*target), "\t\t", FormatRuns(target->runs)));
        if (!status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status MeasureGroup(const std::vector<ComparedTarget*>& group) {
    std::vector<Unit> units;
    for (const ComparedTarget* target : group) {
      CheckOptions check{.scenarios = {target->scenario},
                         .mmu = target->mmu,
                         .strategies = report_.strategies,
                         .variants = {target->variant}};
      (target->bug ? check.bug : check.weaken.emplace_back()) = target->name;
      absl::StatusOr<Plan> plan = MakePlan(check);
      if (!plan.ok()) return plan.status();
      if (plan->units.size() != report_.strategies.size()) {
        return absl::InternalError(absl::StrCat("not one row a strategy for ", KeyOf(*target)));
      }
      for (Unit& unit : plan->units) units.push_back(std::move(unit));
    }
    std::vector<Runs> runs(group.size(), Runs(report_.strategies.size()));
    for (const uint64_t seed : report_.seeds) {
      absl::StatusOr<ExplorationResult> result = ExploreAll(units, seed);
      if (!result.ok()) return result.status();
      for (std::size_t i = 0; i < units.size(); ++i) {
        const UnitResult& unit = result->units[i];
        runs[i / report_.strategies.size()][i % report_.strategies.size()].push_back(
            unit.violated ? std::optional(unit.executions) : std::nullopt);
      }
      if (report_.interrupted || report_.time_limit_hit) return absl::OkStatus();
    }
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->runs = std::move(runs[i]);
    return absl::OkStatus();
  }

  absl::StatusOr<ExplorationResult> ExploreAll(const std::vector<Unit>& units, uint64_t seed) {
    ExplorationOptions exploration;
    exploration.jobs = jobs_;
    exploration.seed = seed;
    exploration.executions = report_.limit;
    exploration.serial = true;
    if (options_.time_limit) {
      const double left = std::max(*options_.time_limit - Elapsed(), 0.001);
      exploration.time_limit = Seconds(left);
    }
    ExplorationHooks hooks;
    hooks.interrupted = Interrupted;
    hooks.progress = [this](const ExplorationProgress&) { progress_.Show(label_, Elapsed()); };
    absl::StatusOr<ExplorationResult> result = Explore(units, exploration, factory_, hooks);
    if (!result.ok()) return result.status();
    if (!result->input.ok()) return result->input;
    if (!result->internal_errors.empty()) {
      return absl::InternalError(result->internal_errors.front());
    }
    report_.interrupted = result->interrupted;
    report_.time_limit_hit = result->time_limit_hit;
    return result;
  }

  const MutantsOptions& options_;
  const ExplorerFactory& factory_;
  const Console& console_;
  Progress progress_;
  KillFiles files_;
  int jobs_;
  steady_clock::time_point start_ = steady_clock::now();
  std::unique_ptr<MutantStore> store_{};
  ComparisonReport report_{};
  std::string label_{};
};

}  // namespace

ExitStatus ExitStatusOf(const ComparisonReport& report) {
  if (report.internal_error) return kExitInternalError;
  if (report.interrupted) return kExitInterrupted;
  const bool whole = std::none_of(report.targets.begin(), report.targets.end(),
                                  [](const ComparedTarget& target) { return target.runs.empty(); });
  return whole ? kExitClean : kExitBudgetEnded;
}

std::string VerdictOf(const ComparisonReport& report) {
  switch (ExitStatusOf(report)) {
    case kExitClean:
      return "measured";
    case kExitBudgetEnded:
      return "cut-short";
    case kExitInterrupted:
      return "interrupted";
    case kExitViolation:
    case kExitBadInput:
    case kExitInternalError:
      break;
  }
  return "internal-error";
}

ExitStatus RunComparison(const MutantsOptions& options, const std::string& command,
                         const ExplorerFactory& factory, const Console& console) {
  return Comparison(options, factory, console).Run(command);
}

}  // namespace racewalk
