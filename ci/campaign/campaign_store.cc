#include "ci/campaign/campaign_store.h"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"
#include "ci/store/union_tables.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"

namespace racewalk {
namespace {

absl::string_view View(const std::string& text) { return text; }

int64_t Now() { return static_cast<int64_t>(std::time(nullptr)); }

absl::StatusOr<std::optional<StoredShard>> ReadShard(Statement& query) {
  const absl::StatusOr<bool> row = query.Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::optional<StoredShard>();
  return std::optional<StoredShard>(
      StoredShard{.identity = {query.Text(0), query.Text(1), query.Text(2)},
                  .state = query.Text(3),
                  .seconds = query.Real(4)});
}

}  // namespace

std::string CampaignIdentity::Name() const {
  return FormatHex64(Fnv1a64(absl::StrCat(version, "\n", seed, "\n", settings)));
}

std::string Difference(const CampaignIdentity& stored, const CampaignIdentity& asked) {
  if (stored.version != asked.version) {
    return absl::StrCat("racewalk ", stored.version, " there, ", asked.version, " here");
  }
  if (stored.seed != asked.seed) {
    return absl::StrCat("seed=0x", stored.seed, " there, seed=0x", asked.seed, " here");
  }
  if (stored.settings == asked.settings) return "";
  const std::vector<std::string> one = absl::StrSplit(stored.settings, ' ');
  const std::vector<std::string> two = absl::StrSplit(asked.settings, ' ');
  for (std::size_t i = 0; i < one.size() || i < two.size(); ++i) {
    const std::string there = i < one.size() ? one[i] : "nothing";
    const std::string here = i < two.size() ? two[i] : "nothing";
    if (there != here) return absl::StrCat(there, " there, ", here, " here");
  }
  return "other settings";
}

absl::StatusOr<std::optional<StoredShard>> FindShard(Database& database, const std::string& name,
                                                     uint64_t number, uint64_t shards) {
  absl::StatusOr<Statement> query = database.Prepare(
      "SELECT version, seed, settings, ifnull(state, ''), ifnull(seconds, 0) FROM campaign "
      "LEFT JOIN shard ON campaign = id AND number = ? AND shards = ? WHERE name = ?");
  if (!query.ok()) return query.status();
  return ReadShard(query->Bind(number).Bind(shards).Bind(View(name)));
}

absl::StatusOr<std::optional<StoredShard>> ShardToGoOn(Database& database,
                                                       const WantedCampaign& wanted,
                                                       uint64_t number, uint64_t shards) {
  absl::StatusOr<Statement> query = database.Prepare(absl::StrCat(
      "SELECT version, seed, settings, state, seconds FROM campaign JOIN shard ON campaign = id "
      "WHERE number = ?1 AND shards = ?2 AND ",
      wanted.seed ? "seed = ?5" : "state <> 'done' AND ?5 = ''",
      " ORDER BY version = ?3 DESC, substr(settings, 1, length(?4)) = ?4 DESC, state <> 'done' "
      "DESC, started DESC, id DESC LIMIT 1"));
  if (!query.ok()) return query.status();
  const std::string settings = absl::StrCat(wanted.settings, " ");
  const std::string seed = wanted.seed.value_or("");
  return ReadShard(query->Bind(number)
                       .Bind(shards)
                       .Bind(View(wanted.version))
                       .Bind(View(settings))
                       .Bind(View(seed)));
}

absl::StatusOr<std::unique_ptr<CampaignStore>> CampaignStore::Start(
    Database& database, const CampaignPlace& place, const std::vector<CampaignUnit>& units) {
  std::unique_ptr<CampaignStore> store(new CampaignStore(database, place));
  absl::Status status = store->Prepare();
  if (status.ok()) status = store->Begin();
  if (status.ok()) status = store->Open(units);
  if (status.ok()) status = store->LoadDone();
  if (status.ok()) status = store->Commit(0, "running");
  if (!status.ok()) return status;
  return store;
}

absl::Status CampaignStore::Prepare() {
  for (const auto& [name, statement] :
       {std::pair("chunk", &chunk_), std::pair("violation", &violation_),
        std::pair("sighting", &sighting_), std::pair("mutant", &mutant_),
        std::pair("corpus", &corpus_), std::pair("incident", &incident_)}) {
    absl::StatusOr<Statement> prepared = database_.Prepare(UnionSql(UnionTableOf(name)));
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  // Its own row is a process's to change.
  absl::StatusOr<Statement> shard = database_.Prepare(
      "INSERT OR REPLACE INTO shard(campaign, number, shards, jobs, state, seconds, updated) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!shard.ok()) return shard.status();
  shard_ = *std::move(shard);
  return absl::OkStatus();
}

absl::Status CampaignStore::Begin() {
  if (pending_) return absl::OkStatus();
  pending_ = true;
  return database_.Run("BEGIN IMMEDIATE");
}

absl::Status CampaignStore::Open(const std::vector<CampaignUnit>& units) {
  units_ = units;
  const CampaignIdentity& identity = place_.identity;
  const std::string name = identity.Name();
  absl::StatusOr<Statement> insert = database_.Prepare(
      "INSERT OR IGNORE INTO campaign(name, version, seed, settings, started) "
      "VALUES (?, ?, ?, ?, ?)");
  if (!insert.ok()) return insert.status();
  absl::Status status = insert->Bind(View(name))
                            .Bind(View(identity.version))
                            .Bind(View(identity.seed))
                            .Bind(View(identity.settings))
                            .Bind(Now())
                            .Run();
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> id =
      database_.Int(absl::StrCat("SELECT id FROM campaign WHERE name = '", name, "'"));
  if (!id.ok()) return id.status();
  campaign_ = *id;
  const absl::StatusOr<std::optional<StoredShard>> shard =
      FindShard(database_, name, place_.shard, place_.shards);
  if (!shard.ok()) return shard.status();
  if (*shard) seconds_ = (*shard)->seconds;
  absl::StatusOr<Statement> unit = database_.Prepare(
      "INSERT OR IGNORE INTO unit(engine, scenario, mmu, variant, strategy, weaken) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  absl::StatusOr<Statement> find = database_.Prepare(
      "SELECT id FROM unit WHERE engine = ? AND scenario = ? AND mmu = ? AND variant = ? "
      "AND strategy = ? AND weaken = ?");
  if (!unit.ok()) return unit.status();
  if (!find.ok()) return find.status();
  for (const CampaignUnit& one : units) {
    for (const std::string* word :
         {&one.engine, &one.scenario, &one.mmu, &one.variant, &one.strategy, &one.weaken}) {
      unit->Bind(View(*word));
      find->Bind(View(*word));
    }
    if (status = unit->Run(); !status.ok()) return status;
    const absl::StatusOr<bool> found = find->Step();
    if (!found.ok()) return found.status();
    ids_.push_back(find->Int(0));
    if (status = find->Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CampaignStore::LoadDone() {
  std::map<int64_t, std::size_t> index;
  for (std::size_t i = 0; i < ids_.size(); ++i) index[ids_[i]] = i;
  absl::StatusOr<Statement> chunks =
      database_.Prepare("SELECT unit, number FROM chunk WHERE campaign = ?");
  absl::StatusOr<Statement> classes =
      database_.Prepare("SELECT class FROM violation WHERE campaign = ?");
  if (!chunks.ok()) return chunks.status();
  if (!classes.ok()) return classes.status();
  chunks->Bind(campaign_);
  classes->Bind(campaign_);
  for (;;) {
    const absl::StatusOr<bool> row = chunks->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const auto unit = index.find(chunks->Int(0));
    if (unit == index.end()) continue;
    done_.insert({unit->second, static_cast<uint64_t>(chunks->Int(1))});
  }
  for (;;) {
    const absl::StatusOr<bool> row = classes->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    classes_.insert(classes->Text(0));
  }
}

absl::StatusOr<bool> CampaignStore::WriteViolation(std::size_t unit, uint64_t number,
                                                   const SeenViolation& violation,
                                                   const std::string& name) {
  absl::Status status = violation_->Bind(campaign_)
                            .Bind(View(name))
                            .Bind(ids_[unit])
                            .Bind(View(violation.kind))
                            .Bind(View(violation.invariant))
                            .Bind(View(violation.place))
                            .Bind(View(violation.other_place))
                            .Bind(View(violation.points))
                            .Bind(View(violation.sentence))
                            .Bind(View(violation.explanation))
                            .Bind(violation.steps)
                            .Bind(View(violation.token))
                            .Bind(View(violation.timeline))
                            .Bind(View(violation.trace))
                            .Run();
  if (status.ok()) {
    status = sighting_->Bind(campaign_)
                 .Bind(ids_[unit])
                 .Bind(number)
                 .Bind(View(name))
                 .Bind(Now())
                 .Bind(violation.count)
                 .Run();
  }
  if (!status.ok()) return status;
  return classes_.insert(name).second;
}

absl::StatusOr<std::vector<std::string>> CampaignStore::Write(std::size_t unit, uint64_t number,
                                                              ChunkEnd end,
                                                              const ChunkOutcome& outcome,
                                                              absl::string_view incident) {
  absl::Status status = Begin();
  if (status.ok()) {
    status = chunk_->Bind(campaign_)
                 .Bind(ids_[unit])
                 .Bind(number)
                 .Bind(static_cast<int>(end))
                 .Bind(outcome.executions)
                 .Bind(outcome.steps)
                 .Bind(outcome.distinct)
                 .Bind(outcome.nanoseconds)
                 .Run();
  }
  if (status.ok() && !incident.empty()) {
    status = incident_->Bind(campaign_).Bind(ids_[unit]).Bind(number).Bind(incident).Run();
  }
  std::vector<std::string> fresh;
  for (const SeenViolation& violation : outcome.violations) {
    if (!status.ok()) return status;
    const std::string name = ClassOf(violation, units_[unit].weaken);
    const absl::StatusOr<bool> is_new = WriteViolation(unit, number, violation, name);
    if (!is_new.ok()) return is_new.status();
    fresh.push_back(*is_new ? name : "");
  }
  if (status.ok() && outcome.mutant) {
    const MutantOutcome& mutant = *outcome.mutant;
    status = mutant_->Bind(campaign_)
                 .Bind(ids_[unit])
                 .Bind(number)
                 .Bind(mutant.killed ? 1 : 0)
                 .Bind(mutant.executions)
                 .Bind(mutant.nanoseconds)
                 .Bind(View(mutant.scenario))
                 .Bind(View(mutant.kind))
                 .Bind(View(mutant.token))
                 .Run();
  }
  for (const StoredInput& entry : outcome.corpus) {
    if (!status.ok()) break;
    status = corpus_->Bind(campaign_)
                 .Bind(View(entry.text))
                 .Bind(ids_[unit])
                 .Bind(number)
                 .Bind(entry.features)
                 .Run();
  }
  if (!status.ok()) return status;
  done_.insert({unit, number});
  return fresh;
}

absl::Status CampaignStore::Commit(double seconds, absl::string_view state) {
  absl::Status status = Begin();
  if (status.ok()) {
    status = shard_->Bind(campaign_)
                 .Bind(place_.shard)
                 .Bind(place_.shards)
                 .Bind(place_.jobs)
                 .Bind(state)
                 .Bind(seconds_ + seconds)
                 .Bind(Now())
                 .Run();
  }
  if (status.ok()) status = database_.Run("COMMIT");
  pending_ = false;
  return status;
}

}  // namespace racewalk
