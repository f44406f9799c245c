// A campaign in a store: which chunks are done, and what came of them.
#ifndef RACEWALK_CI_CAMPAIGN_CAMPAIGN_STORE_H_
#define RACEWALK_CI_CAMPAIGN_CAMPAIGN_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/campaign/engine.h"
#include "ci/store/database.h"

namespace racewalk {

// All that decides which chunks there are, and what they do.
struct CampaignIdentity {
  std::string version{};
  std::string seed{};      // 16 hexadecimal digits
  std::string settings{};  // NAME=VALUE words
  std::string Name() const;
};

// A shard's part of it, in the store. Numbers as in the schema.
struct StoredShard {
  CampaignIdentity identity{};
  std::string state{};  // "running", "interrupted", "done"; "" if only other shards are there
  double seconds = 0;
};

// Errors of all below: as of Database::Run.
absl::StatusOr<std::optional<StoredShard>> FindShard(Database& database, const std::string& name,
                                                     uint64_t number, uint64_t shards);
// Which campaign somebody would like to go on with.
struct WantedCampaign {
  std::string version{};
  std::string settings{};             // but for the last word, the weights
  std::optional<std::string> seed{};  // nullopt: whatever it is
};
// Of a seed, whatever its state, else of those that are not done: one of that version and those
// settings before one of that version, of these the one that was begun last.
absl::StatusOr<std::optional<StoredShard>> ShardToGoOn(Database& database,
                                                       const WantedCampaign& wanted,
                                                       uint64_t number, uint64_t shards);

// "seed=1 here and seed=2 there": the first NAME=VALUE word in which two differ; "" if none.
std::string Difference(const CampaignIdentity& stored, const CampaignIdentity& asked);

// As the schema numbers them.
enum class ChunkEnd { kDone = 0, kDied = 1, kHung = 2, kMemory = 3 };

struct CampaignPlace {
  CampaignIdentity identity{};
  uint64_t shard = 0;
  uint64_t shards = 1;
  int jobs = 1;
};

// Writes a campaign's rows, between Commit and Commit in one transaction: what
// was written before the last Commit is in the store whatever happens, and
// nothing else is. After an error it is of no more use. Thread-compatible.
class CampaignStore {
 public:
  // Begins the campaign or goes on with it; its state is then "running".
  // `database` must outlive this.
  static absl::StatusOr<std::unique_ptr<CampaignStore>> Start(
      Database& database, const CampaignPlace& place, const std::vector<CampaignUnit>& units);

  // Chunks of `units` that are done, whoever did them.
  bool IsDone(std::size_t unit, uint64_t number) const {
    return done_.contains(std::pair(unit, number));
  }
  uint64_t done() const { return done_.size(); }
  // Of wall time, before this process.
  double seconds() const { return seconds_; }
  int64_t campaign() const { return campaign_; }

  // `incident` says how a chunk ended its worker, "" unless it did. Returns for
  // each of its violations the class if the campaign had not seen it before, else "".
  absl::StatusOr<std::vector<std::string>> Write(std::size_t unit, uint64_t number, ChunkEnd end,
                                                 const ChunkOutcome& outcome,
                                                 absl::string_view incident);
  bool pending() const { return pending_; }
  // `seconds` of wall time since Start.
  absl::Status Commit(double seconds, absl::string_view state);

 private:
  CampaignStore(Database& database, const CampaignPlace& place)
      : database_(database), place_(place) {}
  absl::Status Open(const std::vector<CampaignUnit>& units);
  absl::Status Prepare();
  absl::Status LoadDone();
  absl::Status Begin();
  absl::StatusOr<bool> WriteViolation(std::size_t unit, uint64_t number,
                                      const SeenViolation& violation, const std::string& name);

  Database& database_;
  const CampaignPlace place_;
  int64_t campaign_ = 0;
  double seconds_ = 0;
  std::vector<CampaignUnit> units_{};
  std::vector<int64_t> ids_{};  // of the units
  absl::flat_hash_set<std::pair<std::size_t, uint64_t>> done_{};
  absl::flat_hash_set<std::string> classes_{};
  bool pending_ = false;  // a transaction is open
  std::optional<Statement> chunk_{};
  std::optional<Statement> violation_{};
  std::optional<Statement> sighting_{};
  std::optional<Statement> mutant_{};
  std::optional<Statement> corpus_{};
  std::optional<Statement> incident_{};
  std::optional<Statement> shard_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_CAMPAIGN_STORE_H_
