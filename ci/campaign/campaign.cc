#include "ci/campaign/campaign.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/campaign/campaign_json.h"
#include "ci/campaign/campaign_report.h"
#include "ci/campaign/campaign_run.h"
#include "ci/campaign/campaign_store.h"
#include "ci/campaign/shard.h"
#include "ci/campaign/weights.h"
#include "ci/fresh_seed.h"
#include "ci/interrupt.h"
#include "ci/progress.h"
#include "ci/sentences.h"
#include "ci/store/store.h"
#include "ci/version.h"
#include "ci/worker_pool.h"
#include "scenarios/explore/subject_words.h"

namespace racewalk {
namespace {

// Violations and incidents that are printed while it runs; the store has all.
constexpr uint64_t kMostTold = 20;
constexpr double kSecondsPerHour = 3600;
constexpr absl::string_view kWeights = "weights=";

std::string WithRevision() {
  const absl::string_view revision = kRevision;
  return absl::StrCat(kVersion, revision.empty() ? "" : " ", revision);
}

// The word of the settings that says how a campaign shares its turns out; "" if there is none.
std::string WeightsIn(const std::string& settings) {
  for (const absl::string_view word : absl::StrSplit(settings, ' ')) {
    if (absl::StartsWith(word, kWeights)) return std::string(word.substr(kWeights.size()));
  }
  return "";
}

class Campaign {
 public:
  Campaign(const CampaignOptions& options, const Console& console)
      : options_(options), console_(console), progress_(console) {}

  ExitStatus Run(const std::string& command, const CampaignWorlds& worlds) {
    report_.command = command;
    report_.store = options_.store;
    absl::StatusOr<CampaignPlan> plan = PlanCampaign(options_, worlds);
    if (!plan.ok()) return Refuse(plan.status());
    absl::Status status = FindShardOfOurs();
    if (status.ok()) status = OpenStore(*plan);
    if (!status.ok()) return Refuse(status);
    for (PlannedEngine& planned : plan->engines) {
      const uint64_t weight = weights_[planned.name];
      if (weight != 0) engines_.push_back({std::move(planned.engine), planned.name, weight});
    }
    auto campaign = StartInStore();
    if (!campaign.ok()) {
      return Refuse(absl::InvalidArgumentError(
          absl::StrCat("--store: cannot write ", absl::string_view(campaign.status().message()),
                       "; free space or name another file")));
    }
    TellStart(**campaign);
    const CampaignEnd end = RunCampaign(engines_, RunOptions(**campaign), **campaign, Hooks());
    progress_.Clear();
    return Finish(end, plan->explained);
  }

 private:
  absl::Status FindShardOfOurs() {
    absl::StatusOr<Shard> shard = options_.shard.empty()
                                      ? DetectShard(
                                            [](const char* name) {
                                              const char* const value = std::getenv(name);
                                              return std::string(value == nullptr ? "" : value);
                                            },
                                            options_.shard_count)
                                      : ParseShard(options_.shard);
    if (!shard.ok()) return shard.status();
    shard_ = *std::move(shard);
    if (options_.shard_count && shard_.shards != *options_.shard_count) {
      return absl::InvalidArgumentError(
          absl::StrCat("--shard-count: ", *options_.shard_count, " here and ", shard_.shards,
                       shard_.origin.empty() ? "" : " of ", shard_.origin,
                       "; leave it out, or give --shard=i/n"));
    }
    report_.place.shard = shard_.number;
    report_.place.shards = shard_.shards;
    report_.place.jobs = options_.jobs > 0 ? options_.jobs : Cores();
    return absl::OkStatus();
  }

  absl::Status OpenStore(const CampaignPlan& plan) {
    // A bad flag is refused before the store is made.
    if (!options_.weights.empty()) {
      auto weights = ParseWeights(options_.weights, plan.names());
      if (!weights.ok()) return weights.status();
      weights_ = *std::move(weights);
    }
    seed_ = options_.seed ? options_.seed : shard_.seed;
    if (!seed_ && shard_.shards > 1) {
      return absl::InvalidArgumentError(
          "--seed: the shards of one campaign need the same one; give --seed=N to each");
    }
    absl::StatusOr<Store> store = Store::OpenToWrite("--store", options_.store);
    if (!store.ok()) return store.status();
    store_.emplace(*std::move(store));
    absl::Status status = Identify(plan);
    if (absl::IsInvalidArgument(status) || status.ok()) return status;
    return absl::InvalidArgumentError(absl::StrCat(
        "--store: cannot read ", absl::string_view(status.message()), "; restore a copy of it"));
  }

  // Which campaign this is, and whether it may go on. Errors also: as of Database::Run.
  absl::Status Identify(const CampaignPlan& plan) {
    CampaignPlace& place = report_.place;
    place.identity.version = WithRevision();
    WantedCampaign wanted{.version = place.identity.version, .settings = plan.settings};
    if (seed_) wanted.seed = FormatHex64(*seed_);
    const absl::StatusOr<std::optional<StoredShard>> stored =
        ShardToGoOn(store_->database(), wanted, place.shard, place.shards);
    if (!stored.ok()) return stored.status();
    const StoredShard* const known = *stored ? &**stored : nullptr;
    if (!options_.resume) {
      if (known != nullptr && seed_) return AlreadyThere(*known);
    } else if (known != nullptr) {
      uint64_t seed = 0;
      if (!seed_ && ParseHex64(known->identity.seed, seed)) seed_ = seed;
      const std::string words = WeightsIn(known->identity.settings);
      if (weights_.empty() && !words.empty()) {
        auto weights = ParseWeights(words, plan.names());
        if (weights.ok()) weights_ = *std::move(weights);
      }
    }
    if (!seed_) seed_ = FreshSeed();
    if (absl::Status status = ChooseWeights(plan); !status.ok()) return status;
    place.identity.seed = FormatHex64(*seed_);
    std::vector<std::string> words;
    for (const std::string& name : plan.names()) {
      words.push_back(absl::StrCat(name, ":", weights_[name]));
    }
    place.identity.settings = absl::StrCat(plan.settings, " ", kWeights, absl::StrJoin(words, ","));
    if (!options_.resume || known == nullptr) return absl::OkStatus();
    const std::string difference = Difference(known->identity, place.identity);
    if (difference.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        "--resume: the campaign in ", options_.store, " is another one (", difference,
        "); run it as it was, or begin another one: leave out --resume and give no or another "
        "--seed"));
  }

  absl::Status AlreadyThere(const StoredShard& known) const {
    return absl::InvalidArgumentError(
        absl::StrCat("--seed: ", options_.store, " has a campaign of this seed, which is ",
                     known.state == "done" ? "done" : "not done",
                     "; --resume goes on with it, another --seed begins another one"));
  }

  absl::Status ChooseWeights(const CampaignPlan& plan) {
    if (!weights_.empty()) return absl::OkStatus();
    std::map<std::string, EngineHistory> history;
    // Shards have stores of their own and must agree.
    if (shard_.shards == 1) {
      auto read = HistoryOf(store_->database());
      if (!read.ok()) return read.status();
      history = *std::move(read);
    }
    for (const std::string& name : plan.names()) weights_[name] = WeightOf(name, history);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<CampaignStore>> StartInStore() {
    if (absl::Status status = store_->Work(); !status.ok()) return status;
    return CampaignStore::Start(store_->database(), report_.place, AllUnits(engines_));
  }

  CampaignRunOptions RunOptions(const CampaignStore& campaign) const {
    CampaignRunOptions options;
    options.jobs = report_.place.jobs;
    options.seed = *seed_;
    options.shard = shard_.number;
    options.shards = shard_.shards;
    options.chunks = options_.chunks;
    if (options_.hours) {
      options.seconds = std::max(*options_.hours * kSecondsPerHour - campaign.seconds(), 0.0);
    }
    options.memory = options_.memory_mib << 20;
    return options;
  }

  void TellStart(const CampaignStore& campaign) {
    const CampaignPlace& place = report_.place;
    std::string& text = report_.parameters;
    text = absl::StrCat("racewalk ", place.identity.version, " campaign: seed=", *seed_,
                        " jobs=", place.jobs, " shard=", shard_.number, "/", shard_.shards);
    if (!shard_.origin.empty()) absl::StrAppend(&text, " (", shard_.origin, ")");
    if (options_.hours) absl::StrAppend(&text, " hours=", *options_.hours);
    if (options_.chunks) absl::StrAppend(&text, " chunks=", *options_.chunks);
    absl::StrAppend(&text, " memory-mib=", options_.memory_mib,
                    " units=", AllUnits(engines_).size(), " ", place.identity.settings,
                    " store=", options_.store, " campaign=", place.identity.Name());
    Print(absl::StrCat(text, "\n"));
    if (campaign.done() != 0) {
      Print(absl::StrCat("going on: ", Count(campaign.done(), "chunk"), " done before\n"));
    }
    // Bazel runs everything in every shard unless somebody touches it.
    if (!shard_.status_file.empty()) {
      if (!std::ofstream(shard_.status_file)) {
        Error(absl::StrCat("TEST_SHARD_STATUS_FILE: cannot write ", shard_.status_file));
      }
    }
  }

  CampaignHooks Hooks() {
    return {
        .interrupted = Interrupted,
        .progress =
            [this](const CampaignProgress& now) { progress_.Show(ProgressText(now), now.seconds); },
        .found =
            [this](const CampaignUnit& unit, const SeenViolation& violation) {
              if (++told_ > kMostTold) return;
              progress_.Clear();
              Print(absl::StrCat("\n", SeenText(unit, violation)));
            },
        .incident =
            [this](const std::string& text) {
              if (++incidents_ > kMostTold) return;
              progress_.Clear();
              console_.err(absl::StrCat("incident: ", text, "\n"));
            }};
  }

  ExitStatus Finish(const CampaignEnd& end, const std::vector<Survivor>& explained) {
    report_.interrupted = end.interrupted;
    report_.seconds = end.progress.seconds;
    absl::Status status = end.status;
    // What did not come into the store is not told, and what is in it is, without room for more
    // too. The transaction may have ended by itself.
    if (!status.ok()) (void)store_->database().Run("ROLLBACK");
    status.Update(ReadTotals(store_->database(), explained, report_));
    if (status.ok()) status = store_->Rest();
    if (!status.ok()) {
      report_.failed = true;
      Error(absl::StrCat("cannot go on: ", absl::string_view(status.message()),
                         "; what was reported done is kept: make room or restore rights, then "
                         "--resume"));
    }
    console_.out(options_.json ? CampaignJson(report_) : CampaignSummary(report_));
    return ExitStatusOf(report_);
  }

  void Print(absl::string_view text) {
    if (!options_.json) console_.out(text);
  }

  void Error(absl::string_view message) {
    progress_.Clear();
    report_.errors.emplace_back(message);
    console_.err(absl::StrCat("racewalk campaign: ", message, "\n"));
  }

  ExitStatus Refuse(const absl::Status& status) {
    Error(status.message());
    return kExitBadInput;
  }

  const CampaignOptions& options_;
  const Console& console_;
  Progress progress_;
  Shard shard_{};
  std::optional<uint64_t> seed_{};
  std::map<std::string, uint64_t> weights_{};  // by engine
  std::vector<WeightedEngine> engines_{};
  std::optional<Store> store_{};
  CampaignReport report_{};
  uint64_t told_ = 0;
  uint64_t incidents_ = 0;
};

}  // namespace

ExitStatus RunCampaignCommand(const CampaignOptions& options, const std::string& command,
                              const CampaignWorlds& worlds, const Console& console) {
  // A limit of file sizes (ulimit -f) is then an error of a write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  return Campaign(options, console).Run(command, worlds);
}

}  // namespace racewalk
