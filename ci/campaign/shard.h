// Which part of a campaign a process is to do, as its command line or the
// engine that started it says.
#ifndef RACEWALK_CI_CAMPAIGN_SHARD_H_
#define RACEWALK_CI_CAMPAIGN_SHARD_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

struct Shard {
  uint64_t number = 0;
  uint64_t shards = 1;
  std::string origin{};            // "SLURM_ARRAY_TASK_ID"; "" if nothing said so
  std::optional<uint64_t> seed{};  // that all shards of the same job share
  std::string status_file{};       // to be touched: the engine wants to know that shards are known
};

// "2/8": the third of eight. Error: InvalidArgument.
absl::StatusOr<Shard> ParseShard(absl::string_view text);

// "" for a variable that is not set.
using VariableReader = std::function<std::string(const char* name)>;

// Of Slurm's arrays, indexed jobs of Kubernetes, Bazel's and GoogleTest's
// sharding; `count` is of --shard-count, for Kubernetes, whose jobs are not
// told. Errors, InvalidArgument: a variable that is no number or lacks its
// partner (a count of 1 needs none), two engines that disagree.
absl::StatusOr<Shard> DetectShard(const VariableReader& environment, std::optional<uint64_t> count);

}  // namespace racewalk

#endif  // RACEWALK_CI_CAMPAIGN_SHARD_H_
