#include "ci/report/load.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/report/nights.h"
#include "ci/sort_by_key.h"
#include "ci/store/database.h"
#include "ci/store/mutant_rows.h"
#include "ci/store/store.h"
#include "ci/store/store_rows.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

// Everything that is told is of one moment.
class Moment {
 public:
  explicit Moment(Database& database) : database_(database), status_(database.Run("BEGIN")) {}
  ~Moment() {
    if (status_.ok()) database_.Run("ROLLBACK").IgnoreError();
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  const absl::Status& status() const { return status_; }

 private:
  Database& database_;
  absl::Status status_;
};

using Units = std::map<int64_t, UnitName>;

Units LoadUnits(StoreRows& rows) {
  Units units;
  rows.Each("SELECT id, engine, scenario, mmu, variant, strategy, weaken FROM unit",
            [&](const Statement& row) {
              units[row.Int(0)] = {.engine = row.Text(1),
                                   .scenario = row.Text(2),
                                   .mmu = row.Text(3),
                                   .variant = row.Text(4),
                                   .strategy = row.Text(5),
                                   .weaken = row.Text(6)};
            });
  return units;
}

// Oldest first.
std::vector<Night> LoadCampaigns(StoreRows& rows) {
  std::vector<Night> nights;
  rows.Each(
      "SELECT id, name, version, seed, settings, started FROM campaign ORDER BY started, name",
      [&](const Statement& row) {
        nights.push_back({.id = row.Int(0),
                          .name = row.Text(1),
                          .version = row.Text(2),
                          .seed = row.Text(3),
                          .settings = row.Text(4),
                          .started = row.Int(5)});
      });
  return nights;
}

// The index of the night called so; an error if there is none, or several.
absl::StatusOr<std::size_t> FindNight(const std::string& path, const std::vector<Night>& nights,
                                      absl::string_view name) {
  if (nights.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has no campaign yet; racewalk campaign --store=", path, " runs one"));
  }
  if (name.empty()) return nights.size() - 1;
  std::vector<std::size_t> found;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < nights.size(); ++i) {
    if (nights[i].name == name) return i;
    if (absl::StartsWith(nights[i].name, name)) found.push_back(i);
    names.push_back(nights[i].name);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("--campaign: ", found.size(), " campaigns of ",
                                                   path, " begin with ", Quoted(name),
                                                   "; give more of the name"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--campaign: ", path, " has no campaign ", Quoted(name), DidYouMean(name, names),
                   "; racewalk report without --campaign tells the newest, ", names.back()));
}

// What queries find is added to the nights that are told of, by id.
class NightsById {
 public:
  explicit NightsById(std::vector<Night>& nights) {
    for (Night& night : nights) by_id_[night.id] = &night;
  }
  template <typename Use>
  void With(int64_t id, const Use& use) const {
    if (const auto found = by_id_.find(id); found != by_id_.end()) use(*found->second);
  }

 private:
  std::map<int64_t, Night*> by_id_{};
};

// A campaign that was shared out in several ways: the way that has ended, or that of most shards.
void AddShards(StoreRows& rows, const NightsById& nights) {
  rows.Each(
      "SELECT campaign, shards, count(*), sum(state = 'done'), sum(jobs), max(seconds) FROM shard "
      "GROUP BY campaign, shards ORDER BY campaign, shards",
      [&](const Statement& row) {
        nights.With(row.Int(0), [&](Night& night) {
          if (night.complete()) return;
          night.shards = Number(row, 1);
          night.shards_seen = Number(row, 2);
          night.shards_done = Number(row, 3);
          night.jobs = Number(row, 4);
          night.seconds = row.Real(5);
        });
      });
}

// The only one that reads every chunk: in the order in which they are stored.
void AddWork(StoreRows& rows, const Units& units, const NightsById& nights, int64_t told,
             std::vector<UnitWork>& of_told) {
  rows.Each(
      "SELECT campaign, unit, count(*), sum(executions), sum(distinct_seen), max(distinct_seen), "
      "sum(nanoseconds), sum(outcome <> 0) FROM chunk GROUP BY campaign, unit",
      [&](const Statement& row) {
        const auto unit = units.find(row.Int(1));
        if (unit == units.end()) return;
        const NightWork work{.chunks = Number(row, 2),
                             .executions = Number(row, 3),
                             .distinct = Number(row, 4),
                             .most_distinct = Number(row, 5),
                             .nanoseconds = Number(row, 6),
                             .lost = Number(row, 7)};
        nights.With(row.Int(0),
                    [&](Night& night) { night.engines[unit->second.engine].Add(work); });
        if (row.Int(0) == told) of_told.push_back({unit->second, work});
      });
  SortByKey(of_told, [](const UnitWork& work) { return work.unit; });
}

// Violations of mutants are what is wanted; they are told as kills.
void AddCounts(StoreRows& rows, const NightsById& nights) {
  rows.Each(
      "WITH seen AS (SELECT v.campaign AS campaign, row_number() OVER (PARTITION BY v.class ORDER "
      "BY c.started, c.name) AS time FROM violation v JOIN unit u ON u.id = v.unit AND u.engine <> "
      "'mutants' JOIN campaign c ON c.id = v.campaign) "
      "SELECT campaign, count(*), sum(time = 1) FROM seen GROUP BY campaign",
      [&](const Statement& row) {
        nights.With(row.Int(0), [&](Night& night) {
          night.violations = Number(row, 1);
          night.new_violations = Number(row, 2);
        });
      });
  rows.Each(
      "SELECT campaign, count(*), sum(killed) FROM (SELECT m.campaign AS campaign, max(m.killed) "
      "AS killed FROM mutant m JOIN unit u ON u.id = m.unit GROUP BY m.campaign, u.weaken, u.mmu, "
      "u.variant) GROUP BY campaign",
      [&](const Statement& row) {
        nights.With(row.Int(0), [&](Night& night) {
          night.mutants = Number(row, 1);
          night.mutants_killed = Number(row, 2);
        });
      });
  rows.Each("SELECT campaign, count(*) FROM incident GROUP BY campaign", [&](const Statement& row) {
    nights.With(row.Int(0), [&](Night& night) { night.incidents = Number(row, 1); });
  });
}

std::vector<NightViolation> LoadViolations(StoreRows& rows, const Units& units, const Night& told) {
  std::map<std::string, NightViolation> by_class;
  rows.Each(
      "SELECT v.class, v.unit, v.kind, v.invariant, v.place, v.other_place, v.points, v.sentence, "
      "v.explanation, v.token, v.steps FROM violation v JOIN unit u ON u.id = v.unit AND "
      "u.engine <> 'mutants' WHERE v.campaign = ?",
      [&](const Statement& row) {
        by_class[row.Text(0)] = {.name = row.Text(0),
                                 .unit = units.at(row.Int(1)),
                                 .kind = row.Text(2),
                                 .invariant = row.Text(3),
                                 .place = row.Text(4),
                                 .other_place = row.Text(5),
                                 .points = row.Text(6),
                                 .sentence = row.Text(7),
                                 .explanation = row.Text(8),
                                 .token = row.Text(9),
                                 .steps = Number(row, 10),
                                 .first_seen = told.started};
      },
      told.id);
  rows.Each(
      "SELECT class, unit, sum(count), min(seen) FROM sighting WHERE campaign = ? GROUP BY class, "
      "unit",
      [&](const Statement& row) {
        const auto found = by_class.find(row.Text(0));
        const auto unit = units.find(row.Int(1));
        if (found == by_class.end() || unit == units.end()) return;
        NightViolation& violation = found->second;
        const int64_t after = std::max<int64_t>(row.Int(3) - told.started, 0);
        violation.seconds_to_find =
            violation.units.empty() ? after : std::min(violation.seconds_to_find, after);
        violation.units.push_back(unit->second);
        violation.count += Number(row, 2);
      },
      told.id);
  rows.Each(
      "SELECT v.class, count(*), min(c.started) FROM violation v JOIN campaign c ON c.id = "
      "v.campaign WHERE (c.started, c.name) < (?, ?) AND v.class IN (SELECT class FROM violation "
      "WHERE campaign = ?) GROUP BY v.class",
      [&](const Statement& row) {
        const auto found = by_class.find(row.Text(0));
        if (found == by_class.end()) return;
        found->second.nights = Number(row, 1);
        found->second.first_seen = row.Int(2);
      },
      told.started, absl::string_view(told.name), told.id);
  std::vector<NightViolation> violations;
  for (auto& [name, violation] : by_class) {
    // A store that somebody edited: the row itself is a sighting.
    if (violation.units.empty()) violation.units.push_back(violation.unit);
    violation.count = std::max<uint64_t>(violation.count, 1);
    std::sort(violation.units.begin(), violation.units.end());
    violations.push_back(std::move(violation));
  }
  SortByKey(violations, [](const NightViolation& violation) {
    return std::pair(violation.nights > 0, ~violation.count);
  });
  return violations;
}

// Timelines and what else is long is read of those only that pages tell.
void AddTimelines(StoreRows& rows, const Night& told, std::vector<NightViolation>& violations) {
  uint64_t new_ones = 0;
  uint64_t known = 0;
  for (NightViolation& violation : violations) {
    if (++(violation.is_new() ? new_ones : known) > kMostTimelines) continue;
    rows.Each(
        "SELECT timeline FROM violation WHERE campaign = ? AND class = ?",
        [&](const Statement& row) { violation.timeline = row.Text(0); }, told.id,
        absl::string_view(violation.name));
  }
}

std::vector<NightMutant> LoadMutants(StoreRows& rows, const Units& units, int64_t night) {
  std::map<MutantKey, NightMutant> by_name;
  rows.Each(
      absl::StrCat("SELECT unit, number, killed, executions, nanoseconds, scenario, kind, token, ",
                   kIsReplay, " FROM mutant WHERE campaign = ? ORDER BY unit, number"),
      [&](const Statement& row) {
        const auto unit = units.find(row.Int(0));
        if (unit == units.end()) return;
        const MutantKey name{unit->second.weaken, unit->second.mmu, unit->second.variant};
        NightMutant& mutant = by_name[name];
        mutant.name = name;
        const bool killed = row.Int(2) != 0;
        const bool replay = row.Int(8) != 0;
        const bool found_before = mutant.searches_killed > 0;
        if (replay) {
          mutant.replayed = true;
        } else {
          if (row.Int(1) == 0) mutant.replay_failed = true;
          // A replay says nothing of how long a search takes.
          if (mutant.searches++ == 0) mutant.executions = 0, mutant.seconds = 0;
          mutant.searches_killed += killed ? 1 : 0;
        }
        mutant.killed |= killed;
        if (found_before || (replay && mutant.searches > 0)) return;
        mutant.executions += Number(row, 3);
        mutant.seconds += static_cast<double>(row.Int(4)) / 1e9;
        if (!killed) return;
        mutant.scenario = row.Text(5);
        mutant.kind = row.Text(6);
        mutant.token = row.Text(7);
      },
      night);
  std::vector<NightMutant> mutants;
  mutants.reserve(by_name.size());
  for (auto& [name, mutant] : by_name) mutants.push_back(std::move(mutant));
  return mutants;
}

std::vector<NightIncident> LoadIncidents(StoreRows& rows, const Units& units, int64_t night) {
  std::vector<NightIncident> incidents;
  rows.Each(
      "SELECT unit, number, text FROM incident WHERE campaign = ? ORDER BY unit, number LIMIT ?",
      [&](const Statement& row) {
        const auto unit = units.find(row.Int(0));
        incidents.push_back(
            {unit == units.end() ? UnitName{} : unit->second, Number(row, 1), row.Text(2)});
      },
      night, kMostIncidents);
  return incidents;
}

double MedianOf(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

ChunkRates RatesOf(std::vector<double>& rates) {
  ChunkRates result{.chunks = rates.size(), .median = MedianOf(rates)};
  for (double& rate : rates) rate = std::abs(rate - result.median);
  result.deviation = MedianOf(rates);
  return result;
}

std::map<UnitName, ChunkRates> NightRates(StoreRows& rows, const Units& units, int64_t night) {
  std::map<UnitName, ChunkRates> result;
  std::vector<double> rates;
  int64_t of = -1;
  const auto add = [&] {
    const auto unit = units.find(of);
    if (!rates.empty() && unit != units.end() && unit->second.engine != "mutants") {
      result[unit->second] = RatesOf(rates);
    }
    rates.clear();
  };
  rows.Each(
      "SELECT unit, executions, nanoseconds FROM chunk WHERE campaign = ? AND outcome = 0 AND "
      "nanoseconds > 0 ORDER BY unit",
      [&](const Statement& row) {
        if (row.Int(0) != of) {
          add();
          of = row.Int(0);
        }
        rates.push_back(static_cast<double>(row.Int(1)) * 1e9 / static_cast<double>(row.Int(2)));
      },
      night);
  add();
  return result;
}

}  // namespace

absl::StatusOr<StoreNights> LoadNights(Store& store, absl::string_view campaign) {
  const Moment moment(store.database());
  if (!moment.status().ok()) return moment.status();
  StoreRows rows(store.database());
  StoreNights result{.path = store.path(), .nights = LoadCampaigns(rows)};
  if (!rows.status().ok()) return rows.status();
  const absl::StatusOr<std::size_t> told = FindNight(store.path(), result.nights, campaign);
  if (!told.ok()) return told.status();
  result.nights.resize(*told + 1);
  if (result.nights.size() > kMostNights) {
    result.nights_left_out = result.nights.size() - kMostNights;
    result.nights.erase(result.nights.begin(), result.nights.begin() + static_cast<std::ptrdiff_t>(
                                                                           result.nights_left_out));
  }
  const Units units = LoadUnits(rows);
  const NightsById nights(result.nights);
  const int64_t id = result.told().id;
  AddShards(rows, nights);
  AddWork(rows, units, nights, id, result.units);
  AddCounts(rows, nights);
  result.violations = LoadViolations(rows, units, result.told());
  AddTimelines(rows, result.told(), result.violations);
  result.mutants = LoadMutants(rows, units, id);
  result.incidents = LoadIncidents(rows, units, id);
  if (!rows.status().ok()) return rows.status();
  return result;
}

absl::StatusOr<std::map<UnitName, ChunkRates>> LoadChunkRates(Store& store, const Night& night) {
  const Moment moment(store.database());
  if (!moment.status().ok()) return moment.status();
  StoreRows rows(store.database());
  const Units units = LoadUnits(rows);
  std::map<UnitName, ChunkRates> rates = NightRates(rows, units, night.id);
  if (!rows.status().ok()) return rows.status();
  return rates;
}

absl::StatusOr<Baseline> LoadBaseline(Store& store, const Night& told) {
  const Moment moment(store.database());
  if (!moment.status().ok()) return moment.status();
  StoreRows rows(store.database());
  std::vector<Night> nights = LoadCampaigns(rows);
  if (!rows.status().ok()) return rows.status();
  std::erase_if(nights, [&](const Night& night) {
    return night.name == told.name || night.started > told.started;
  });
  if (nights.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--against: ", store.path(), " has no earlier campaign to compare with; give ",
                     "the store of an earlier night"));
  }
  const Units units = LoadUnits(rows);
  Baseline result{.path = store.path(), .night = nights.back()};
  for (const Night& night : nights) {
    rows.Each(
        "SELECT v.class FROM violation v JOIN unit u ON u.id = v.unit AND u.engine <> 'mutants' "
        "WHERE v.campaign = ?",
        [&](const Statement& row) { result.classes[row.Text(0)] = night.started; }, night.id);
  }
  for (NightMutant& mutant : LoadMutants(rows, units, result.night.id)) {
    const MutantKey name = mutant.name;
    result.mutants[name] = std::move(mutant);
  }
  result.rates = NightRates(rows, units, result.night.id);
  const std::size_t first = nights.size() > kBaselineNights ? nights.size() - kBaselineNights : 0;
  for (std::size_t i = first; i < nights.size(); ++i) {
    std::map<UnitName, double>& rates = result.all_rates.emplace_back();
    rows.Each(
        "SELECT unit, sum(executions), sum(nanoseconds) FROM chunk WHERE campaign = ? AND outcome "
        "= 0 GROUP BY unit",
        [&](const Statement& row) {
          const auto unit = units.find(row.Int(0));
          if (unit == units.end() || row.Int(2) <= 0) return;
          rates[unit->second] =
              static_cast<double>(row.Int(1)) * 1e9 / static_cast<double>(row.Int(2));
        },
        nights[i].id);
  }
  if (!rows.status().ok()) return rows.status();
  return result;
}

}  // namespace racewalk
