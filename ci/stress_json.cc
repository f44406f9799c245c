#include "ci/stress_json.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/explorer_process.h"
#include "ci/stress_finding.h"
#include "ci/stress_report.h"
#include "ci/target.h"
#include "ci/version.h"
#include "sanitizers/runtime_options.h"

namespace racewalk {
namespace {

// Ordered, so that the fields stand as they are documented.
using Json = nlohmann::ordered_json;

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string TextIn(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json FindingJson(const StressReport& report, const StressFinding& finding) {
  const Subject& subject = report.targets[finding.row].subject;
  Json threads = Json::array();
  for (const ThreadEvents& thread : finding.threads) {
    threads.push_back({{"thread", thread.thread}, {"logged", thread.all}});
  }
  Json events = Json::array();
  for (const TimelineEvent& event : finding.events) {
    events.push_back({{"thread", event.thread}, {"event", event.text}});
  }
  return {{"kind", Name(finding.kind)},
          {"invariant", TextOrNull(finding.invariant)},
          {"scenario", ScenarioLabel(subject.scenario)},
          {"mmu", subject.mmu},
          {"variant", subject.variant},
          {"round", finding.round},
          {"drawn", finding.drawn},
          {"round_scenario", finding.scenario},
          {"thread", TextOrNull(finding.thread)},
          {"place", TextOrNull(finding.place)},
          {"other_thread", TextOrNull(finding.other_thread)},
          {"other_place", TextOrNull(finding.other_place)},
          {"sentence", finding.sentence},
          {"details", finding.details},
          {"threads", std::move(threads)},
          {"events", std::move(events)},
          {"count", finding.count},
          {"scenario_file", TextOrNull(finding.file)},
          {"explored", TextOrNull(finding.explored)},
          {"token", TextOrNull(finding.token)}};
}

}  // namespace

std::string StressJson(const StressReport& report) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < report.targets.size(); ++i) {
    const Subject& subject = report.targets[i].subject;
    const StressRow& row = report.result.rows[i];
    rows.push_back({{"scenario", ScenarioLabel(subject.scenario)},
                    {"mmu", subject.mmu},
                    {"variant", subject.variant},
                    {"rounds", row.rounds},
                    {"found", row.found},
                    {"seconds", row.seconds}});
  }
  Json violations = Json::array();
  for (const StressFinding& finding : report.result.findings) {
    violations.push_back(FindingJson(report, finding));
  }
  const Target& target = report.targets.front();
  const Json json = {
      {"version", kRevision[0] == '\0' ? kVersion : std::string(kVersion) + " " + kRevision},
      {"command", report.command},
      {"verdict", VerdictOf(report)},
      {"rows", report.targets.size()},
      {"rows_run", RowsRun(report)},
      {"seed", report.seed},
      {"parameters", report.parameters},
      {"instrumentation", Instrumentation()},
      {"weaken", target.weaken},
      {"bug", TextOrNull(target.bug)},
      {"seconds", report.result.seconds},
      {"results", std::move(rows)},
      {"violations", std::move(violations)},
      {"untold", report.result.untold},
      {"killed", report.result.killed},
      {"errors", report.errors}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<std::vector<ExploredViolation>> ViolationsOfCheckJson(absl::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  const auto list = json.is_object() ? json.find("violations") : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array()) {
    return absl::InternalError("the explorer did not print what racewalk check --json prints");
  }
  std::vector<ExploredViolation> violations;
  for (const Json& item : *list) {
    if (!item.is_object()) continue;
    ExploredViolation violation{.kind = TextIn(item, "kind"),
                                .invariant = TextIn(item, "invariant"),
                                .token = TextIn(item, "token")};
    if (const auto shrunk = item.find("shrunk"); shrunk != item.end() && shrunk->is_object()) {
      violation.token = TextIn(*shrunk, "token");
    }
    violations.push_back(std::move(violation));
  }
  return violations;
}

}  // namespace racewalk
