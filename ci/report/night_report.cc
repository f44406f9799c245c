#include "ci/report/night_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/exit_status.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

// "12,345 executions, 600 rounds": of the MMU as it is, not of what was weakened to be found.
std::string WorkText(const Night& night) {
  std::map<absl::string_view, uint64_t> counts;
  for (const auto& [engine, work] : night.engines) {
    if (engine != "mutants" && work.executions > 0) counts[CountedBy(engine)] += work.executions;
  }
  std::vector<std::string> parts;
  for (const auto& [noun, count] : counts) {
    // Count adds the "s".
    parts.push_back(Count(count, noun.substr(0, noun.size() - 1)));
  }
  return absl::StrJoin(parts, ", ");
}

std::string ClassesText(uint64_t count) {
  return count == 1 ? "1 class of violations" : absl::StrCat(count, " classes of violations");
}

std::string ViolationsText(const NightReport& report) {
  const Night& night = report.store.told();
  const uint64_t earlier = report.store.nights.size() - 1 + report.store.nights_left_out;
  std::string text = ClassesText(night.violations);
  if (earlier > 0 && night.new_violations == 0) {
    text += night.violations == 1 ? ", known from before" : ", all known from before";
  } else if (earlier > 0) {
    absl::StrAppend(&text, ", ",
                    night.new_violations == night.violations ? std::string("all")
                                                             : Grouped(night.new_violations),
                    " of them new (not seen in ", Count(earlier, "earlier night"), ")");
  }
  const std::string work = WorkText(night);
  return absl::StrCat(text, work.empty() ? "" : ", in ", work, ".");
}

bool WorkersLost(const Night& night) { return night.incidents > 0 || night.total().lost > 0; }

// What was not run, of which nothing can be said; a reader must not take the rest for all of it.
std::string MissingText(const Night& night) {
  std::string text;
  if (WorkersLost(night)) {
    const uint64_t lost = std::max(night.incidents, night.total().lost);
    absl::StrAppend(&text, " ", lost == 1 ? "1 worker" : absl::StrCat(Grouped(lost), " workers"),
                    " died, hung or took too much memory: see incidents.");
  }
  if (!night.complete()) {
    absl::StrAppend(&text, " Not all of the night is here: ", IncompleteText(night), ".");
  }
  return text;
}

UnitName WithoutRow(const UnitName& unit) {
  return {.engine = unit.engine, .scenario = unit.scenario, .strategy = unit.strategy};
}

}  // namespace

std::string VerdictOf(const NightReport& report) {
  const bool violated = !report.store.violations.empty();
  // Whatever else went wrong: this is what somebody must look at.
  if (violated && !report.comparison) return "violation";
  const Night& night = report.store.told();
  const bool nothing = night.total().executions == 0 && !violated;
  if (!nothing && report.comparison && !report.comparison->regressions.empty()) return "regression";
  if (WorkersLost(night)) return "workers-lost";
  if (nothing) return "nothing-run";
  return violated ? "known-violations" : "clean";
}

ExitStatus ExitStatusOf(const NightReport& report) {
  const std::string verdict = VerdictOf(report);
  if (verdict == "nothing-run") return kExitBudgetEnded;
  if (verdict == "workers-lost") return kExitInternalError;
  return verdict == "violation" || verdict == "regression" ? kExitViolation : kExitClean;
}

std::string Headline(const NightReport& report) {
  const Night& night = report.store.told();
  if (night.total().executions == 0 && report.store.violations.empty()) {
    return absl::StrCat("Nothing was run, so nothing can be said of this night.",
                        MissingText(night));
  }
  const std::string work = WorkText(night);
  std::string text = !report.store.violations.empty() ? ViolationsText(report)
                     : work.empty()
                         ? absl::StrCat("Nothing but mutants was run: ", KillsText(report), ".")
                         : absl::StrCat("No violation in ", work, ".");
  if (report.comparison) {
    const std::size_t worse = report.comparison->regressions.size();
    const std::string since = TimeText(report.comparison->baseline.started);
    absl::StrAppend(&text, worse == 0 ? absl::StrCat(" Nothing got worse since ", since, ".")
                           : worse == 1
                               ? absl::StrCat(" One thing got worse since ", since, ".")
                               : absl::StrCat(" ", worse, " things got worse since ", since, "."));
  }
  return text + MissingText(night);
}

std::vector<std::string> Remarks(const NightReport& report) {
  const Night& night = report.store.told();
  std::vector<std::string> remarks;
  if (report.store.nights.size() > 1) {
    const Night& before = report.store.nights[report.store.nights.size() - 2];
    if (before.version != night.version) {
      remarks.push_back(absl::StrCat("The night before was of racewalk ", before.version, "."));
    }
  }
  if (!report.comparison) return remarks;
  const Comparison& comparison = *report.comparison;
  if (comparison.other_version) {
    remarks.push_back(
        absl::StrCat("Compared with a night of another racewalk: ", comparison.baseline.version,
                     " there, ", night.version, " here."));
  }
  if (comparison.other_settings) {
    remarks.push_back("Compared with a night of other settings.");
  }
  if (comparison.mutants_not_run > 0) {
    remarks.push_back(absl::StrCat(Count(comparison.mutants_not_run, "weakened point"),
                                   " killed there not searched here."));
  }
  if (comparison.rates_compared == 0 && comparison.rates_in_total == 0) {
    remarks.push_back(absl::StrCat("No rate could be compared: no row has ", kLeastChunks,
                                   " chunks in both nights, and fewer than ", kLeastRows,
                                   " rows were run in both."));
    return remarks;
  }
  remarks.push_back(absl::StrCat(
      "Rates of ", Count(comparison.rates_compared, "row"), " compared: ",
      comparison.rates_fell == 0 ? std::string("none") : Grouped(comparison.rates_fell),
      " fell by more than ", absl::StrFormat("%.0f %%", 100 * comparison.rate_drop),
      " beyond noise."));
  if (comparison.rates_in_total > 0) {
    absl::StrAppend(&remarks.back(), " The median of ", Count(comparison.rates_in_total, "row"),
                    " is ", absl::StrFormat("%.2f", comparison.rate_ratio), " of what it was.");
  }
  return remarks;
}

std::string KillsText(const NightReport& report) {
  const Night& night = report.store.told();
  if (night.mutants == 0) return "no weakened point was searched";
  const std::size_t replayed = OnlyReplayed(report).size();
  return absl::StrCat(
      Grouped(night.mutants_killed), " of ", Count(night.mutants, "weakened point"), " killed (",
      ShareText(night.mutants_killed, night.mutants), ")",
      replayed == 0
          ? ""
          : absl::StrCat(", ", Grouped(replayed), " of them only by the known token: no search of ",
                         "this night found ", replayed == 1 ? "it" : "them"));
}

std::vector<const NightMutant*> OnlyReplayed(const NightReport& report) {
  std::vector<const NightMutant*> mutants;
  for (const NightMutant& mutant : report.store.mutants) {
    if (mutant.replayed && mutant.searches > 0 && mutant.searches_killed == 0) {
      mutants.push_back(&mutant);
    }
  }
  return mutants;
}

std::vector<const NightMutant*> Survivors(const NightReport& report) {
  std::vector<const NightMutant*> survivors;
  for (const NightMutant& mutant : report.store.mutants) {
    if (!mutant.killed) survivors.push_back(&mutant);
  }
  return survivors;
}

std::vector<const NightMutant*> SlowestKills(const NightReport& report, uint64_t most) {
  std::vector<const NightMutant*> kills;
  for (const NightMutant& mutant : report.store.mutants) {
    if (mutant.searches_killed > 0) kills.push_back(&mutant);
  }
  std::sort(kills.begin(), kills.end(), [](const NightMutant* a, const NightMutant* b) {
    return std::pair(-a->seconds, a->name) < std::pair(-b->seconds, b->name);
  });
  if (kills.size() > most) kills.resize(most);
  return kills;
}

std::vector<ScenarioWork> WorkByScenario(const NightReport& report) {
  std::map<UnitName, ScenarioWork> by_name;
  for (const UnitWork& unit : report.store.units) {
    if (unit.unit.engine == "mutants") continue;
    const UnitName name = WithoutRow(unit.unit);
    ScenarioWork& sum = by_name[name];
    sum.unit = name;
    sum.work.Add(unit.work);
    ++sum.rows;
  }
  for (const NightViolation& violation : report.store.violations) {
    std::set<UnitName> names;
    for (const UnitName& unit : violation.units) names.insert(WithoutRow(unit));
    for (const UnitName& name : names) {
      const auto found = by_name.find(name);
      if (found != by_name.end()) ++found->second.violations;
    }
  }
  std::vector<ScenarioWork> rows;
  rows.reserve(by_name.size());
  for (auto& [name, row] : by_name) rows.push_back(std::move(row));
  return rows;
}

}  // namespace racewalk
