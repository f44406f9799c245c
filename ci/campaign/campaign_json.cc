#include "ci/campaign/campaign_json.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "ci/exit_status.h"
#include "ci/mutant.h"
#include "ci/version.h"

namespace racewalk {
namespace {

// Ordered, so that the fields stand as they are documented.
using Json = nlohmann::ordered_json;

std::string DumpLine(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Version() {
  return kRevision[0] == '\0' ? kVersion : std::string(kVersion) + " " + kRevision;
}

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json UnitJson(const CampaignUnit& unit) {
  return {{"engine", unit.engine},
          {"scenario", OrNull(unit.scenario)},
          {"mmu", OrNull(unit.mmu)},
          {"variant", OrNull(unit.variant)},
          {"strategy", OrNull(unit.strategy)},
          {"weaken", OrNull(unit.weaken)}};
}

}  // namespace

std::string CampaignJson(const CampaignReport& report) {
  Json engines = Json::array();
  for (const EngineTotals& totals : report.engines) {
    engines.push_back({{"engine", totals.engine},
                       {"chunks", totals.chunks},
                       {"executions", totals.executions},
                       {"seconds", totals.seconds},
                       {"incidents", totals.incidents}});
  }
  Json violations = Json::array();
  for (const ClassTotals& one : report.violations) {
    const SeenViolation& seen = one.violation;
    violations.push_back({{"class", one.name},
                          {"kind", seen.kind},
                          {"invariant", OrNull(seen.invariant)},
                          {"unit", UnitJson(one.unit)},
                          {"place", OrNull(seen.place)},
                          {"other_place", OrNull(seen.other_place)},
                          {"sentence", seen.sentence},
                          {"explanation", OrNull(seen.explanation)},
                          {"steps", seen.steps},
                          {"token", OrNull(seen.token)},
                          {"count", seen.count},
                          {"chunks", one.chunks}});
  }
  Json survivors = Json::array();
  for (const MutantUnit& unit : report.survivors) {
    survivors.push_back({{"point", unit.point}, {"mmu", unit.mmu}, {"variant", unit.variant}});
  }
  Json only_replayed = Json::array();
  for (const MutantUnit& unit : report.only_replayed) {
    only_replayed.push_back({{"point", unit.point}, {"mmu", unit.mmu}, {"variant", unit.variant}});
  }
  Json incidents = Json::array();
  for (const CampaignIncident& incident : report.incidents) {
    incidents.push_back(
        {{"unit", UnitJson(incident.unit)}, {"chunk", incident.number}, {"text", incident.text}});
  }
  const Json json = {{"version", Version()},
                     {"command", report.command},
                     {"verdict", Verdict(ExitStatusOf(report))},
                     {"store", report.store},
                     {"campaign", report.place.identity.Name()},
                     {"seed", report.place.identity.seed},
                     {"settings", report.place.identity.settings},
                     {"parameters", report.parameters},
                     {"shard", {{"number", report.place.shard}, {"of", report.place.shards}}},
                     {"seconds", report.seconds},
                     {"engines", std::move(engines)},
                     {"violations", std::move(violations)},
                     {"mutants",
                      {{"searched", report.mutants_searched},
                       {"killed", report.mutants_killed},
                       {"survivors", std::move(survivors)},
                       {"searched_afresh", report.searched_afresh},
                       {"found_afresh", report.found_afresh},
                       {"only_replayed", std::move(only_replayed)}}},
                     {"incidents", std::move(incidents)},
                     {"errors", report.errors}};
  return DumpLine(json);
}

std::string MergeJson(const MergeOptions& options, const std::string& command,
                      const MergeCounts& counts) {
  const Json json = {{"version", Version()},          {"command", command},
                     {"store", options.out},          {"merged", options.ins},
                     {"campaigns", counts.campaigns}, {"chunks", counts.chunks},
                     {"added", counts.added},         {"violations", counts.violations}};
  return DumpLine(json);
}

}  // namespace racewalk
