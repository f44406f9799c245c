#include "ci/report/json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "ci/report/night_report.h"
#include "ci/report/night_words.h"
#include "ci/report/nights.h"
#include "ci/version.h"

namespace racewalk {
namespace {

// Ordered, so that the fields stand as they are documented.
using Ordered = nlohmann::ordered_json;

Ordered OrNull(const std::string& text) { return text.empty() ? Ordered(nullptr) : Ordered(text); }

Ordered RateJson(const NightWork& work) {
  const std::optional<double> rate = work.rate();
  return rate ? Ordered(*rate) : Ordered(nullptr);
}

Ordered WorkJson(const NightWork& work) {
  return {{"chunks", work.chunks},     {"executions", work.executions},
          {"distinct", work.distinct}, {"most_distinct", work.most_distinct},
          {"seconds", work.seconds()}, {"rate", RateJson(work)},
          {"lost_chunks", work.lost}};
}

Ordered NightJson(const Night& night) {
  Ordered engines = Ordered::array();
  for (const auto& [engine, work] : night.engines) {
    Ordered row = {{"engine", engine}};
    row.update(WorkJson(work));
    engines.push_back(std::move(row));
  }
  return {{"campaign", night.name},
          {"version", night.version},
          {"seed", night.seed},
          {"settings", night.settings},
          {"started", IsoTimeText(night.started)},
          {"seconds", night.seconds},
          {"shards", night.shards},
          {"shards_seen", night.shards_seen},
          {"shards_done", night.shards_done},
          {"jobs", night.jobs},
          {"complete", night.complete()},
          {"engines", std::move(engines)},
          {"violations", night.violations},
          {"new_violations", night.new_violations},
          {"mutants", night.mutants},
          {"mutants_killed", night.mutants_killed},
          {"incidents", night.incidents}};
}

Ordered UnitJson(const UnitName& unit) {
  return {{"engine", unit.engine},
          {"scenario", OrNull(unit.scenario)},
          {"mmu", OrNull(unit.mmu)},
          {"variant", OrNull(unit.variant)},
          {"strategy", OrNull(unit.strategy)},
          {"weaken", OrNull(unit.weaken)}};
}

Ordered ViolationJson(const NightViolation& violation) {
  Ordered rows = Ordered::array();
  for (const UnitName& unit : violation.units) rows.push_back(UnitJson(unit));
  Ordered json = {{"class", violation.name},
                  {"kind", violation.kind},
                  {"invariant", OrNull(violation.invariant)}};
  json.update(UnitJson(violation.unit));
  json.update({{"place", OrNull(violation.place)},
               {"other_place", OrNull(violation.other_place)},
               {"points", violation.points},
               {"sentence", violation.sentence},
               {"explanation", OrNull(violation.explanation)},
               {"steps", violation.steps},
               {"token", OrNull(violation.token)},
               {"new", violation.is_new()},
               {"count", violation.count},
               {"nights", violation.nights},
               {"first_seen", IsoTimeText(violation.first_seen)},
               {"seconds_to_find", violation.seconds_to_find},
               {"rows", std::move(rows)}});
  return json;
}

Ordered MutantJson(const NightMutant& mutant) {
  return {{"point", mutant.name.point},
          {"mmu", mutant.name.mmu},
          {"variant", mutant.name.variant},
          {"killed", mutant.killed},
          {"replayed", mutant.replayed},
          {"searches", mutant.searches},
          {"searches_killed", mutant.searches_killed},
          {"executions", mutant.executions},
          {"seconds", mutant.seconds},
          {"scenario", OrNull(mutant.scenario)},
          {"kind", OrNull(mutant.kind)},
          {"token", OrNull(mutant.token)}};
}

Ordered ComparisonJson(const Comparison& comparison) {
  Ordered regressions = Ordered::array();
  for (const Regression& regression : comparison.regressions) {
    regressions.push_back(
        {{"kind", regression.kind}, {"what", regression.what}, {"look", regression.look}});
  }
  return {{"store", comparison.path},
          {"campaign", comparison.baseline.name},
          {"version", comparison.baseline.version},
          {"started", IsoTimeText(comparison.baseline.started)},
          {"other_version", comparison.other_version},
          {"other_settings", comparison.other_settings},
          {"rate_drop", comparison.rate_drop},
          {"rates_compared", comparison.rates_compared},
          {"rates_fell", comparison.rates_fell},
          {"rates_in_total", comparison.rates_in_total},
          {"rate_ratio",
           comparison.rates_in_total == 0 ? Ordered(nullptr) : Ordered(comparison.rate_ratio)},
          {"mutants_compared", comparison.mutants_compared},
          {"mutants_not_run", comparison.mutants_not_run},
          {"regressions", std::move(regressions)}};
}

}  // namespace

std::string ReportJson(const NightReport& report) {
  Ordered nights = Ordered::array();
  for (const Night& night : report.store.nights) nights.push_back(NightJson(night));
  Ordered rows = Ordered::array();
  for (const UnitWork& unit : report.store.units) {
    Ordered row = UnitJson(unit.unit);
    row.update(WorkJson(unit.work));
    rows.push_back(std::move(row));
  }
  Ordered violations = Ordered::array();
  for (const NightViolation& violation : report.store.violations) {
    violations.push_back(ViolationJson(violation));
  }
  Ordered mutants = Ordered::array();
  for (const NightMutant& mutant : report.store.mutants) mutants.push_back(MutantJson(mutant));
  Ordered incidents = Ordered::array();
  for (const NightIncident& incident : report.store.incidents) {
    Ordered row = UnitJson(incident.unit);
    row.update({{"chunk", incident.number}, {"text", incident.text}});
    incidents.push_back(std::move(row));
  }
  const std::string version =
      kRevision[0] == '\0' ? kVersion : std::string(kVersion) + " " + kRevision;
  const Ordered json = {
      {"version", version},
      {"command", report.command},
      {"verdict", VerdictOf(report)},
      {"headline", Headline(report)},
      {"remarks", Remarks(report)},
      {"store", report.store.path},
      {"campaign", report.store.told().name},
      {"nights", std::move(nights)},
      {"nights_left_out", report.store.nights_left_out},
      {"results", std::move(rows)},
      {"violations", std::move(violations)},
      {"mutants", std::move(mutants)},
      {"incidents", std::move(incidents)},
      {"comparison", report.comparison ? ComparisonJson(*report.comparison) : Ordered(nullptr)}};
  return json.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace racewalk
