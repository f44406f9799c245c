// Goal: a page is alive from Begin to End, each life has its generation, and a
// use outside of one is told for what it is.
// Method: one thread natively; how races are told is a function of two states.
#include "core/tables/life.h"

#include <gtest/gtest.h>

#include "core/platform/native.h"
#include "core/tables/ghost.h"

namespace racewalk {
namespace {

using Word = LifeWord<NativePlatform>;

TEST(LifeWordTest, LivesOneLifeAfterTheOther) {
  Word word(WordName{"life"});
  EXPECT_FALSE(word.alive());
  EXPECT_EQ(word.generation(), 0u);
  for (uint32_t life = 1; life < 4; ++life) {
    word.Begin();
    EXPECT_TRUE(word.alive());
    EXPECT_EQ(word.generation(), life);
    word.Check();
    word.End();
    EXPECT_FALSE(word.alive());
  }
}

TEST(LifeWordDeathTest, UseBeforeAndAfterFail) {
  Word word(WordName{"life"});
  EXPECT_DEATH(word.Check(), "use-after-free L1");
  word.Begin();
  word.End();
  EXPECT_DEATH(word.Check(), "use-after-free L1");
}

TEST(LifeWordDeathTest, ADoubleFreeFails) {
  Word word(WordName{"life"});
  word.Begin();
  word.End();
  EXPECT_DEATH(word.End(), "double-free L4");
}

TEST(LifeStateTest, ARaceWithAFreeIsAUseAfterFree) {
  const LifeState alive{1, 1}, freed{1, 0};
  EXPECT_EQ(LifeState::Race(alive, alive).kind, ViolationKind::kDataRace);
  EXPECT_EQ(LifeState::Race(alive, freed).kind, ViolationKind::kUseAfterFree);
  EXPECT_EQ(LifeState::Race(freed, alive).kind, ViolationKind::kUseAfterFree);
  EXPECT_EQ(LifeState::Race(freed, freed).kind, ViolationKind::kUseAfterFree);
}

TEST(LifeStateTest, BitsDistinguishStates) {
  EXPECT_NE((LifeState{1, 1}.bits()), (LifeState{1, 0}.bits()));
  EXPECT_NE((LifeState{1, 1}.bits()), (LifeState{2, 1}.bits()));
}

TEST(GhostTest, NativelyAnyGhostMatches) {
  EXPECT_TRUE(GhostMatches<NativePlatform>(MakeGhost<NativePlatform>(1), 2));
}

}  // namespace
}  // namespace racewalk
