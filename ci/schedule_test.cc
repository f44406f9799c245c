#include "ci/schedule.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

// Plays `jobs` workers against a schedule, on a clock of its own. `rates` are
// the executions per second of each unit.
struct Played {
  std::map<uint64_t, double> seconds{};
  std::map<uint64_t, std::vector<ChunkRequest>> chunks{};
  int changes = 0;  // of a worker's unit
};

Played Play(const ScheduleOptions& options, const std::vector<double>& rates) {
  Schedule schedule(options);
  Played played;
  std::vector<double> clock(static_cast<std::size_t>(options.jobs), 0.0);
  std::vector<std::optional<uint64_t>> last(clock.size());
  std::vector<bool> idle(clock.size(), false);
  for (;;) {
    // The worker whose clock is behind runs next.
    std::size_t worker = clock.size();
    for (std::size_t i = 0; i < clock.size(); ++i) {
      if (!idle[i] && (worker == clock.size() || clock[i] < clock[worker])) worker = i;
    }
    if (worker == clock.size()) return played;
    std::optional<double> left;
    if (options.seconds) left = *options.seconds - clock[worker];
    const auto chunk = schedule.Next(static_cast<int>(worker), left);
    if (!chunk) {
      idle[worker] = true;
      continue;
    }
    const double seconds = static_cast<double>(chunk->count) / rates[chunk->unit];
    schedule.Done(static_cast<int>(worker), chunk->count, seconds);
    clock[worker] += seconds;
    played.seconds[chunk->unit] += seconds;
    played.chunks[chunk->unit].push_back(*chunk);
    if (last[worker] && *last[worker] != chunk->unit) ++played.changes;
    last[worker] = chunk->unit;
  }
}

// Goal: slow and fast units get the same time, and all of the budget is used.
TEST(Schedule, SharesTheTimeEqually) {
  const Played played =
      Play({.units = 4, .jobs = 2, .seconds = 20}, {1000, 10'000, 100'000, 200'000});
  ASSERT_EQ(played.seconds.size(), 4u);
  for (const auto& [unit, seconds] : played.seconds) EXPECT_NEAR(seconds, 10, 1.5) << unit;
}

TEST(Schedule, ManyUnitsInLittleTimeAreAllRun) {
  const Played played =
      Play({.units = 200, .jobs = 2, .seconds = 10}, std::vector<double>(200, 50'000.0));
  EXPECT_EQ(played.seconds.size(), 200u);
}

// Goal: an explorer is not made anew for every chunk.
TEST(Schedule, AWorkerStaysOnItsUnitForAWhile) {
  const Played played =
      Play({.units = 4, .jobs = 1, .seconds = 60}, std::vector<double>(4, 100'000.0));
  EXPECT_LT(played.changes, 100);
}

TEST(Schedule, ExecutionsAreHandedOutOnceAndWithoutAGap) {
  const Played played =
      Play({.units = 2, .jobs = 2, .seed = 9, .executions = 12'345}, {1000, 100'000});
  for (const auto& [unit, chunks] : played.chunks) {
    std::map<uint64_t, uint64_t> counts;
    for (const ChunkRequest& chunk : chunks) {
      EXPECT_EQ(chunk.seed, 9u);
      EXPECT_TRUE(counts.emplace(chunk.first, chunk.count).second);
    }
    uint64_t next = 0;
    for (const auto& [first, count] : counts) {
      EXPECT_EQ(first, next);
      next = first + count;
    }
    EXPECT_EQ(next, 12'345u) << unit;
  }
}

TEST(Schedule, AClosedUnitIsNotHandedOut) {
  Schedule schedule({.units = 2, .jobs = 1});
  schedule.Close(0);
  for (int i = 0; i < 5; ++i) {
    const auto chunk = schedule.Next(0, std::nullopt);
    ASSERT_TRUE(chunk.has_value());
    EXPECT_EQ(chunk->unit, 1u);
    schedule.Done(0, chunk->count, 0.1);
  }
  schedule.Close(1);
  EXPECT_FALSE(schedule.Next(0, std::nullopt).has_value());
}

// Goal: what goes on from where it ended is not begun twice.
TEST(Schedule, ASerialUnitHasOneChunkUnderWay) {
  Schedule schedule({.units = 2, .jobs = 3, .serial = {true, false}});
  int serial = 0;
  for (int worker = 0; worker < 3; ++worker) {
    const auto chunk = schedule.Next(worker, std::nullopt);
    ASSERT_TRUE(chunk.has_value());
    if (chunk->unit == 0) serial = worker;
    EXPECT_EQ(chunk->unit, worker == 0 ? 0u : 1u);
  }
  schedule.Done(serial, 500, 0.1);
  const auto chunk = schedule.Next(serial, std::nullopt);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->unit, 0u);
  EXPECT_EQ(chunk->first, 500u);
}

TEST(Schedule, NothingIsHandedOutWhenTimeIsUp) {
  Schedule schedule({.units = 1, .jobs = 1, .seconds = 1});
  EXPECT_FALSE(schedule.Next(0, 0.0).has_value());
}

TEST(Schedule, ChunksAreAboutAQuarterSecond) {
  Schedule schedule({.units = 1, .jobs = 1});
  auto chunk = schedule.Next(0, std::nullopt);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->count, Schedule::kFirstChunk);
  schedule.Done(0, 500, 0.005);
  chunk = schedule.Next(0, std::nullopt);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_NEAR(static_cast<double>(chunk->count), 25'000, 1000);
}

}  // namespace
}  // namespace racewalk
