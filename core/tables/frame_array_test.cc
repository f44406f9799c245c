// Goal: objects are made once, when first asked for, at their own index; also
// when threads ask for different ones at the same time.
// Method: an object that counts itself.
#include "core/tables/frame_array.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/platform/native.h"

namespace racewalk {
namespace {

struct Counted {
  explicit Counted(uint32_t i) : index(i) { made.fetch_add(1); }
  ~Counted() { gone.fetch_add(1); }
  uint32_t index;
  static inline std::atomic<int> made{0};
  static inline std::atomic<int> gone{0};
};
using Frames = FrameArray<NativePlatform, Counted>;

class FrameArrayTest : public testing::Test {
 protected:
  FrameArrayTest() {
    Counted::made = 0;
    Counted::gone = 0;
  }
};

TEST_F(FrameArrayTest, MakesWhatIsAskedFor) {
  {
    Frames frames(8);
    EXPECT_EQ(frames.size(), 8u);
    EXPECT_EQ(Counted::made, 0);
    EXPECT_FALSE(frames.Contains(3));
    EXPECT_EQ(frames.Prepare(3).index, 3u);
    EXPECT_EQ(&frames.Prepare(3), &frames.At(3));
    EXPECT_TRUE(frames.Contains(3));
    EXPECT_FALSE(frames.Contains(2));
    EXPECT_EQ(Counted::made, 1);
  }
  EXPECT_EQ(Counted::gone, 1);
}

TEST_F(FrameArrayTest, OutsideThereIsNothing) {
  const Frames frames(2);
  EXPECT_FALSE(frames.Contains(2));
  EXPECT_FALSE(frames.Contains(~0U));
}

TEST_F(FrameArrayTest, ThreadsMayPrepareDifferentIndexes) {
  constexpr uint32_t kThreads = 4, kEach = 256;
  Frames frames(kThreads * kEach);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&frames, i] {
      for (uint32_t j = 0; j < kEach; ++j) frames.Prepare(j * kThreads + i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint32_t i = 0; i < frames.size(); ++i) EXPECT_EQ(frames.At(i).index, i);
  EXPECT_EQ(Counted::made, static_cast<int>(kThreads * kEach));
}

}  // namespace
}  // namespace racewalk
