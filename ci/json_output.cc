#include "ci/json_output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/event_text.h"
#include "ci/sentences.h"
#include "ci/version.h"
#include "core/protocol.h"
#include "scenarios/bugs.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/library.h"
#include "scenarios/scenario.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// Ordered, so that the fields stand as they are documented.
using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string VersionText() {
  return kRevision[0] == '\0' ? kVersion : std::string(kVersion) + " " + kRevision;
}

std::string MmuName(MmuChoice mmu) { return std::string(SpellingOf(kMmuSpellings, mmu)); }

const char* KindName(PointKind kind) {
  switch (kind) {
    case PointKind::kOrder:
      return "order";
    case PointKind::kStep:
      return "step";
    case PointKind::kYield:
      return "yield";
    case PointKind::kAlternative:
      break;
  }
  return "alternative";
}

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json StepOrNull(uint64_t step) { return step == Violation::kNoNumber ? Json(nullptr) : Json(step); }

bool IsModelled(absl::string_view mmu) {
  const std::vector<std::string>& modelled = ModelledMmus();
  return std::find(modelled.begin(), modelled.end(), std::string(mmu)) != modelled.end();
}

Json Scenarios() {
  Json list = Json::array();
  for (const Scenario& scenario : Library()) {
    Json variants = Json::array();
    for (MmuChoice mmu : {MmuChoice::kTdp, MmuChoice::kStage2}) {
      if (scenario.mmu != MmuChoice::kAny && scenario.mmu != mmu) continue;
      if (!IsModelled(MmuName(mmu))) continue;
      for (const std::string& variant : VariantsToRun(scenario, mmu)) {
        variants.push_back({{"mmu", MmuName(mmu)}, {"variant", variant}});
      }
    }
    list.push_back({{"name", scenario.name},
                    {"mmu", MmuName(scenario.mmu)},
                    {"summary", scenario.summary},
                    {"threads", scenario.threads.size()},
                    {"runs", std::move(variants)}});
  }
  return list;
}

Json Points() {
  Json list = Json::array();
  for (std::size_t i = 1; i < kPointCount; ++i) {
    const PointInfo& info = kPoints[i];
    Json pairs = Json::array();
    const absl::string_view names(info.pairs.data(), info.pairs.size());
    for (absl::string_view name : absl::StrSplit(names, absl::ByAnyChar(", "), absl::SkipEmpty())) {
      pairs.push_back(std::string(name));
    }
    Json orders = nullptr;
    if (info.kind == PointKind::kOrder) {
      orders = {{"strong", std::string(OrderName(info.strong))},
                {"weak", std::string(OrderName(info.weak))}};
    }
    Json units = Json::array();
    for (const PointUnit& unit : UnitsOf(info)) {
      units.push_back({{"mmu", MmuName(unit.mmu)}, {"variant", unit.variant}});
    }
    list.push_back({{"name", info.name},
                    {"kind", KindName(info.kind)},
                    {"why", info.why},
                    {"pairs", std::move(pairs)},
                    {"bug", TextOrNull(std::string(info.bug))},
                    {"units", std::move(units)},
                    {"orders", std::move(orders)}});
  }
  return list;
}

Json AllBugs() {
  Json list = Json::array();
  for (const Bug& bug : Bugs()) {
    Json kinds = Json::array();
    for (ViolationKind kind : bug.kinds) kinds.push_back(Name(kind));
    list.push_back({{"name", bug.name},
                    {"long_name", bug.long_name},
                    {"title", bug.title},
                    {"story", bug.story},
                    {"points", bug.points},
                    {"mmu", bug.mmu},
                    {"variant", bug.variant},
                    {"scenario", bug.scenario},
                    {"kinds", std::move(kinds)},
                    {"invariant", bug.invariant}});
  }
  return list;
}

Json Strategies() {
  Json list = Json::array();
  for (const StrategyInfo& info : StrategyCatalogue()) {
    list.push_back({{"name", info.name}, {"summary", info.summary}});
  }
  return list;
}

Json FindingJson(const Finding& finding) {
  return {{"kind", Name(finding.kind)},
          {"invariant", TextOrNull(finding.invariant)},
          {"scenario", finding.scenario},
          {"mmu", finding.mmu},
          {"variant", finding.variant},
          {"strategy", finding.strategy},
          {"thread", TextOrNull(finding.thread)},
          {"step", finding.step},
          {"place", TextOrNull(finding.place)},
          {"other_thread", TextOrNull(finding.other_thread)},
          {"other_step", StepOrNull(finding.other_step)},
          {"other_place", TextOrNull(finding.other_place)},
          {"sentence", finding.sentence},
          {"explanation", TextOrNull(finding.explanation)},
          {"token", finding.token},
          {"points", finding.points}};
}

Json ResultJson(const CheckReport& report, std::size_t index) {
  const Unit& unit = report.plan.units[index];
  const UnitResult& result = report.result.units[index];
  const Subject& subject = unit.target.subject;
  Json luck = nullptr;
  const Luck numbers = LuckOf(result.executions);
  // An enumeration is no sample: there is no luck in it.
  if (!result.violated && !unit.enumerates && numbers.once_in >= 2) {
    luck = {{"once_in", numbers.once_in}, {"missed", numbers.probability}};
  }
  return {{"scenario", ScenarioLabel(subject.scenario)},
          {"mmu", subject.mmu},
          {"variant", subject.variant},
          {"strategy", unit.strategy},
          {"label", LabelOf(report, index)},
          {"executions", result.executions},
          {"steps", result.steps},
          {"distinct", result.distinct},
          {"distinct_exact", result.distinct_exact},
          {"seconds", result.seconds},
          {"violated", result.violated},
          {"bound", TextOrNull(result.bound)},
          {"cut", result.cut},
          {"done", unit.enumerates ? Json(result.done) : Json(nullptr)},
          {"luck", std::move(luck)}};
}

const char* RowKindName(TimelineRow::Kind kind) {
  switch (kind) {
    case TimelineRow::Kind::kBegin:
      return "begin";
    case TimelineRow::Kind::kEnd:
      return "end";
    case TimelineRow::Kind::kLeftOut:
    case TimelineRow::Kind::kCollapsed:
      return "collapsed";
    case TimelineRow::Kind::kEvent:
      break;
  }
  return "event";
}

Json MarkJson(TimelineRow::Mark mark) {
  switch (mark) {
    case TimelineRow::Mark::kCause:
      return "made-wrong";
    case TimelineRow::Mark::kVictim:
      return "seen";
    case TimelineRow::Mark::kNone:
      break;
  }
  return nullptr;
}

Json NumbersJson(const ShrinkNumbers& numbers) {
  return {{"threads", numbers.threads},
          {"operations", numbers.operations},
          {"frames", numbers.frames},
          {"preemptions", numbers.preemptions},
          {"steps", numbers.steps}};
}

Json ShrunkJson(const ShrinkResult& result) {
  return {{"scenario", result.scenario},
          {"token", result.finding.token},
          {"before", NumbersJson(result.before)},
          {"after", NumbersJson(result.after)},
          {"complete", !result.time_ended && !result.interrupted},
          {"scenarios", result.scenarios},
          {"executions", result.executions},
          {"seconds", result.seconds}};
}

const char* OriginName(MutantOrigin origin) {
  switch (origin) {
    case MutantOrigin::kReplayed:
      return "replayed";
    case MutantOrigin::kStored:
      return "stored";
    case MutantOrigin::kSearched:
      return "searched";
    case MutantOrigin::kNone:
      break;
  }
  return "none";
}

template <typename Value>
Json ValueOrNull(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json MutantJson(const MutantState& state) {
  const MutantResult& result = state.result;
  Json searches = Json::array();
  for (const MutantSearch& search : result.searches) {
    searches.push_back(
        {{"executions", ValueOrNull(search.executions)}, {"seconds", ValueOrNull(search.seconds)}});
  }
  return {{"point", state.unit.point},
          {"mmu", state.unit.mmu},
          {"variant", state.unit.variant},
          {"outcome", OutcomeOf(state)},
          {"origin", OriginName(state.origin)},
          {"kind", TextOrNull(result.kind)},
          {"invariant", TextOrNull(result.invariant)},
          {"scenario", TextOrNull(result.scenario)},
          {"searches", std::move(searches)},
          {"token", TextOrNull(result.token)},
          {"explanation", TextOrNull(state.explanation)}};
}

}  // namespace

std::string ListJson(absl::string_view what) {
  Json json = Json::object();
  if (what.empty() || what == "scenarios") json["scenarios"] = Scenarios();
  if (what.empty() || what == "points") json["points"] = Points();
  if (what.empty() || what == "bugs") json["bugs"] = AllBugs();
  if (what.empty() || what == "strategies") json["strategies"] = Strategies();
  return Dump(json);
}

std::string CheckJson(const CheckReport& report) {
  Json results = Json::array();
  for (std::size_t i = 0; i < report.plan.units.size(); ++i) {
    results.push_back(ResultJson(report, i));
  }
  Json violations = Json::array();
  for (std::size_t i = 0; i < report.result.found.size(); ++i) {
    Json violation = FindingJson(report.result.found[i].finding);
    violation["trace"] = i < report.traces.size() ? TextOrNull(report.traces[i]) : Json(nullptr);
    violation["rows"] = report.result.found[i].units;
    const bool shrunk = i < report.shrunk.size() && report.shrunk[i].has_value();
    violation["shrunk"] = shrunk ? ShrunkJson(*report.shrunk[i]) : Json(nullptr);
    violations.push_back(std::move(violation));
  }
  const Target& target = report.plan.units.front().target;
  const Json json = {{"version", VersionText()},
                     {"command", report.command},
                     {"verdict", VerdictOf(report)},
                     {"label", LabelOf(report)},
                     {"seed", report.seed},
                     {"parameters", report.parameters},
                     {"weaken", target.weaken},
                     {"bug", TextOrNull(target.bug)},
                     {"seconds", report.result.seconds},
                     {"results", std::move(results)},
                     {"violations", std::move(violations)},
                     {"errors", report.errors}};
  return Dump(json);
}

std::string ReplayJson(const ReplayReport& report) {
  const Subject& subject = report.target.subject;
  Json timeline = Json::array();
  for (const TimelineRow& row : report.rows) {
    const auto thread = static_cast<std::size_t>(row.thread);
    const auto preempted = static_cast<std::size_t>(row.preempted);
    timeline.push_back(
        {{"step", row.step},
         {"thread", thread < report.threads.size() ? report.threads[thread] : "?"},
         {"kind", RowKindName(row.kind)},
         {"text", row.text},
         {"place", TextOrNull(row.place)},
         {"point", TextOrNull(row.point)},
         {"weakened", row.weakened},
         {"stale", TextOrNull(row.stale)},
         {"preempted",
          preempted < report.threads.size() ? Json(report.threads[preempted]) : Json(nullptr)},
         {"mark", MarkJson(row.mark)}});
  }
  const Json json = {{"version", VersionText()},
                     {"command", report.command},
                     {"verdict", VerdictOf(report)},
                     {"scenario", ScenarioLabel(subject.scenario)},
                     {"mmu", subject.mmu},
                     {"variant", subject.variant},
                     {"weaken", report.target.weaken},
                     {"bug", TextOrNull(report.target.bug)},
                     {"strategy", report.strategy},
                     {"key", FormatHex64(report.key)},
                     {"token", report.token},
                     {"fingerprint", FormatHex64(report.fingerprint)},
                     {"steps", report.steps},
                     {"stopped_at", report.stopped_at ? Json(*report.stopped_at) : Json(nullptr)},
                     {"violation", report.finding ? FindingJson(*report.finding) : Json(nullptr)},
                     {"threads", report.threads},
                     {"timeline", std::move(timeline)}};
  return Dump(json);
}

std::string ShrinkJson(const ShrinkReport& report) {
  const ShrinkResult& result = report.result;
  Json shrunk = ShrunkJson(result);
  shrunk["scenario_file"] = TextOrNull(report.files.scenario);
  shrunk["trace"] = TextOrNull(report.files.trace);
  const Json json = {{"version", VersionText()},
                     {"command", report.command},
                     {"verdict", VerdictOf(report)},
                     {"seed", report.seed},
                     {"parameters", report.parameters},
                     {"weaken", result.target.weaken},
                     {"bug", TextOrNull(result.target.bug)},
                     {"original", FindingJson(result.original)},
                     {"violation", FindingJson(result.finding)},
                     {"shrunk", std::move(shrunk)},
                     {"errors", report.errors}};
  return Dump(json);
}

std::string MutantsJson(const MutantsReport& report) {
  Json units = Json::array();
  for (const MutantState* state : WorstFirst(report)) units.push_back(MutantJson(*state));
  Json without = Json::array();
  for (const PointWithoutUnits& point : report.without_units) {
    without.push_back({{"point", point.point}, {"why", point.why}});
  }
  const MutantCounts counts = CountMutants(report);
  const Json json = {{"version", VersionText()},
                     {"command", report.command},
                     {"verdict", VerdictOf(report)},
                     {"parameters", report.parameters},
                     {"seeds", report.seeds},
                     {"seconds", report.seconds},
                     {"counts",
                      {{"units", report.states.size()},
                       {"killed", counts.killed},
                       {"partly", counts.partly},
                       {"survivors", counts.survivors},
                       {"explained", counts.explained},
                       {"unknown", counts.unknown}}},
                     {"units", std::move(units)},
                     {"without_units", std::move(without)},
                     {"errors", report.errors}};
  return Dump(json);
}

std::string ComparisonJson(const ComparisonReport& report) {
  Json targets = Json::array();
  for (const ComparedTarget& target : report.targets) {
    Json runs = Json::object();
    for (std::size_t i = 0; i < target.runs.size(); ++i) {
      Json seeds = Json::array();
      for (const auto& executions : target.runs[i]) seeds.push_back(ValueOrNull(executions));
      runs[report.strategies[i]] = std::move(seeds);
    }
    targets.push_back({{"what", target.bug ? "bug" : "point"},
                       {"name", target.name},
                       {"mmu", target.mmu},
                       {"variant", target.variant},
                       {"scenario", target.scenario},
                       {"executions", std::move(runs)}});
  }
  const Json json = {{"version", VersionText()},        {"command", report.command},
                     {"verdict", VerdictOf(report)},    {"parameters", report.parameters},
                     {"strategies", report.strategies}, {"seeds", report.seeds},
                     {"limit", report.limit},           {"targets", std::move(targets)},
                     {"errors", report.errors}};
  return Dump(json);
}

std::string FuzzJson(const FuzzReport& report) {
  const FuzzResult& result = report.result;
  Json moments = Json::array();
  for (const FuzzMoment& moment : result.moments) {
    moments.push_back({{"seconds", moment.seconds},
                       {"executions", moment.executions},
                       {"pairs", moment.pairs},
                       {"states", moment.states}});
  }
  Json violations = Json::array();
  for (std::size_t i = 0; i < result.found.size(); ++i) {
    Json violation = FindingJson(result.found[i].finding);
    violation["input"] = result.found[i].input;
    violation["execution"] = result.found[i].execution;
    violation["trace"] = TextOrNull(report.paths[i]);
    const bool shrunk = i < report.shrunk.size() && report.shrunk[i].has_value();
    violation["shrunk"] = shrunk ? ShrunkJson(*report.shrunk[i]) : Json(nullptr);
    violations.push_back(std::move(violation));
  }
  Json lost = Json::array();
  for (std::size_t i = 0; i < result.lost.size(); ++i) {
    lost.push_back({{"how", result.lost[i].how},
                    {"input", TextOrNull(result.lost[i].input)},
                    {"file", TextOrNull(report.lost_files[i])}});
  }
  Json beyond = nullptr;
  if (report.beyond) {
    beyond = Json::array();
    for (const BeyondLibrary& pair : *report.beyond) {
      beyond.push_back({{"pair", pair.pair}, {"inputs", pair.inputs}, {"input", pair.input}});
    }
  }
  const Json json = {{"version", VersionText()},
                     {"command", report.command},
                     {"verdict", VerdictOf(report)},
                     {"seed", report.seed},
                     {"parameters", report.parameters},
                     {"weaken", report.weaken},
                     {"bug", TextOrNull(report.bug)},
                     {"seconds", result.seconds},
                     {"inputs", result.inputs},
                     {"executions", result.executions},
                     {"steps", result.steps},
                     {"corpus",
                      {{"folder", TextOrNull(report.corpus)},
                       {"inputs", result.corpus.entries().size()},
                       {"files", report.files},
                       {"written", report.added},
                       {"removed", report.removed},
                       {"kept", report.kept}}},
                     {"moments", std::move(moments)},
                     {"violations", std::move(violations)},
                     {"violated", result.violations},
                     {"lost", std::move(lost)},
                     {"beyond_library", std::move(beyond)},
                     {"errors", report.errors}};
  return Dump(json);
}

}  // namespace racewalk
