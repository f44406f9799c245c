// Goal: a page is alive from Begin to End, each life has its generation, and a
// use outside of one is told for what it is.
// Method: one thread natively, two where ThreadSanitizer is to see a race; how
// races are told is a function of two states.
#include "core/tables/life.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "core/platform/native.h"
#include "core/platform/native/tsan.h"
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

#if defined(RACEWALK_TSAN)
// Runs `write` on a thread of its own, while another one looks whether the word is alive.
template <typename F>
[[noreturn]] void CheckBeside(Word& word, F write) {
  std::atomic<bool> written = false;
  std::thread writer([&] {
    write();
    written.store(true, std::memory_order_relaxed);
  });
  while (!written.load(std::memory_order_relaxed)) NativePlatform::Pause();
  word.Check();
  writer.join();
  std::exit(0);
}

TEST(NativeLifeWordRaceDeathTest, UsesThatNothingOrdersAfterItsBeginAreReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Word word(WordName{"life"});
  EXPECT_EXIT(CheckBeside(word, [&] { word.Begin(); }), testing::ExitedWithCode(66),
              "ThreadSanitizer: data race");
}

TEST(NativeLifeWordRaceDeathTest, NorBeforeItsEnd) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Word word(WordName{"life"});
  word.Begin();
  const auto end_and_begin = [&] {
    word.End();
    word.Begin();
  };
  EXPECT_EXIT(CheckBeside(word, end_and_begin), testing::ExitedWithCode(66),
              "ThreadSanitizer: data race");
}
#endif

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
