#include "ci/campaign/campaign_report.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/mutant.h"
#include "ci/sentences.h"
#include "ci/store/database.h"
#include "ci/store/mutant_rows.h"
#include "ci/store/store_rows.h"
#include "ci/table.h"

namespace racewalk {
namespace {

// Of each kind of lines in the summary; the JSON has all.
constexpr std::size_t kMostLines = 20;

absl::Status ReadEngines(Database& database, int64_t campaign, CampaignReport& report) {
  StoreRows rows(database);
  rows.Each(
      "SELECT engine, count(*), sum(executions), sum(nanoseconds) * 1e-9, sum(outcome <> 0) "
      "FROM chunk JOIN unit ON unit.id = unit WHERE campaign = ? GROUP BY engine ORDER BY engine",
      [&](const Statement& row) {
        report.engines.push_back({.engine = row.Text(0),
                                  .chunks = static_cast<uint64_t>(row.Int(1)),
                                  .executions = static_cast<uint64_t>(row.Int(2)),
                                  .seconds = row.Real(3),
                                  .incidents = static_cast<uint64_t>(row.Int(4))});
      },
      campaign);
  return rows.status();
}

CampaignUnit UnitAt(const Statement& row, int column) {
  return {.engine = row.Text(column),
          .scenario = row.Text(column + 1),
          .mmu = row.Text(column + 2),
          .variant = row.Text(column + 3),
          .strategy = row.Text(column + 4),
          .weaken = row.Text(column + 5)};
}
constexpr absl::string_view kUnitColumns = "engine, scenario, mmu, variant, strategy, weaken";

absl::Status ReadViolations(Database& database, int64_t campaign, CampaignReport& report) {
  StoreRows rows(database);
  rows.Each(
      absl::StrCat(
          "SELECT ", kUnitColumns,
          ", v.class, kind, invariant, place, other_place, points, sentence, explanation, steps, "
          "token, timeline, trace, seen.chunks, seen.times FROM violation v JOIN unit ON "
          "unit.id = unit JOIN (SELECT class, count(*) AS chunks, sum(count) AS times FROM "
          "sighting WHERE campaign = ?1 GROUP BY class) seen ON seen.class = v.class "
          "WHERE campaign = ?1 ORDER BY seen.times DESC, v.class LIMIT ",
          kMostClasses),
      [&](const Statement& row) {
        report.violations.push_back({.violation = {.kind = row.Text(7),
                                                   .invariant = row.Text(8),
                                                   .place = row.Text(9),
                                                   .other_place = row.Text(10),
                                                   .points = row.Text(11),
                                                   .sentence = row.Text(12),
                                                   .explanation = row.Text(13),
                                                   .steps = static_cast<uint64_t>(row.Int(14)),
                                                   .token = row.Text(15),
                                                   .timeline = row.Text(16),
                                                   .trace = row.Text(17),
                                                   .count = static_cast<uint64_t>(row.Int(19))},
                                     .name = row.Text(6),
                                     .unit = UnitAt(row, 0),
                                     .chunks = static_cast<uint64_t>(row.Int(18))});
      },
      campaign);
  return rows.status();
}

absl::Status ReadIncidents(Database& database, int64_t campaign, CampaignReport& report) {
  StoreRows rows(database);
  rows.Each(
      absl::StrCat(
          "SELECT ", kUnitColumns,
          ", incident.number, text FROM incident JOIN unit ON unit.id = unit WHERE campaign = ? "
          "ORDER BY ",
          kUnitColumns, ", incident.number LIMIT ", kMostClasses),
      [&](const Statement& row) {
        report.incidents.push_back({.unit = UnitAt(row, 0),
                                    .number = static_cast<uint64_t>(row.Int(6)),
                                    .text = row.Text(7)});
      },
      campaign);
  return rows.status();
}

absl::Status ReadMutants(Database& database, int64_t campaign,
                         const std::vector<Survivor>& explained, CampaignReport& report) {
  StoreRows rows(database);
  rows.Each(
      absl::StrCat(
          "SELECT weaken, mmu, variant, max(killed), sum(NOT ", kIsReplay, "), sum(killed AND NOT ",
          kIsReplay,
          ") FROM mutant JOIN unit ON unit.id = unit WHERE campaign = ? GROUP BY unit.id ORDER BY "
          "weaken, mmu, variant"),
      [&](const Statement& row) {
        ++report.mutants_searched;
        const bool killed = row.Int(3) != 0;
        const bool afresh = row.Int(4) != 0;
        const bool found = row.Int(5) != 0;
        report.searched_afresh += afresh ? 1 : 0;
        report.found_afresh += found ? 1 : 0;
        report.mutants_killed += killed ? 1 : 0;
        MutantUnit unit{.point = row.Text(0), .mmu = row.Text(1), .variant = row.Text(2)};
        if (killed && afresh && !found) report.only_replayed.push_back(unit);
        if (killed) return;
        const bool known =
            std::any_of(explained.begin(), explained.end(),
                        [&](const Survivor& survivor) { return survivor.unit == unit; });
        if (!known) report.survivors.push_back(std::move(unit));
      },
      campaign);
  return rows.status();
}

std::string RateText(const EngineTotals& totals) {
  if (totals.seconds <= 0) return "-";
  return Grouped(
      static_cast<uint64_t>(std::llround(static_cast<double>(totals.executions) / totals.seconds)));
}

std::string MoreText(std::size_t all) {
  return all > kMostLines ? absl::StrCat("  and ", all - kMostLines, " more; --json has all\n")
                          : "";
}

}  // namespace

absl::Status ReadTotals(Database& database, const std::vector<Survivor>& explained,
                        CampaignReport& report) {
  const absl::StatusOr<int64_t> campaign = database.Int(
      absl::StrCat("SELECT id FROM campaign WHERE name = '", report.place.identity.Name(), "'"));
  if (!campaign.ok()) return campaign.status();
  absl::Status status = ReadEngines(database, *campaign, report);
  status.Update(ReadViolations(database, *campaign, report));
  status.Update(ReadIncidents(database, *campaign, report));
  status.Update(ReadMutants(database, *campaign, explained, report));
  return status;
}

bool Idle(const CampaignReport& report) { return report.engines.empty(); }

ExitStatus ExitStatusOf(const CampaignReport& report) {
  if (report.interrupted && !report.failed) return kExitInterrupted;
  // Whatever else went wrong: this is what somebody must look at.
  if (!report.violations.empty()) return kExitViolation;
  if (report.failed || !report.incidents.empty()) return kExitInternalError;
  return report.survivors.empty() && !Idle(report) ? kExitClean : kExitBudgetEnded;
}

std::string SeenText(const CampaignUnit& unit, const SeenViolation& violation) {
  std::string text = absl::StrCat("VIOLATION: ", violation.kind);
  if (!violation.invariant.empty()) {
    absl::StrAppend(&text, " (invariant ", violation.invariant, ")");
  }
  absl::StrAppend(&text, "\n  ", violation.sentence, "\n");
  if (!violation.explanation.empty()) {
    absl::StrAppend(&text, violation.token.empty() ? "  " : "  why: ", violation.explanation, "\n");
  }
  absl::StrAppend(&text, "  in ", UnitName(unit));
  if (!violation.place.empty()) absl::StrAppend(&text, ", at ", violation.place);
  if (!violation.other_place.empty()) {
    absl::StrAppend(&text, ", made wrong at ", violation.other_place);
  }
  absl::StrAppend(&text, "\n");
  if (!violation.token.empty()) {
    absl::StrAppend(&text, "  replay: ", ReplayCommand(violation.token), "\n");
  }
  return text;
}

std::string CampaignSummary(const CampaignReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"engine", "chunks", "executions", "seconds", "per second", "incidents"}};
  for (const EngineTotals& totals : report.engines) {
    rows.push_back({totals.engine, Grouped(totals.chunks), Grouped(totals.executions),
                    absl::StrFormat("%.1f", totals.seconds), RateText(totals),
                    Grouped(totals.incidents)});
  }
  std::string text = absl::StrCat("\n", FormatTable(rows, {false, true, true, true, true, true}),
                                  "(of the whole campaign as far as it is in ", report.store,
                                  "; seconds of workers; executions of stress are rounds)\n");
  for (std::size_t i = 0; i < report.violations.size() && i < kMostLines; ++i) {
    const ClassTotals& one = report.violations[i];
    absl::StrAppend(&text, "\n", SeenText(one.unit, one.violation), "  seen ",
                    Count(one.violation.count, "time"), " in ", Count(one.chunks, "chunk"), "\n");
  }
  absl::StrAppend(&text, MoreText(report.violations.size()));
  if (report.mutants_searched != 0) {
    absl::StrAppend(&text, "\nmutants: ", Grouped(report.mutants_killed), " killed of ",
                    Grouped(report.mutants_searched), " that had a turn; searches found ",
                    Grouped(report.found_afresh), " of the ", Grouped(report.searched_afresh),
                    " that had more than the replay of a known token\n");
  }
  for (std::size_t i = 0; i < report.survivors.size() && i < kMostLines; ++i) {
    absl::StrAppend(&text, "  not killed: ", MutantName(report.survivors[i]), "\n");
  }
  absl::StrAppend(&text, MoreText(report.survivors.size()));
  for (std::size_t i = 0; i < report.only_replayed.size() && i < kMostLines; ++i) {
    absl::StrAppend(&text, "  killed by its known token, not found by search: ",
                    MutantName(report.only_replayed[i]), "\n");
  }
  absl::StrAppend(&text, MoreText(report.only_replayed.size()));
  if (!report.incidents.empty()) absl::StrAppend(&text, "\n");
  for (std::size_t i = 0; i < report.incidents.size() && i < kMostLines; ++i) {
    const CampaignIncident& incident = report.incidents[i];
    absl::StrAppend(&text, "incident: ", UnitName(incident.unit), ", chunk ", incident.number, ": ",
                    incident.text, "\n");
  }
  absl::StrAppend(&text, MoreText(report.incidents.size()));
  absl::StrAppend(&text, "\nverdict: ", Verdict(ExitStatusOf(report)), "; ", report.parameters,
                  "\n");
  return text;
}

}  // namespace racewalk
