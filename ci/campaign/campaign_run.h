// Hands the chunks of a campaign out to worker processes and puts what they
// answer into its store.
#ifndef RACEWALK_CI_CAMPAIGN_CAMPAIGN_RUN_H_
#define RACEWALK_CI_CAMPAIGN_CAMPAIGN_RUN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ci/campaign/campaign_store.h"
#include "ci/campaign/engine.h"
#include "ci/campaign/sequence.h"

namespace racewalk {

// An engine and its part of the chunks.
struct WeightedEngine {
  std::unique_ptr<CampaignEngine> engine{};  // with one unit at least
  std::string name{};
  uint64_t weight = 1;
};

// Of all engines, one after the other: the indexes that CampaignStore knows.
std::vector<CampaignUnit> AllUnits(const std::vector<WeightedEngine>& engines);

struct CampaignRunOptions {
  int jobs = 1;
  uint64_t seed = 0;
  uint64_t shard = 0;
  uint64_t shards = 1;
  std::optional<uint64_t> chunks{};     // positions below this, of all shards together
  std::optional<double> seconds{};      // of wall time, from now on
  uint64_t memory = uint64_t{1} << 30;  // bytes of a worker with what it starts
  std::chrono::milliseconds chunk_limit{120'000};
  // After so long without anything done, the time that went by is put into the store.
  std::chrono::milliseconds heartbeat{5'000};
};

struct CampaignProgress {
  uint64_t chunks = 0;  // done and in the store
  uint64_t executions = 0;
  uint64_t violations = 0;  // classes that are new
  uint64_t incidents = 0;
  double seconds = 0;
  std::optional<double> seconds_left{};
  std::optional<uint64_t> chunks_left{};
};
std::string ProgressText(const CampaignProgress& progress);

// Called in this process, between chunks; what they tell is in the store by then.
struct CampaignHooks {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const CampaignProgress&)> progress = [](const CampaignProgress&) {};
  // For the first of each class.
  std::function<void(const CampaignUnit&, const SeenViolation&)> found =
      [](const CampaignUnit&, const SeenViolation&) {};
  std::function<void(const std::string&)> incident = [](const std::string&) {};
};

struct CampaignEnd {
  // Not OK: workers cannot be started, or the store cannot be written to any
  // more. What was reported done is in it.
  absl::Status status{};
  bool interrupted = false;
  CampaignProgress progress{};
};

// Runs what is not done yet. A worker that dies, hangs or takes too much memory
// is replaced; its chunk is noted as an incident and not tried again, unless it
// was killed from outside, which counts from the second time on. Must be called
// from a process of one thread in which no Explorer lives.
CampaignEnd RunCampaign(const std::vector<WeightedEngine>& engines,
                        const CampaignRunOptions& options, CampaignStore& store,
                        const CampaignHooks& hooks);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_CAMPAIGN_RUN_H_
