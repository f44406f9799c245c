#include "ci/campaign/shard.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/flag_values.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

constexpr uint64_t kMostShards = 100'000;
constexpr absl::string_view kRemedy = "; correct it or give --shard=i/n";

class Detector {
 public:
  Detector(const VariableReader& environment, std::optional<uint64_t> count)
      : environment_(environment), count_(count) {}

  absl::StatusOr<Shard> Detect() {
    absl::Status status = Slurm();
    status.Update(Kubernetes());
    status.Update(Pair("TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS"));
    status.Update(Pair("GTEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS"));
    if (!status.ok()) return status;
    if (found_.empty()) return Shard{};
    const Shard& first = found_.front();
    for (const Shard& other : found_) {
      if (other.number == first.number && other.shards == first.shards) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          first.origin, " says shard ", first.number, "/", first.shards, " and ", other.origin,
          " says ", other.number, "/", other.shards, "; give --shard=i/n"));
    }
    Shard shard = first;
    if (shard.origin == "TEST_SHARD_INDEX")
      shard.status_file = environment_("TEST_SHARD_STATUS_FILE");
    return shard;
  }

 private:
  // `number` stays as it is if there is no such variable.
  absl::Status Read(const char* name, uint64_t& number) const {
    const std::string value = environment_(name);
    if (value.empty() || ParseDigits(value, number)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": expected a number, not ", Quoted(value), kRemedy));
  }

  absl::Status Add(const char* name, uint64_t number, uint64_t shards) {
    if (number >= shards || shards > kMostShards) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": there is no shard ", number, " of ", shards, kRemedy));
    }
    found_.push_back({.number = number, .shards = shards, .origin = name});
    return absl::OkStatus();
  }

  absl::Status Pair(const char* name, const char* count_name) {
    if (environment_(name).empty() && environment_(count_name).empty()) return absl::OkStatus();
    uint64_t number = 0;
    uint64_t shards = 0;
    absl::Status status = Read(name, number);
    status.Update(Read(count_name, shards));
    if (!status.ok()) return status;
    if (environment_(name).empty()) {
      // One shard is all there is, whoever it is.
      if (shards == 1) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat(count_name, " is set and ", name, " is not", kRemedy));
    }
    if (environment_(count_name).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is set and ", count_name, " is not", kRemedy));
    }
    return Add(name, number, shards);
  }

  // Indexes need not begin at 0, nor follow each other.
  absl::Status Slurm() {
    const char* const name = "SLURM_ARRAY_TASK_ID";
    if (environment_(name).empty()) return absl::OkStatus();
    uint64_t number = 0;
    uint64_t least = 0;
    uint64_t step = 1;
    uint64_t shards = 0;
    uint64_t job = 0;
    absl::Status status = Read(name, number);
    status.Update(Read("SLURM_ARRAY_TASK_MIN", least));
    status.Update(Read("SLURM_ARRAY_TASK_STEP", step));
    status.Update(Read("SLURM_ARRAY_TASK_COUNT", shards));
    status.Update(Read("SLURM_ARRAY_JOB_ID", job));
    if (!status.ok()) return status;
    if (shards == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is set and SLURM_ARRAY_TASK_COUNT is not", kRemedy));
    }
    if (step == 0 || number < least || (number - least) % step != 0) {
      return absl::InvalidArgumentError(absl::StrCat(name, "=", number, " is not of an array from ",
                                                     least, " by ", step, kRemedy));
    }
    status = Add(name, (number - least) / step, shards);
    if (status.ok() && !environment_("SLURM_ARRAY_JOB_ID").empty()) found_.back().seed = job;
    return status;
  }

  absl::Status Kubernetes() {
    const char* const name = "JOB_COMPLETION_INDEX";
    if (!count_) return Pair(name, "JOB_COMPLETIONS");
    if (environment_(name).empty()) return absl::OkStatus();
    uint64_t number = 0;
    absl::Status status = Read(name, number);
    return status.ok() ? Add(name, number, *count_) : status;
  }

  const VariableReader& environment_;
  const std::optional<uint64_t> count_;
  std::vector<Shard> found_{};
};

}  // namespace

absl::StatusOr<Shard> ParseShard(absl::string_view text) {
  const std::size_t slash = text.find('/');
  Shard shard{.origin = "--shard"};
  if (slash == absl::string_view::npos || !ParseDigits(text.substr(0, slash), shard.number) ||
      !ParseDigits(text.substr(slash + 1), shard.shards) || shard.number >= shard.shards ||
      shard.shards > kMostShards) {
    return BadValue("--shard", absl::StrCat("i/n with i from 0 below n, n up to ", kMostShards),
                    text, "0/4");
  }
  return shard;
}

absl::StatusOr<Shard> DetectShard(const VariableReader& environment,
                                  std::optional<uint64_t> count) {
  return Detector(environment, count).Detect();
}

}  // namespace racewalk
