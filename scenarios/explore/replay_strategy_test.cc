// Goal: a record is replayed exactly, and the first difference is told in
// words, wherever it is. Method: short records against hand-made questions.
#include "scenarios/explore/replay_strategy.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {
namespace {

Decision PickOf(uint32_t enabled, uint32_t taken) {
  return {.is_pick = true, .options = enabled, .taken = taken};
}

Decision ChoiceOf(Choice kind, uint32_t options, uint32_t taken) {
  return {.is_pick = false, .kind = kind, .options = options, .taken = taken};
}

int PickAt(Strategy& strategy, uint64_t step, uint32_t enabled) {
  return strategy.Pick({.threads = 3, .enabled = enabled, .step = step});
}

const std::vector<Decision>& Record() {
  static const auto* const record = new std::vector<Decision>{
      PickOf(0b111, 2), ChoiceOf(Choice::kStaleRead, 2, 1), PickOf(0b101, 2)};
  return *record;
}

TEST(ReplayStrategyTest, RepeatsTheRecordEachTime) {
  const std::unique_ptr<Strategy> replay = MakeReplay(Record());
  for (uint64_t key = 0; key < 3; ++key) {
    replay->Begin(key);
    EXPECT_EQ(PickAt(*replay, 0, 0b111), 2);
    EXPECT_EQ(replay->Choose(2, Choice::kStaleRead), 1u);
    EXPECT_EQ(PickAt(*replay, 1, 0b101), 2);
    replay->End();
    EXPECT_FALSE(replay->divergence().has_value());
  }
}

TEST(ReplayStrategyTest, OtherThreadsEnabled) {
  ReplayStrategy replay(Record());
  replay.Begin(0);
  PickAt(replay, 0, 0b111);
  replay.Choose(2, Choice::kStaleRead);
  EXPECT_EQ(PickAt(replay, 17, 0b110), 1);
  EXPECT_EQ(PickAt(replay, 18, 0b101), 0);  // the first from here on
  EXPECT_EQ(replay.Choose(4, Choice::kReuse), 0u);
  replay.End();
  ASSERT_TRUE(replay.divergence().has_value());
  EXPECT_EQ(replay.divergence()->step, 17u);
  EXPECT_EQ(replay.divergence()->message,
            "step 17: recorded a choice of thread among {0,2}, found a choice of thread among "
            "{1,2}");
}

TEST(ReplayStrategyTest, OtherKindOfChoice) {
  ReplayStrategy replay(Record());
  replay.Begin(0);
  PickAt(replay, 4, 0b111);
  EXPECT_EQ(replay.Choose(2, Choice::kReuse), 0u);
  ASSERT_TRUE(replay.divergence().has_value());
  EXPECT_EQ(replay.divergence()->message,
            "step 4: recorded a stale choice of 2, found a reuse choice of 2");
}

TEST(ReplayStrategyTest, PickWhereAChoiceWasRecorded) {
  ReplayStrategy replay(Record());
  replay.Begin(0);
  PickAt(replay, 0, 0b111);
  EXPECT_EQ(PickAt(replay, 1, 0b10), 1);
  ASSERT_TRUE(replay.divergence().has_value());
  EXPECT_EQ(replay.divergence()->message,
            "step 1: recorded a stale choice of 2, found a choice of thread among {1}");
}

TEST(ReplayStrategyTest, RecordEndsTooEarly) {
  ReplayStrategy replay({PickOf(0b1, 0)});
  replay.Begin(0);
  PickAt(replay, 0, 0b1);
  EXPECT_EQ(PickAt(replay, 1, 0b110), 1);
  ASSERT_TRUE(replay.divergence().has_value());
  EXPECT_EQ(replay.divergence()->message,
            "step 1: recorded the end after 1 decisions, found a choice of thread among {1,2}");
}

TEST(ReplayStrategyTest, ExecutionEndsTooEarly) {
  ReplayStrategy replay(Record());
  replay.Begin(0);
  PickAt(replay, 9, 0b111);
  EXPECT_FALSE(replay.divergence().has_value());
  EXPECT_EQ(replay.left(), 2u);
  replay.End();
  ASSERT_TRUE(replay.divergence().has_value());
  EXPECT_EQ(replay.divergence()->step, 9u);
  EXPECT_EQ(replay.divergence()->message,
            "step 9: recorded a stale choice of 2, found the end of the execution with 2 "
            "decisions left");
}

TEST(ReplayStrategyTest, ImpossibleRecordIsNeverTaken) {
  for (const Decision& bad : {PickOf(0b101, 1), PickOf(0b101, 77)}) {
    ReplayStrategy replay({bad});
    replay.Begin(0);
    EXPECT_EQ(PickAt(replay, 0, 0b101), 0);
    EXPECT_TRUE(replay.divergence().has_value());
  }
}

}  // namespace
}  // namespace racewalk
