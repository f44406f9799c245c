#include "ci/campaign/shard.h"

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

absl::StatusOr<Shard> Detect(const std::map<std::string, std::string>& variables,
                             std::optional<uint64_t> count = std::nullopt) {
  return DetectShard(
      [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? "" : found->second;
      },
      count);
}

void ExpectShard(const absl::StatusOr<Shard>& shard, uint64_t number, uint64_t shards,
                 const std::string& origin) {
  ASSERT_TRUE(shard.ok()) << shard.status();
  EXPECT_EQ(shard->number, number);
  EXPECT_EQ(shard->shards, shards);
  EXPECT_EQ(shard->origin, origin);
}

void ExpectRefused(const absl::StatusOr<Shard>& shard, const std::string& words) {
  EXPECT_TRUE(absl::IsInvalidArgument(shard.status())) << shard.status();
  EXPECT_THAT(shard.status().ToString(), ::testing::HasSubstr(words));
}

TEST(ShardTest, IsAllUnlessSomebodySaysOtherwise) { ExpectShard(Detect({}), 0, 1, ""); }

TEST(ShardTest, ReadsItsFlag) {
  ExpectShard(ParseShard("2/8"), 2, 8, "--shard");
  for (const char* bad : {"", "2", "8/8", "-1/2", "1/", "/2", "1/2/3", "0/0", "0/1000000"}) {
    ExpectRefused(ParseShard(bad), "--shard: expected i/n");
  }
}

TEST(ShardTest, ReadsSlurmsArrays) {
  const absl::StatusOr<Shard> shard = Detect({{"SLURM_ARRAY_TASK_ID", "7"},
                                              {"SLURM_ARRAY_TASK_MIN", "3"},
                                              {"SLURM_ARRAY_TASK_STEP", "2"},
                                              {"SLURM_ARRAY_TASK_COUNT", "4"},
                                              {"SLURM_ARRAY_JOB_ID", "4711"}});
  ExpectShard(shard, 2, 4, "SLURM_ARRAY_TASK_ID");
  EXPECT_EQ(shard->seed, 4711u);
  ExpectShard(Detect({{"SLURM_ARRAY_TASK_ID", "0"}, {"SLURM_ARRAY_TASK_COUNT", "4"}}), 0, 4,
              "SLURM_ARRAY_TASK_ID");
  ExpectRefused(Detect({{"SLURM_ARRAY_TASK_ID", "1"}}), "SLURM_ARRAY_TASK_COUNT is not");
  ExpectRefused(Detect({{"SLURM_ARRAY_TASK_ID", "x"}, {"SLURM_ARRAY_TASK_COUNT", "4"}}),
                "SLURM_ARRAY_TASK_ID: expected a number, not 'x'");
  ExpectRefused(Detect({{"SLURM_ARRAY_TASK_ID", "4"}, {"SLURM_ARRAY_TASK_COUNT", "4"}}),
                "no shard 4 of 4");
  ExpectRefused(Detect({{"SLURM_ARRAY_TASK_ID", "4"},
                        {"SLURM_ARRAY_TASK_STEP", "3"},
                        {"SLURM_ARRAY_TASK_COUNT", "4"}}),
                "is not of an array");
}

TEST(ShardTest, ReadsJobsOfKubernetes) {
  ExpectShard(Detect({{"JOB_COMPLETION_INDEX", "1"}, {"JOB_COMPLETIONS", "3"}}), 1, 3,
              "JOB_COMPLETION_INDEX");
  ExpectShard(Detect({{"JOB_COMPLETION_INDEX", "1"}}, 5), 1, 5, "JOB_COMPLETION_INDEX");
  ExpectRefused(Detect({{"JOB_COMPLETION_INDEX", "1"}}), "JOB_COMPLETIONS is not");
}

TEST(ShardTest, ReadsBazelsAndGoogleTests) {
  const absl::StatusOr<Shard> shard = Detect({{"TEST_SHARD_INDEX", "1"},
                                              {"TEST_TOTAL_SHARDS", "2"},
                                              {"TEST_SHARD_STATUS_FILE", "touch.me"},
                                              {"GTEST_SHARD_INDEX", "1"},
                                              {"GTEST_TOTAL_SHARDS", "2"}});
  ExpectShard(shard, 1, 2, "TEST_SHARD_INDEX");
  EXPECT_EQ(shard->status_file, "touch.me");
  ExpectShard(Detect({{"GTEST_SHARD_INDEX", "0"}, {"GTEST_TOTAL_SHARDS", "2"}}), 0, 2,
              "GTEST_SHARD_INDEX");
  ExpectRefused(Detect({{"GTEST_SHARD_INDEX", "0"}}), "GTEST_TOTAL_SHARDS is not");
}

// Each of the shards would do everything.
TEST(ShardTest, RefusesANumberOfShardsWithoutAnIndex) {
  ExpectRefused(Detect({{"GTEST_TOTAL_SHARDS", "4"}}),
                "GTEST_TOTAL_SHARDS is set and GTEST_SHARD_INDEX is not; correct it or give");
  ExpectRefused(Detect({{"TEST_TOTAL_SHARDS", "4"}}), "TEST_SHARD_INDEX is not");
  ExpectRefused(Detect({{"TEST_TOTAL_SHARDS", "many"}}), "TEST_TOTAL_SHARDS: expected a number");
  ExpectRefused(Detect({{"JOB_COMPLETIONS", "4"}}), "JOB_COMPLETION_INDEX is not");
  ExpectShard(Detect({{"GTEST_TOTAL_SHARDS", "1"}}), 0, 1, "");
}

TEST(ShardTest, RefusesTwoThatDisagree) {
  ExpectRefused(Detect({{"SLURM_ARRAY_TASK_ID", "0"},
                        {"SLURM_ARRAY_TASK_COUNT", "4"},
                        {"GTEST_SHARD_INDEX", "0"},
                        {"GTEST_TOTAL_SHARDS", "2"}}),
                "SLURM_ARRAY_TASK_ID says shard 0/4 and GTEST_SHARD_INDEX says 0/2; give --shard");
}

}  // namespace
}  // namespace racewalk
