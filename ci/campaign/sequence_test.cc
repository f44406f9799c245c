#include "ci/campaign/sequence.h"

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

std::vector<EngineShare> Shares() {
  return {{.name = "a", .units = 3, .weight = 4},
          {.name = "b", .units = 50, .weight = 1},
          {.name = "c", .units = 0, .weight = 9}};
}

using Key = std::tuple<std::size_t, uint64_t, uint64_t>;

std::vector<Key> First(uint64_t count, uint64_t seed) {
  Sequence sequence(Shares(), seed);
  std::vector<Key> keys;
  for (uint64_t i = 0; i < count; ++i) {
    const ChunkPosition position = sequence.Next();
    EXPECT_EQ(position.index, i);
    keys.emplace_back(position.engine, position.unit, position.number);
  }
  return keys;
}

TEST(SequenceTest, IsTheSameForTheSameSeedAndAnotherForAnother) {
  EXPECT_EQ(First(500, 7), First(500, 7));
  EXPECT_NE(First(500, 7), First(500, 8));
}

TEST(SequenceTest, EnginesHaveTurnsByWeightFromTheStart) {
  for (const uint64_t count : {10u, 100u, 1000u}) {
    std::map<std::size_t, uint64_t> turns;
    for (const Key& key : First(count, 1)) ++turns[std::get<0>(key)];
    EXPECT_EQ(turns[0], count * 4 / 5);
    EXPECT_EQ(turns[1], count / 5);
  }
}

TEST(SequenceTest, NoChunkComesTwiceAndUnitsTakeTurns) {
  std::set<Key> seen;
  std::map<std::pair<std::size_t, uint64_t>, uint64_t> next;
  for (const Key& key : First(2000, 3)) {
    EXPECT_TRUE(seen.insert(key).second);
    EXPECT_EQ(std::get<2>(key), (next[{std::get<0>(key), std::get<1>(key)}]++));
  }
  EXPECT_EQ(next.size(), 53u);
}

TEST(SequenceTest, ShardsHaveEachPositionOnce) {
  for (const uint64_t shards : {1u, 2u, 3u, 4u, 7u}) {
    std::vector<uint64_t> sizes(shards);
    for (uint64_t position = 0; position < 700; ++position) {
      uint64_t owners = 0;
      for (uint64_t shard = 0; shard < shards; ++shard) {
        if (!InShard(position, shard, shards, 5)) continue;
        ++owners;
        ++sizes[shard];
      }
      EXPECT_EQ(owners, 1u);
    }
    for (const uint64_t size : sizes) {
      EXPECT_GE(size, 700 / shards);
      EXPECT_LE(size, 700 / shards + 1);
    }
  }
}

TEST(SequenceTest, ShardsHaveOfEachEngine) {
  // By plain turns of two shards, one would have all of `a` and none of `b`.
  Sequence sequence(
      {{.name = "a", .units = 9, .weight = 1}, {.name = "b", .units = 9, .weight = 1}}, 2);
  uint64_t of_a = 0;
  for (int i = 0; i < 400; ++i) {
    const ChunkPosition position = sequence.Next();
    of_a += position.engine == 0 && InShard(position.index, 0, 2, 2) ? 1 : 0;
  }
  EXPECT_GT(of_a, 60u);
  EXPECT_LT(of_a, 140u);
}

TEST(SequenceTest, SeedsOfChunksDiffer) {
  std::set<uint64_t> seeds;
  for (uint64_t number = 0; number < 100; ++number) {
    for (const char* unit : {"x", "y", "x1"}) seeds.insert(ChunkSeed(1, unit, number));
  }
  EXPECT_EQ(seeds.size(), 300u);
  EXPECT_NE(ChunkSeed(1, "x", 0), ChunkSeed(2, "x", 0));
}

}  // namespace
}  // namespace racewalk
